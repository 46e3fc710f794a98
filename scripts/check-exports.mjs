#!/usr/bin/env node
// Finds exports that nobody needs: each exported name of packages/*/src, types as well, is imported by another source file, in its
// package or through the package's entries (knip.json). What embedders alone use stands in `public` of
// public-exports.json with its reason, what a test reads through its own file in `tested`; a name there that is true no longer is a
// problem too. knip reads the imports.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The private package that only tests import: what they use of it is used. */
const FOR_TESTS = 'packages/testkit/'

/**
 * Problems of what knip found: `unused` by other sources, `untested` also not by tests, benchmarks and examples. Both as
 * `{ file, name }`; the lists as in scripts/public-exports.json: names by package, and by file.
 */
export function problemsOf({ unused, untested, publicNames, tested }) {
  const problems = []
  const seen = new Set()
  const idle = new Set(untested.map(({ file, name }) => `${file} ${name}`))
  for (const { file, name } of unused) {
    if (!file.startsWith('packages/') || file.startsWith(FOR_TESTS)) continue
    const folder = file.split('/')[1]
    const isIdle = idle.has(`${file} ${name}`)
    if (publicNames[folder]?.has(name)) seen.add(`${folder} ${name}`)
    else if (tested[file]?.includes(name) && !isIdle) seen.add(`${file} ${name}`)
    else problems.push(`${file} exports ${name}, which ${isIdle ? 'nobody' : 'no source'} imports`)
  }
  for (const { file, name } of untested) {
    if (file.startsWith(FOR_TESTS)) problems.push(`${file} exports ${name}, which no test imports`)
  }
  for (const [folder, names] of Object.entries(publicNames)) {
    for (const name of names) {
      if (!seen.has(`${folder} ${name}`)) {
        problems.push(
          `the list of public names has ${name} of ${folder}, which sources import or nobody exports`,
        )
      }
    }
  }
  for (const [file, names] of Object.entries(tested)) {
    for (const name of names) {
      if (!seen.has(`${file} ${name}`)) {
        problems.push(
          `the list of what tests read has ${name} of ${file}, which sources import or no test does`,
        )
      }
    }
  }
  return problems
}

/** Exports that knip finds unused: by sources alone with `--production`, else by tests, benchmarks and examples as well. */
function unusedExports(...options) {
  const knip = join('node_modules', 'knip', 'bin', 'knip.js')
  const args = [knip, '--no-progress', '--no-config-hints', '--no-exit-code', '--reporter', 'json']
  const child = spawn(process.execPath, [...args, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', part => {
    text += part
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', () => {
      try {
        resolve(JSON.parse(text).issues.flatMap(named))
      } catch (cause) {
        reject(new Error('knip gave no report', { cause }))
      }
    })
  })
}

function named({ file, exports = [], types = [] }) {
  return [...exports, ...types].map(({ name }) => ({ file, name }))
}

async function main() {
  const lists = JSON.parse(readFileSync('scripts/public-exports.json', 'utf8'))
  const publicNames = Object.fromEntries(
    Object.entries(lists.public).map(([folder, groups]) => [
      folder,
      new Set(Object.values(groups).flat()),
    ]),
  )
  const [unused, untested] = await Promise.all([unusedExports('--production'), unusedExports()])
  const problems = problemsOf({ unused, untested, publicNames, tested: lists.tested })
  for (const problem of problems) console.error(`exports: ${problem}`)
  console.log(`exports checked, ${problems.length} problems`)
  process.exit(problems.length === 0 ? 0 : 1)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main()
