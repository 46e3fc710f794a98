import { type ByteRange, TableError } from '@spillway/core'

/** `range` of an object of `size` bytes as start and end: clipped to the object, and empty past it. */
export function clipRange(
  range: ByteRange | undefined,
  size: number,
): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: size }
  checkRange(range)
  if ('suffix' in range) return { start: Math.max(0, size - range.suffix), end: size }
  const end = Math.min(range.end, size)
  return { start: Math.min(range.start, end), end }
}

/** A range that means nothing is the caller's mistake, not an empty answer. */
export function checkRange(range: ByteRange): void {
  const sound =
    'suffix' in range
      ? isCount(range.suffix)
      : isCount(range.start) && isCount(range.end) && range.start <= range.end
  if (!sound) {
    throw new TableError('INTERNAL', `not a byte range: ${JSON.stringify(range)}`)
  }
}

/** True when the range is known to hold no byte, whatever the object's size. */
export function isEmptyRange(range: ByteRange | undefined): boolean {
  if (range === undefined) return false
  return 'suffix' in range ? range.suffix === 0 : range.start === range.end
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
