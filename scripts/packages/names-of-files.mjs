// Files that documents of a package name in words or code, and that the package does not hold.
import { posix } from 'node:path'
import { mapLinks } from '../documents/markdown-links.mjs'

const FENCED = /^( *)(`{3,})[^\n]*\n[\s\S]*?^\1\2 *$|<!--[\s\S]*?-->/gm
/** A path below a folder of the repository's root, or the tests and benchmarks of a package. */
const NAMED =
  /(?<![\w./-])((?:examples|benchmarks|scripts|test|deploy|packages|docs|site)\/[\w.*{},/-]*\w)/g

/** The folders of the repository that `text` names files of, and `isHeld` knows nothing of, in order. */
export function foldersNamedIn(text, isHeld) {
  const words = mapLinks(text.replace(FENCED, ''), ({ text: shown }) => shown)
  const unheld = [...words.matchAll(NAMED)].map(([, path]) => path).filter(path => !isHeld(path))
  return [...new Set(unheld.map(path => path.split('/')[0]))].sort()
}

const MARK = '> Not in this package: '

/** The text, with a sentence below its title that says where the files are that it names and the package does not hold. */
export function withWhereabouts(text, isHeld) {
  const folders = foldersNamedIn(text, isHeld)
  if (folders.length === 0) return text
  const listed = folders.map(folder => `\`${folder}/\``).join(', ')
  const docs = folders.includes('docs')
    ? ' (`docs/` comes with the package `spillway` as well)'
    : ''
  const note = `${MARK}files below ${listed} are of the repository${docs}.`
  const title = /^# .*\n/.exec(text)?.[0] ?? ''
  return `${title}\n${note}\n${title === '' ? '\n' : ''}${text.slice(title.length)}`
}

/** Documents of a package that name files which it does not hold and say nothing of it, as sentences. */
export function unheldNamesOf(files) {
  const names = [...files.keys()]
  return names
    .filter(name => name.endsWith('.md'))
    .flatMap(name => {
      const text = files.get(name).toString('utf8')
      const folders = foldersNamedIn(text, path => isIn(names, name, path))
      const said = text.split('\n').find(line => line.startsWith(MARK)) ?? ''
      return folders
        .filter(folder => !said.includes(`\`${folder}/\``))
        .map(folder => `${name} names files below ${folder}/, which the package does not hold`)
    })
}

/** True for a file or folder of the package, by its path from the root or from the document that names it. */
export function isIn(names, document, path) {
  const pattern = path.replace(/[*{].*$/, '')
  return [pattern, posix.join(posix.dirname(document), pattern)].some(wanted =>
    names.some(name => name.startsWith(wanted)),
  )
}
