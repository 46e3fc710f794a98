// Lays the pages out in a folder: the documents, with links that lead to pages, and what is generated.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { problemOfTarget } from '../../scripts/documents/check-links.mjs'
import { isRelative, mapLinks, targetOf } from '../../scripts/documents/markdown-links.mjs'
import { pagesFolder, pagesOfRepository, repository } from './pages.mjs'

/** Writes the page of each document. What is wrong with its links comes back, as sentences. */
export function stageDocuments({ repositoryUrl } = {}) {
  const pages = pagesOfRepository()
  return [...pages.keys()].flatMap(source => stageDocument(source, pages, repositoryUrl))
}

/** Writes the page of one document. */
export function stageDocument(source, pages, repositoryUrl) {
  const page = pages.get(source)
  const problems = []
  const text = mapLinks(readFileSync(join(repository, source), 'utf8'), link => {
    if (!isRelative(link.href)) return link.whole
    const { path, anchor } = targetOf(link.href, source)
    const problem = problemOfTarget({ path, anchor }, repository)
    if (problem !== undefined) problems.push(`${source}: (${link.href}) ${problem}`)
    const behind = anchor === undefined ? '' : `#${anchor}`
    if (link.image) return `![${link.text}](${copiedImage(path, page)})`
    const target = pageOf(path, pages)
    if (target !== undefined)
      return `[${link.text}](${posix.relative(posix.dirname(page), target)}${behind})`
    // What is no page lies in the repository; where that is nowhere yet, its name is all there is to say.
    if (repositoryUrl === undefined) return link.text
    return `[${link.text}](${repositoryUrl}/blob/main/${path}${behind})`
  })
  writePage(page, text)
  return problems
}

/** Writes a page; `path` is within the site. */
export function writePage(path, text) {
  const file = join(pagesFolder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

function pageOf(path, pages) {
  if (path === 'README.md') return 'index.md'
  return pages.get(path) ?? pages.get(`${path}/README.md`)
}

/** Copies an image beside the page, in a folder of its own, and gives the path from there. */
function copiedImage(path, page) {
  const file = `images/${posix.basename(path)}`
  mkdirSync(join(pagesFolder, 'images'), { recursive: true })
  if (existsSync(join(repository, path)))
    copyFileSync(join(repository, path), join(pagesFolder, file))
  return `./${posix.relative(posix.dirname(page), file)}`
}
