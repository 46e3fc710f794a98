// Whose code a bundle holds, and under which licences.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './published.mjs'

const LICENCE = /^(licen[cs]e|copying)([-.].*)?$/i
const NOTICE = /^notice([-.].*)?$/i
const RULE = '-'.repeat(100)
const MARK = '* '

/** Packages of others that have a module in the chunks, `{ name, version, licence, text }`, sorted by name and version. */
export function bundledPackages(output) {
  const found = new Map()
  for (const { moduleIds = [] } of output) {
    for (const id of moduleIds) {
      const folder = folderOfPackage(id)
      if (folder !== undefined && !found.has(folder)) found.set(folder, packageIn(folder))
    }
  }
  return [...found.values()].sort((a, b) => compare(labelOf(a), labelOf(b)))
}

/** The folder of the package below `node_modules` that a module is of; undefined of what is not below one. */
export function folderOfPackage(id) {
  const path = id.replaceAll('\\', '/')
  const at = path.lastIndexOf('/node_modules/')
  if (path.startsWith('\0') || at < 0) return undefined
  const [first, second] = path.slice(at + '/node_modules/'.length).split('/')
  const name = first.startsWith('@') ? `${first}/${second}` : first
  return `${path.slice(0, at)}/node_modules/${name}`
}

function packageIn(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return { name, version, licence: license, text: textIn(folder, { name, license }) }
}

/** Licences first, then what Apache's licence wants to be handed on with it. */
function textIn(folder, { name, license }) {
  const names = readdirSync(folder).sort()
  const chosen = [LICENCE, NOTICE].flatMap(kind => names.filter(each => kind.test(each)))
  const texts = chosen.map(each => readFileSync(join(folder, each), 'utf8'))
  if (!names.some(each => LICENCE.test(each))) {
    // Some packages name Apache's licence, which has one text, and bring no copy of it: ours is one.
    if (license !== 'Apache-2.0')
      throw new Error(
        `${name} is bundled, says "license": ${JSON.stringify(license)}, and has no text of it`,
      )
    texts.unshift(readFileSync(join(root, 'LICENSE'), 'utf8'))
  }
  return texts.map(each => each.replaceAll('\r\n', '\n').trim()).join('\n\n')
}

/** The text of `THIRD-PARTY.txt`: each licence once, below the packages that come under it. */
export function thirdPartyText(packages) {
  const byText = new Map()
  for (const one of packages) byText.set(one.text, [...(byText.get(one.text) ?? []), one])
  const parts = [...byText].map(([text, under]) => {
    const listed = under.map(one => `${MARK}${labelOf(one)} (${one.licence})`)
    return `${RULE}\n${listed.join('\n')}\n\n${text}\n`
  })
  return `What the files of this folder hold of others, and under which licences.\n\n${parts.join('\n')}`
}

/** What `thirdPartyText` lists: names with versions. */
export function packagesIn(text) {
  const lines = text.split('\n').filter(line => line.startsWith(MARK))
  return new Set(lines.map(line => line.slice(MARK.length).split(' ').slice(0, 2).join(' ')))
}

function labelOf({ name, version }) {
  return `${name} ${version}`
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0
}
