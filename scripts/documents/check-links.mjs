// Whether links of documents lead somewhere in the repository.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { anchorsIn, isRelative, linksIn, targetOf } from './markdown-links.mjs'

/** What is wrong with the links of the document at `path` of the repository in `root`, as sentences. */
export function problemsOfLinks(path, root) {
  return linksIn(readFileSync(join(root, path), 'utf8')).flatMap(({ href }) => {
    if (!isRelative(href)) return []
    const problem = problemOfTarget(targetOf(href, path), root)
    return problem === undefined ? [] : [`${path}: (${href}) ${problem}`]
  })
}

/** What is wrong with the target of a link, or undefined. */
export function problemOfTarget({ path, anchor }, root) {
  const file = join(root, path)
  if (path.startsWith('..') || !existsSync(file)) return 'leads nowhere'
  if (anchor === undefined) return undefined
  const document = statSync(file).isDirectory() ? join(file, 'README.md') : file
  if (!document.endsWith('.md') || !existsSync(document)) return undefined
  const isThere = anchorsIn(readFileSync(document, 'utf8')).has(anchor)
  return isThere ? undefined : 'names a heading that is not there'
}
