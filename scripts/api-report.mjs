#!/usr/bin/env node
// Reports the public surface of every published package, packages/<name>/api.md, from the declarations of the build.
// Compares them with what is in the repository, and fails where they differ; `--update` writes them instead. What may
// change in a report, and how, is said in docs/versions.md.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Declarations are read by the extractor's own compiler, not by the one that wrote them. */
const COMPILER_OPTIONS = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.AsyncIterable'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  types: ['node'],
}

/** Errors, but for what is a matter of taste: a name without a tag is public, and need not be documented. */
const MESSAGES = {
  compilerMessageReporting: { default: { logLevel: 'error' } },
  extractorMessageReporting: {
    default: { logLevel: 'error' },
    'ae-forgotten-export': { logLevel: 'none' },
    'ae-internal-missing-underscore': { logLevel: 'none' },
    'ae-missing-release-tag': { logLevel: 'none' },
    'ae-undocumented': { logLevel: 'none' },
  },
  tsdocMessageReporting: { default: { logLevel: 'none' } },
}

/** Every entry of every package that is not private. */
function publicEntries() {
  const entries = []
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    const folder = join(root, 'packages', name)
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    if (manifest.private) continue
    for (const [path, { types }] of Object.entries(manifest.exports)) {
      // An entry without types is a file of data.
      if (types === undefined) continue
      const declarations = join(folder, types)
      if (!existsSync(declarations)) throw new Error(`${declarations} is missing: build first`)
      entries.push({ name: manifest.name, path, folder, declarations })
    }
  }
  return entries
}

function extractorConfig({ folder, declarations }, reportFolder) {
  const apiReport = {
    enabled: true,
    reportFileName: 'entry.api.md',
    reportFolder,
    reportTempFolder: reportFolder,
    // A type that is reached and not exported is in the surface all the same.
    includeForgottenExports: true,
  }
  return ExtractorConfig.prepare({
    packageJsonFullPath: join(folder, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: declarations,
      newlineKind: 'lf',
      compiler: { overrideTsconfig: { compilerOptions: COMPILER_OPTIONS }, skipLibCheck: true },
      apiReport,
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: MESSAGES,
    },
  })
}

/** The report of each entry, without what changes when a comment does. One compilation for all of them. */
function reportEntries(entries, scratch) {
  const configs = entries.map((entry, i) => extractorConfig(entry, join(scratch, String(i))))
  const compilerState = CompilerState.create(configs[0], {
    additionalEntryPoints: entries.map(entry => entry.declarations),
  })
  return configs.map(config => {
    const { succeeded } = Extractor.invoke(config, {
      compilerState,
      localBuild: true,
      messageCallback: reportMessage,
    })
    if (!succeeded) throw new Error(`no report of ${relative(root, config.mainEntryPointFilePath)}`)
    const text = readFileSync(config.reportFilePath, 'utf8')
    return text
      .slice(text.indexOf('```ts'))
      .replaceAll(/^ *\/\/ \(undocumented\)\n/gm, '')
      .replaceAll(/^( *\/\/ @.+) \(undocumented\)$/gm, '$1')
  })
}

function reportMessage(message) {
  message.handled = true
  if (message.logLevel !== 'error' && message.logLevel !== 'warning') return
  console.error(`api: ${message.formatMessageWithLocation(root)}`)
}

/** One text for each package, by the path of its file. */
function reportPackages(scratch) {
  const entries = publicEntries()
  const texts = reportEntries(entries, scratch)
  const reports = new Map()
  for (const [i, { name, path, folder }] of entries.entries()) {
    const file = join(folder, 'api.md')
    const head = `# The public surface of \`${name}\`\n\nWritten by \`npm run api -- --update\` ([policy](../../docs/versions.md)).\n`
    const section = `\n## \`${join(name, path)}\`\n\n${texts[i].trimEnd()}\n`
    reports.set(file, (reports.get(file) ?? head) + section)
  }
  return reports
}

/** Shows what differs, and says how many files do. */
function compare(reports, scratch) {
  let different = 0
  for (const [file, text] of reports) {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    different++
    const built = join(scratch, 'api.md')
    writeFileSync(built, text)
    console.error(`api: ${relative(root, file)} is not what the build says`)
    if (existsSync(file)) {
      spawnSync('git', ['--no-pager', 'diff', '--no-index', '--', file, built], {
        stdio: 'inherit',
      })
    }
  }
  return different
}

const scratch = mkdtempSync(join(tmpdir(), 'spillway-api-'))
try {
  const reports = reportPackages(scratch)
  if (process.argv.includes('--update')) {
    for (const [file, text] of reports) writeFileSync(file, text)
    console.log(`${reports.size} reports written`)
  } else {
    const different = compare(reports, scratch)
    console.log(`${reports.size} public packages checked, ${different} reports out of date`)
    if (different > 0) {
      console.error('A change that is meant: npm run api -- --update, and a changeset.')
      process.exitCode = 1
    }
  }
} catch (error) {
  console.error(`api: ${error.message}`)
  process.exitCode = 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
