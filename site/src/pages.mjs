// Which documents of the repository are pages of the site, and under which address.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
export const site = join(repository, 'site')
/** Where the pages lie while the site is built. */
export const pagesFolder = join(site, 'pages')

/** From the path of a document in the repository to the path of its page. */
export function pagesOfRepository() {
  const pages = new Map([
    ['site/index.md', 'index.md'],
    ['CONTRIBUTING.md', 'contributing.md'],
    ['deploy/README.md', 'operate/deploying.md'],
    ['examples/README.md', 'examples/index.md'],
  ])
  for (const path of markdownIn('docs')) {
    pages.set(path, path.slice('docs/'.length).replace(/README\.md$/, 'index.md'))
  }
  for (const name of readmesIn('examples'))
    pages.set(`examples/${name}/README.md`, `examples/${name}.md`)
  for (const { name } of publishedPackages())
    pages.set(`packages/${name}/README.md`, `packages/${name}/index.md`)
  return pages
}

/** `{ name, title, entries }` of every published package; an entry is `{ title, declarations }`. */
export function publishedPackages() {
  return readdirSync(join(repository, 'packages'))
    .sort()
    .flatMap(name => {
      const folder = join(repository, 'packages', name)
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      if (manifest.private) return []
      const entries = Object.entries(manifest.exports)
        .filter(([, { types }]) => types !== undefined)
        .map(([path, { types }]) => ({
          title: path === '.' ? manifest.name : `${manifest.name}${path.slice(1)}`,
          declarations: join(folder, types),
        }))
      return [{ name, title: manifest.name, description: manifest.description, entries }]
    })
}

function markdownIn(folder) {
  return readdirSync(join(repository, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return markdownIn(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

function readmesIn(folder) {
  return readdirSync(join(repository, folder)).filter(name =>
    existsSync(join(repository, folder, name, 'README.md')),
  )
}
