const KEY = /^(\s*)([A-Za-z_][\w.-]*):[ \t]+(\S.*)$/
/** What begins something else than a plain scalar. */
const INDICATOR = /^["'|>[{&*!#%@`]/

/**
 * Front matter whose plain values hold `: `, as people write descriptions (`description: Use when: asked`), with these values
 * between quotes; undefined where there is none. Lines that go on with a value are part of it.
 */
export function quoteColons(frontMatter: string): string | undefined {
  const lines = frontMatter.split(/\r?\n/)
  const written: string[] = []
  let isChanged = false
  for (let i = 0; i < lines.length; i++) {
    const [, indent, key, first] = KEY.exec(lines[i]!) ?? []
    if (indent === undefined || first === undefined || INDICATOR.test(first)) {
      written.push(lines[i]!)
      continue
    }
    const end = endOfValue(lines, i + 1, indent.length)
    const value = [first, ...lines.slice(i + 1, end)].map(line => line.trim()).join(' ')
    if (/:(?:\s|$)/.test(value)) {
      isChanged = true
      written.push(`${indent}${key}: ${JSON.stringify(value)}`)
    } else {
      written.push(...lines.slice(i, end))
    }
    i = end - 1
  }
  return isChanged ? written.join('\n') : undefined
}

/** The first line from `start` on that is not indented deeper than `indent`. */
function endOfValue(lines: readonly string[], start: number, indent: number): number {
  let end = start
  while (end < lines.length && /^\s+\S/.test(lines[end]!) && indentOf(lines[end]!) > indent) end++
  return end
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}
