// The reference of the packages, from the declarations of the build: a page for each entry.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { Application } from 'typedoc'
import { isRelative, mapLinks, targetOf } from '../../scripts/documents/markdown-links.mjs'
import { publishedPackages, repository, site } from './pages.mjs'
import { writePage } from './stage.mjs'

const COMPILER_OPTIONS = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable', 'dom', 'dom.asynciterable'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  types: ['node'],
  typeRoots: [join(repository, 'node_modules', '@types')],
}

/** Writes `packages/NAME/api.md`, and `api-ENTRY.md` of further entries, for every published package. */
export async function writePackagePages() {
  const scratch = mkdtempSync(join(site, '.api-'))
  try {
    const packages = publishedPackages()
    const entries = packages.flatMap(one => one.entries)
    const project = join(scratch, 'tsconfig.json')
    const files = entries.map(({ declarations }) => declarations)
    writeFileSync(project, JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files }))
    const out = join(scratch, 'out')
    await generate(files, project, out)
    for (const one of packages) {
      for (const entry of one.entries) writePage(pagePath(one.name, entry), pageOf(one, entry, out))
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

async function generate(entryPoints, tsconfig, out) {
  const tables = Object.fromEntries(
    [
      'parametersFormat',
      'interfacePropertiesFormat',
      'classPropertiesFormat',
      'typeAliasPropertiesFormat',
      'propertyMembersFormat',
      'typeDeclarationFormat',
    ].map(option => [option, 'table']),
  )
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints,
    tsconfig,
    basePath: join(repository, 'packages'),
    out,
    readme: 'none',
    logLevel: 'Error',
    disableSources: true,
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    outputFileStrategy: 'modules',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    hidePageTitle: true,
    useHTMLAnchors: true,
    ...tables,
  })
  const project = await app.convert()
  if (project === undefined || app.logger.hasErrors()) throw new Error('the packages have no pages')
  await app.generateOutputs(project)
}

/** `packages/client/api-node.md`, of `@spillway/client/node`. */
export function pagePath(name, { declarations }) {
  const stem = stemOf(declarations)
  return `packages/${name}/api${stem === 'index' ? '' : `-${stem.replaceAll('/', '-')}`}.md`
}

function stemOf(declarations) {
  return /dist\/(.*?)(\/index)?\.d\.ts$/.exec(declarations)[1]
}

/** What was generated, with links to our pages in place of the generator's. */
function pageOf({ name, description }, entry, out) {
  const written = generatedPath(name, entry)
  const own = pagePath(name, entry)
  const body = mapLinks(readFileSync(join(out, written), 'utf8'), link => {
    if (!isRelative(link.href)) return link.whole
    const { path, anchor } = targetOf(link.href, written)
    const [, other, stem = 'index'] = /^([^/]+)\/dist(?:\/(.+))?\.md$/.exec(path)
    const page = pagePath(other, { declarations: `dist/${stem}.d.ts` })
    return `[${link.text}](${posix.relative(posix.dirname(own), page)}#${anchor})`
  })
  const head = `# Reference: \`${entry.title}\`\n\n${description}. [What it is for](index.md).`
  return `---\noutline: [2, 3]\n---\n\n${head}\n\n${body}`
}

function generatedPath(name, { declarations }) {
  const stem = stemOf(declarations)
  return stem === 'index' ? `${name}/dist.md` : `${name}/dist/${stem}.md`
}
