import { isDeepStrictEqual } from 'node:util'
import { parse, type ToStringOptions } from 'yaml'

/** Without the mark of its encoding and with plain ends of lines, which `changedText` puts back. */
export function plainText(written: string): string {
  return written.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
}

/** How a document is printed so that most of its lines are as they were. */
export function layoutOf(plain: string): ToStringOptions {
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
  try {
    return isDeepStrictEqual(parse(merged), parse(after))
  } catch {
    return false
  }
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
  const { lead, segments } = segmentsOf(linesOf(plain), printed)
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
): { readonly lead: readonly string[]; readonly segments: ReadonlyMap<number, Segment> } {
  const matched = commonLines(written.map(bare), printed.map(bare))
  const segments = new Map<number, Segment>()
  let done = 0
  let lead: readonly string[] = []
  for (let start = 0; start < printed.length; ) {
    let end = start + 1
    // A line without its like goes with those like it; lines that printing leaves out go with the line before them.
    while (end < printed.length && matched[start] === undefined && matched[end] === undefined) end++
    const next = matched.slice(end).find(line => line !== undefined)
    const first = matched[start]
    if (start === 0 && first !== undefined) lead = written.slice(0, first)
    const from = Math.max(done, lead.length)
    const isBlock = matched[end] === undefined && first !== undefined && end < printed.length
    const until = isBlock ? first + 1 : (next ?? written.length)
    segments.set(start, { written: written.slice(from, until), start, end })
    done = until
    start = end
  }
  return { lead, segments }
}

function linesOf(text: string): readonly string[] {
  const ended = text.endsWith('\n') ? text.slice(0, -1) : text
  return ended === '' ? [] : ended.split('\n')
}

function bare(line: string): string {
  return line.replace(/\s+/g, '')
}

/** For each line of `after` the line of `before` that it is: the longest common subsequence. */
function commonLines(
  before: readonly string[],
  after: readonly string[],
): readonly (number | undefined)[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  const most = Math.min(before.length, after.length) - start
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end++
  const shift = before.length - after.length
  const between = longestCommon(
    before.slice(start, before.length - end),
    after.slice(start, after.length - end),
  )
  return after.map((_, i) => {
    if (i < start) return i
    if (i >= after.length - end) return i + shift
    const found = between[i - start]
    return found === undefined ? undefined : found + start
  })
}

/** More than this many pairs of lines are not compared: the lines between are then all taken for changed. */
const MOST_PAIRS = 25_000_000

function longestCommon(
  a: readonly string[],
  b: readonly string[],
): readonly (number | undefined)[] {
  const found: (number | undefined)[] = b.map(() => undefined)
  if (a.length * b.length > MOST_PAIRS) return found
  const width = b.length + 1
  const lengths = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        a[i] === b[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
    }
  }
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) found[j++] = i++
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++
    else j++
  }
  return found
}
