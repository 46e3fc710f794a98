import type { ByteRange } from './byte-source.js'

/** Bytes between two wanted ranges that cost less than another request. */
export const GAP_BYTES = 64 * 1024
/** Longer ranges are asked for in parts, which may come at the same time. */
const PART_BYTES = 16 * 1024 * 1024

/** `ranges` in order, near ones joined, long ones split: what to ask for. */
export function requestsFor(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const sorted = ranges.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start)
  const joined: ByteRange[] = []
  for (const range of sorted) {
    const last = joined.at(-1)
    if (last !== undefined && range.start <= last.end + GAP_BYTES) {
      joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, range.end) }
    } else joined.push(range)
  }
  return joined.flatMap(splitRange)
}

function splitRange({ start, end }: ByteRange): readonly ByteRange[] {
  const count = Math.max(1, Math.round((end - start) / PART_BYTES))
  const size = Math.ceil((end - start) / count)
  return Array.from({ length: count }, (_, i) => ({
    start: start + i * size,
    end: Math.min(end, start + (i + 1) * size),
  }))
}

export function lengthOf(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0)
}
