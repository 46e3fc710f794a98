import { isCollection, isMap, isNode, isSeq, LineCounter, parseDocument, type Range } from 'yaml'

/** Lines that stand or fall together: those of one value in brackets, or of one text, counted from 0. */
export interface LineBlock {
  readonly written: Lines
  readonly printed: Lines
}

/** The end is the first line behind them. */
interface Lines {
  readonly start: number
  readonly end: number
}

interface Parsed {
  readonly node: unknown
  lineOf(offset: number): number
}

/** The values over several lines of a text, and where they are in another text of the same document; in their order. */
export function lineBlocks(written: string, printed: string): readonly LineBlock[] {
  const blocks: LineBlock[] = []
  const [a, b] = [parsed(written), parsed(printed)]

  const add = (key: Twins, value: Twins) => {
    const [writtenLines, printedLines] = [a, b].map(({ lineOf }, i) =>
      linesOf(key[i], value[i], lineOf),
    )
    if (writtenLines === undefined || printedLines === undefined) return
    const isLong = [writtenLines, printedLines].some(({ start, end }) => end - start > 1)
    if (isLong) blocks.push({ written: writtenLines, printed: printedLines })
  }
  const walk = ([one, other]: Twins) => {
    if (!isCollection(one) || !isCollection(other)) return
    for (const [i, item] of one.items.entries()) {
      const twin = other.items[i]
      const [key, value] = isMap(one) && isMap(other) ? pairs(one, other, i) : same([item, twin])
      if (value.every(each => isCollection(each) && !each.flow)) walk(value)
      else add(key, value)
    }
  }
  if (isBlockCollection(a.node) && isBlockCollection(b.node)) walk([a.node, b.node])
  return blocks
}

/** What stands at the same place of both. */
type Twins = readonly [unknown, unknown]

function pairs(one: Mapping, other: Mapping, i: number): readonly [Twins, Twins] {
  const [a, b] = [one.items[i], other.items[i]]
  return [
    [a?.key, b?.key],
    [a?.value, b?.value],
  ]
}

interface Mapping {
  readonly items: readonly { readonly key: unknown; readonly value: unknown }[]
}

function same(item: Twins): readonly [Twins, Twins] {
  return [item, item]
}

function isBlockCollection(node: unknown): boolean {
  return (isMap(node) || isSeq(node)) && !node.flow
}

function linesOf(
  key: unknown,
  value: unknown,
  lineOf: (offset: number) => number,
): Lines | undefined {
  const [first, last] = [rangeOf(key), rangeOf(value) ?? rangeOf(key)]
  if (first === undefined || last === undefined) return undefined
  return { start: lineOf(first[0]), end: lineOf(Math.max(last[0], last[1] - 1)) + 1 }
}

function rangeOf(node: unknown): Range | undefined {
  return isNode(node) ? (node.range ?? undefined) : undefined
}

function parsed(text: string): Parsed {
  const lines = new LineCounter()
  const { contents } = parseDocument(text, { prettyErrors: false, lineCounter: lines })
  return { node: contents, lineOf: offset => lines.linePos(offset).line - 1 }
}
