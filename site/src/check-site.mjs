// What may be wrong with the site once it is built: links, anchors, and anything that a page would fetch from elsewhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative } from 'node:path'

/** Problems of every page below `folder`, which is served at `base`. */
export function problemsOfSite(folder, base) {
  const pages = new Map(
    filesBelow(folder)
      .filter(file => file.endsWith('.html'))
      .map(file => [relative(folder, file), readPage(readFileSync(file, 'utf8'))]),
  )
  const problems = [...pages].flatMap(([path, page]) => [
    ...page.foreign.map(url => ({ path, problem: `fetches ${url}` })),
    ...page.links.flatMap(href => {
      const problem = problemOf(href, { path, base, folder, pages })
      return problem === undefined ? [] : [{ path, problem: `${href} ${problem}` }]
    }),
  ])
  return togetherByProblem(problems)
}

/** What stands on every page, such as the sidebar, is said once. */
function togetherByProblem(problems) {
  const paths = new Map()
  for (const { path, problem } of problems)
    paths.set(problem, (paths.get(problem) ?? new Set()).add(path))
  return [...paths].map(([problem, on]) => {
    const more = on.size > 1 ? ` and ${on.size - 1} more` : ''
    return `${[...on][0]}${more}: ${problem}`
  })
}

function readPage(html) {
  return {
    ids: new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => decodeEntities(id))),
    links: [...html.matchAll(/<a\s[^>]*?href="([^"]+)"/g)].map(([, href]) => decodeEntities(href)),
    foreign: [
      ...html.matchAll(/<(?:script|img|iframe|source|video)\s[^>]*?src="((?:https?:)?\/\/[^"]+)"/g),
      ...html.matchAll(/<link\s[^>]*?href="((?:https?:)?\/\/[^"]+)"/g),
    ].map(([, url]) => url),
  }
}

function problemOf(href, { path, base, folder, pages }) {
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(href)) return undefined
  const [address, anchor] = href.split('#', 2)
  let target = path
  if (address.startsWith('/')) {
    if (!address.startsWith(base)) return `leaves ${base}`
    target = address.slice(base.length)
  } else if (address !== '') target = posix.join(posix.dirname(path), address)
  target = decodeURIComponent(target)
  const file = [target, `${target}.html`, posix.join(target, 'index.html')].find(
    name => name !== '' && (pages.has(name) || (!name.endsWith('/') && isFile(folder, name))),
  )
  if (file === undefined) return 'leads nowhere'
  if (!anchor || !pages.has(file)) return undefined
  const isThere = pages.get(file).ids.has(decodeURIComponent(anchor))
  return isThere ? undefined : 'names nothing on that page'
}

function isFile(folder, name) {
  return /\.[a-z0-9]+$/.test(name) && existsSync(join(folder, name))
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

function decodeEntities(text) {
  return text
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
}
