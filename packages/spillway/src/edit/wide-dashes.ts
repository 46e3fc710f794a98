/** How far apart the parts of a document's lines stand, where more than one space stands behind its dashes. */
export interface Columns {
  /** From a dash to what stands behind it. */
  readonly item: number
  /** From a key to the dashes of its list. */
  readonly list: number
  /** From a key to the keys below it. */
  readonly map: number
}

/** Undefined where items stand right behind their dashes, as they are printed. */
export function wideColumnsOf(text: string): Columns | undefined {
  const lines = text.split('\n').filter(line => /^ *[^\s#]/.test(line))
  const items = lines.flatMap(line => {
    const [, spaces] = /^ *-( +)[^\s#]/.exec(line) ?? []
    return spaces === undefined ? [] : [spaces.length + 1]
  })
  const item = mostFrequent(items)
  if (item === undefined || item === 2) return undefined
  const list: number[] = []
  const map: number[] = []
  for (const [i, line] of lines.entries()) {
    const next = lines[i + 1]
    if (next === undefined || !/:[ \t]*(#.*)?$/.test(line)) continue
    const step = next.search(/\S/) - /^ *(- *)*/.exec(line)![0].length
    if (/^ *-( |$)/.test(next)) list.push(step)
    else map.push(step)
  }
  return { item, list: Math.max(mostFrequent(list) ?? 0, 0), map: mostFrequent(map) ?? item }
}

function mostFrequent(values: readonly number[]): number | undefined {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0]
}

/** How a document must have been printed for `withColumns`: each step is two spaces, and dashes stand below their key. */
export const PRINTED_IN_STEPS = { indent: 2, indentSeq: true } as const

const STEP = 2

/** A text that was printed in steps, with its lines at other columns. */
export function withColumns(printed: string, columns: Columns): string {
  const steps: number[] = []
  let scalar: number | undefined
  const lines = printed.split('\n').map(line => {
    if (line.trim() === '') return line
    const depth = line.search(/\S/) / STEP
    // The lines of a text stand below its key however they begin.
    if (scalar !== undefined && depth <= scalar) scalar = undefined
    const isDash = scalar === undefined && /^ *-( |$)/.test(line)
    for (let i = steps.length; i < depth; i++) steps.push(isDash ? columns.list : columns.map)
    steps.length = Math.max(Math.floor(depth), 0)
    const indent = ' '.repeat(steps.reduce((sum, step) => sum + step, 0))
    let rest = line.trimStart()
    let dashes = ''
    while (scalar === undefined && rest.startsWith('- ')) {
      dashes += '-'.padEnd(columns.item)
      steps.push(columns.item)
      rest = rest.slice(STEP)
    }
    if (scalar === undefined && /[:-] [|>][+-]?\d?$/.test(line)) scalar = steps.length
    return `${indent}${dashes}${rest}`
  })
  return lines.join('\n')
}
