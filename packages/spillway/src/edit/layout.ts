import { isDeepStrictEqual } from 'node:util'
import type { Document, ToStringOptions } from 'yaml'
import { parseConfigText } from '../problems/config-text.js'
import { type LineBlock, lineBlocks } from './line-blocks.js'
import { PRINTED_IN_STEPS, wideColumnsOf, withColumns } from './wide-dashes.js'

/** Without the mark of its encoding and with plain ends of lines, which `changedText` puts back. */
export function plainText(written: string): string {
  return written.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
}

/** A document as text, laid out as `plain` is, so that most of its lines are as they were. */
export function printedLike(plain: string, document: Document): string {
  const layout = layoutOf(plain)
  const columns = wideColumnsOf(plain)
  if (columns !== undefined) {
    const printed = document.toString({ ...layout, ...PRINTED_IN_STEPS })
    const spaced = withColumns(printed, columns)
    // What moving lines would change is printed as it was made.
    if (saysTheSame(spaced, printed)) return spaced
  }
  return document.toString(layout)
}

function layoutOf(plain: string): ToStringOptions {
  const text = plain.replace(/^[ \t]*#.*\n/gm, '')
  const indents = [...text.matchAll(/^( {2,8})[^ \n]/gm)].map(([, space]) => space!.length)
  return {
    lineWidth: 0,
    indent: indents.length === 0 ? 2 : Math.min(...indents),
    // `- ` at the column of its key.
    indentSeq: !/^( *)[^\s#-][^\n]*:[ \t]*(#[^\n]*)?\n\1- /m.test(text),
    flowCollectionPadding: /[[{] \S/.test(text),
  }
}

/**
 * The text as its author wrote it, with the lines that differ between two printings of its document: `before` an edit and
 * `after` it. Printing itself would move comments and spaces.
 */
export function changedText(
  written: string,
  { before, after }: { readonly before: string; readonly after: string },
): string {
  const plain = plainText(written)
  const merged = mergedLines(plain, before, after)
  const isSpaced = bare(plain) === bare(before)
  const isWhole = saysTheSame(merged, after) && (!isSpaced || bare(merged) === bare(after))
  const text = isWhole ? merged : after
  const ends = written.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text
  return written.startsWith('\ufeff') ? `\ufeff${ends}` : ends
}

function saysTheSame(merged: string, after: string): boolean {
  const [a, b] = [parseConfigText(merged), parseConfigText(after)]
  return a.problems.length + b.problems.length === 0 && isDeepStrictEqual(a.value, b.value)
}

/** Lines as they were written, and the lines that the printed document has for them. */
interface Segment {
  readonly written: readonly string[]
  readonly start: number
  readonly end: number
}

/** Lines of `after`; those that are printed as before, all of a segment, stand as they were written. */
function mergedLines(plain: string, before: string, after: string): string {
  const printed = linesOf(before)
  const changed = linesOf(after)
  const { lead, segments } = segmentsOf(linesOf(plain), printed, lineBlocks(plain, before))
  const kept = commonLines(printed, changed)
  const merged = [...lead]
  for (let i = 0; i < changed.length; ) {
    const segment = kept[i] === undefined ? undefined : segments.get(kept[i]!)
    const length = segment === undefined ? 0 : segment.end - segment.start
    if (segment !== undefined && isKept(kept.slice(i, i + length), segment)) {
      merged.push(...segment.written)
      i += length
    } else merged.push(changed[i++]!)
  }
  return `${merged.join('\n')}\n`
}

function isKept(kept: readonly (number | undefined)[], { start, end }: Segment): boolean {
  return kept.length === end - start && kept.every((line, i) => line === start + i)
}

/** Lines that belong together, by their first printed line; what is before all of them leads. */
function segmentsOf(
  written: readonly string[],
  printed: readonly string[],
  blocks: readonly LineBlock[],
): { readonly lead: readonly string[]; readonly segments: ReadonlyMap<number, Segment> } {
  const matched = matchedLines(written.map(bare), printed.map(bare), blocks)
  const blockAt = new Map(blocks.map(block => [block.printed.start, block]))
  const segments = new Map<number, Segment>()
  let done = 0
  let lead: readonly string[] = []
  for (let start = 0; start < printed.length; ) {
    const block = blockAt.get(start)
    let end = block?.printed.end ?? start + 1
    // A line without its like goes with those like it; lines that printing leaves out go with the line before them.
    while (
      end < printed.length &&
      !blockAt.has(end) &&
      matched[start] === undefined &&
      matched[end] === undefined
    )
      end++
    const next = matched.slice(end).find(line => line !== undefined)
    const first = matched[start]
    if (start === 0 && first !== undefined) lead = written.slice(0, first)
    const from = Math.max(done, lead.length)
    const isAlone = matched[end] === undefined && first !== undefined && end < printed.length
    const until = isAlone ? (block?.written.end ?? first + 1) : (next ?? written.length)
    segments.set(start, { written: written.slice(from, until), start, end })
    done = until
    start = end
  }
  return { lead, segments }
}

/** For each printed line the written one that it is; of the lines of a block the first alone. */
function matchedLines(
  written: readonly string[],
  printed: readonly string[],
  blocks: readonly LineBlock[],
): readonly (number | undefined)[] {
  const matched: (number | undefined)[] = []
  let from = { written: 0, printed: 0 }
  const matchUntil = (writtenEnd: number, printedEnd: number) => {
    const { written: start } = from
    const between = commonLines(
      written.slice(start, writtenEnd),
      printed.slice(from.printed, printedEnd),
    )
    matched.push(...between.map(line => (line === undefined ? undefined : line + start)))
  }
  for (const block of blocks) {
    matchUntil(block.written.start, block.printed.start)
    matched.push(block.written.start)
    while (matched.length < block.printed.end) matched.push(undefined)
    from = { written: block.written.end, printed: block.printed.end }
  }
  matchUntil(written.length, printed.length)
  return matched
}

function linesOf(text: string): readonly string[] {
  const ended = text.endsWith('\n') ? text.slice(0, -1) : text
  return ended === '' ? [] : ended.split('\n')
}

function bare(line: string): string {
  return line.replace(/\s+/g, '')
}

/** How far apart two lines may be that are found to be the same after lines that are not. */
const WINDOW = 200

/**
 * For each line of `after` the line of `before` that it is, in order. Not always the most that there could be: a line that is
 * missed is printed, not lost.
 */
function commonLines(
  before: readonly string[],
  after: readonly string[],
): readonly (number | undefined)[] {
  const found: (number | undefined)[] = after.map(() => undefined)
  for (let i = 0, j = 0; i < before.length && j < after.length; ) {
    if (before[i] === after[j]) found[j++] = i++
    else {
      const { skipBefore, skipAfter } = nextSame(before, after, [i, j])
      i += skipBefore
      j += skipAfter
    }
  }
  return found
}

/** How many lines of both are skipped to the nearest that are the same; one of each where none are near. */
function nextSame(
  before: readonly string[],
  after: readonly string[],
  [i, j]: readonly [number, number],
): { readonly skipBefore: number; readonly skipAfter: number } {
  for (let skipped = 1; skipped <= WINDOW; skipped++) {
    for (let skipBefore = 0; skipBefore <= skipped; skipBefore++) {
      const skipAfter = skipped - skipBefore
      const [a, b] = [i + skipBefore, j + skipAfter]
      if (a >= before.length || b >= after.length || before[a] !== after[b]) continue
      // Empty lines are everywhere: they count with the line behind them.
      if (before[a] !== '' || before[a + 1] === after[b + 1]) return { skipBefore, skipAfter }
    }
  }
  return { skipBefore: 1, skipAfter: 1 }
}
