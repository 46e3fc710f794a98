/** A Java properties file: comments, continuation lines, `\:` `\=` and `\uXXXX` escapes (java.util.Properties). */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const [key, value] = splitKey(line)
    properties.set(unescaped(key), unescaped(value))
  }
  return properties
}

function* logicalLines(text: string): Generator<string> {
  let pending = ''
  let continued = false
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const line = natural.replace(/^[ \t\f]+/, '')
    if (!continued && (line === '' || line[0] === '#' || line[0] === '!')) continue
    continued = trailingBackslashes(line) % 2 === 1
    pending += continued ? line.slice(0, -1) : line
    if (continued) continue
    yield pending
    pending = ''
  }
  if (pending !== '') yield pending
}

/** Counted from the end: a pattern would try at every backslash of a line, each time to its end. */
function trailingBackslashes(line: string): number {
  let count = 0
  while (line[line.length - 1 - count] === '\\') count++
  return count
}

/** The key ends at the first unescaped `=`, `:` or blank. */
function splitKey(line: string): [string, string] {
  let end = 0
  while (end < line.length && !/[=: \t\f]/.test(line[end]!)) end += line[end] === '\\' ? 2 : 1
  const value = line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')
  return [line.slice(0, end), value]
}

const CONTROL: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_, hex: string, char: string) =>
    hex === undefined ? (CONTROL[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
