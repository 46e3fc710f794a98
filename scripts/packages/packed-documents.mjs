// Documents as they are in a package: every link leads to a file of the package, to the repository's address, or is text, and
// what they name of the repository's files is said not to be there.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, posix, relative } from 'node:path'
import { isRelative, linksIn, mapLinks, targetOf } from '../documents/markdown-links.mjs'
import { isIn, withWhereabouts } from './names-of-files.mjs'
import { runProcess } from './run-process.mjs'

/** The package that takes the documents for users along. */
const WITH_DOCUMENTS = 'spillway'

/**
 * Packs tarballs once more, with their documents made whole. `packages` as `packAll` gives them, `of` the repository,
 * `repositoryUrl` where it can be looked at, if anywhere yet.
 */
export function makeDocumentsWhole(packages, { of, into, repositoryUrl }) {
  const scratch = join(into, '.unpacked')
  rmSync(scratch, { recursive: true, force: true })
  try {
    const folders = packages.map(({ name, path, folder }) => {
      const at = join(scratch, basename(path, '.tgz'))
      mkdirSync(at, { recursive: true })
      runProcess('tar', ['-xzf', path, '-C', at, '--strip-components=1'], { folder: of })
      if (name === WITH_DOCUMENTS) cpSync(join(of, 'docs'), join(at, 'docs'), { recursive: true })
      rewriteDocuments(at, { source: toSlashes(relative(of, folder)), repositoryUrl })
      return at
    })
    const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', into, ...folders]
    runProcess('npm', args, { folder: of })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Rewrites every document of an unpacked package, whose folder in the repository is `source`. */
export function rewriteDocuments(folder, { source, repositoryUrl }) {
  const files = new Set(filesBelow(folder).map(path => toSlashes(relative(folder, path))))
  // Where a file of the package lies in the repository, and back.
  const toRepository = name => (name.startsWith('docs/') ? name : posix.join(source, name))
  const held = new Map([...files].map(name => [toRepository(name), name]))
  for (const name of files) {
    if (!name.endsWith('.md')) continue
    const path = join(folder, name)
    const text = readFileSync(path, 'utf8')
    const whole = mapLinks(text, link => {
      if (!isRelative(link.href)) return link.whole
      return linkTo(targetOf(link.href, toRepository(name)), { link, name, held, repositoryUrl })
    })
    const told = withWhereabouts(whole, named => isIn([...files], name, named))
    if (told !== text) writeFileSync(path, told)
  }
}

function linkTo({ path, anchor }, { link, name, held, repositoryUrl }) {
  const behind = anchor === undefined ? '' : `#${anchor}`
  const mark = link.image ? '!' : ''
  const file = held.get(path) ?? held.get(posix.join(path, 'README.md'))
  if (file === name) return link.whole
  if (file !== undefined)
    return `${mark}[${link.text}](${posix.relative(posix.dirname(name), file)}${behind})`
  if (repositoryUrl === undefined) return link.text
  return `${mark}[${link.text}](${repositoryUrl}/blob/HEAD/${path}${behind})`
}

/** Links of a package's documents that lead to no file of it, as sentences. `files` by their paths in the package. */
export function deadLinksOf(files) {
  const problems = []
  for (const [name, content] of files) {
    if (!name.endsWith('.md')) continue
    for (const { href } of linksIn(content.toString('utf8'))) {
      if (!isRelative(href)) continue
      const { path } = targetOf(href, name)
      const isThere = files.has(path) || files.has(posix.join(path, 'README.md'))
      if (!isThere) problems.push(`${name} links to ${href}, which the package does not hold`)
    }
  }
  return problems
}

/** The address of a `repository` field that a browser understands, or undefined. */
export function browsableUrl(repository) {
  const url = repository?.url?.replace(/^git\+/, '').replace(/\.git$/, '')
  return url?.startsWith('https://') ? url : undefined
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

function toSlashes(path) {
  return path.replaceAll('\\', '/')
}
