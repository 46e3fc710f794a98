// Links and headings of Markdown: what the site, the tarballs and the tests need to know of it.
import { posix } from 'node:path'

/** Code, which holds no links, or a link: its mark of an image, its text, where it leads. */
const CODE_OR_LINK =
  /^( *)(`{3,})[^\n]*\n[\s\S]*?^\1\2 *$|(`+)(?:(?!\3)[\s\S])+?\3|(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)/gm

/** The text with `replace({ image, text, href })` in the place of every link outside code. */
export function mapLinks(markdown, replace) {
  return markdown.replace(CODE_OR_LINK, (whole, _indent, _fence, _ticks, mark, text, href) =>
    href === undefined ? whole : replace({ whole, image: mark === '!', text, href }),
  )
}

/** `{ image, text, href }` of every link outside code, in order. */
export function linksIn(markdown) {
  const links = []
  mapLinks(markdown, link => {
    links.push(link)
    return link.whole
  })
  return links
}

/** True for what leads into the repository: no URL, no address of mail. */
export function isRelative(href) {
  return !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(href)
}

/** Where a relative link of the document `from` leads: a path of the repository, and the anchor in it. */
export function targetOf(href, from) {
  const [path, anchor] = href.split('#', 2)
  const target = path === '' ? from : posix.join(posix.dirname(from), decodeURIComponent(path))
  return { path: target.replace(/\/$/, ''), anchor }
}

/** The anchors of a document: what hosts of repositories make of its headings, which the site makes as well. */
export function anchorsIn(markdown) {
  const anchors = new Set()
  const withoutCode = markdown.replace(/^( *)(`{3,})[^\n]*\n[\s\S]*?^\1\2 *$/gm, '')
  for (const [, heading] of withoutCode.matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const slug = slugOf(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, ''))
    let unique = slug
    for (let i = 1; anchors.has(unique); i++) unique = `${slug}-${i}`
    anchors.add(unique)
  }
  return anchors
}

/** The anchor of a heading. */
export function slugOf(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replace(/\s/g, '-')
}
