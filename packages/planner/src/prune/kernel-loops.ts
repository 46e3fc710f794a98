import type { Bitmap, BytesColumn, Selection } from '@spillway/core'

export type Bits = Bitmap | undefined

/** A bound and the limit it is held against, of one kind. */
export type Side = Int32Side | Float64Side | Int64Side | BytesSide | DictionarySide

interface Against<Value> {
  readonly bits: Bits
  readonly limit: Value
  readonly open: boolean
}
export interface Int32Side extends Against<number> {
  readonly kind: 'int32'
  readonly values: Int32Array
}
export interface Float64Side extends Against<number> {
  readonly kind: 'float64'
  readonly values: Float64Array
}
export interface Int64Side extends Against<bigint> {
  readonly kind: 'int64'
  readonly values: BigInt64Array
}
export interface BytesSide extends Against<Uint8Array> {
  readonly kind: 'bytes'
  readonly column: BytesColumn
}
interface DictionarySide {
  readonly kind: 'dictionary'
  readonly codes: Uint32Array
  readonly bits: Bits
  readonly side: Side
  readonly count: number
}

/** 1: beyond is above the limit; -1: below it. */
export type Direction = 1 | -1

/** Drops rows whose lower bound is above, or whose upper bound is below, or which hold nothing of `mask`. */
export function keepInt32(
  low: Int32Side,
  high: Int32Side,
  holds: Bits,
  mask: number,
  rows: Selection,
) {
  const kept = new Uint32Array(rows.length)
  const { values: lower, bits: lowerBits } = low
  const { values: upper, bits: upperBits } = high
  const above = low.open ? low.limit - 1 : low.limit
  const below = high.open ? high.limit + 1 : high.limit
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    kept[count] = row
    if (lower[row]! > above && isSet(lowerBits, row)) continue
    if (upper[row]! < below && isSet(upperBits, row)) continue
    if (holds === undefined || (holds[row]! & mask) !== 0) count++
  }
  return kept.subarray(0, count)
}

/** `keepInt32` in 64 bits, exactly. */
export function keepInt64(
  low: Int64Side,
  high: Int64Side,
  holds: Bits,
  mask: number,
  rows: Selection,
) {
  const kept = new Uint32Array(rows.length)
  const { values: lower, bits: lowerBits } = low
  const { values: upper, bits: upperBits } = high
  const above = low.open ? low.limit - 1n : low.limit
  const below = high.open ? high.limit + 1n : high.limit
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    kept[count] = row
    if (lower[row]! > above && isSet(lowerBits, row)) continue
    if (upper[row]! < below && isSet(upperBits, row)) continue
    if (holds === undefined || (holds[row]! & mask) !== 0) count++
  }
  return kept.subarray(0, count)
}

/** Drops rows proved to lie beyond the limit. */
export function keepInt32s(
  { values, bits, limit, open }: Int32Side,
  direction: Direction,
  rows: Selection,
) {
  const kept = new Uint32Array(rows.length)
  const beyond = limit * direction
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const value = values[row]! * direction
    kept[count] = row
    if (!(value > beyond || (open && value === beyond)) || !isSet(bits, row)) count++
  }
  return kept.subarray(0, count)
}

/** `keepInt32s` of doubles; a NaN bound compares false and is kept. */
export function keepFloat64s(
  { values, bits, limit, open }: Float64Side,
  direction: Direction,
  rows: Selection,
) {
  const kept = new Uint32Array(rows.length)
  const beyond = limit * direction
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const value = values[row]! * direction
    kept[count] = row
    if (!(value > beyond || (open && value === beyond)) || !isSet(bits, row)) count++
  }
  return kept.subarray(0, count)
}

/** `keepInt32s` in 64 bits, exactly: one loop a direction, since a bigint would be allocated to turn its sign. */
export function keepInt64s(
  { values, bits, limit, open }: Int64Side,
  direction: Direction,
  rows: Selection,
) {
  const kept = new Uint32Array(rows.length)
  const end = open ? limit - BigInt(direction) : limit
  let count = 0
  if (direction === 1) {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      kept[count] = row
      if (!(values[row]! > end) || !isSet(bits, row)) count++
    }
  } else {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      kept[count] = row
      if (!(values[row]! < end) || !isSet(bits, row)) count++
    }
  }
  return kept.subarray(0, count)
}

/** `keepInt32s` of texts, by unsigned bytes. */
export function keepByteRows(
  { column, bits, limit, open }: BytesSide,
  direction: Direction,
  rows: Selection,
) {
  const { data, offsets } = column
  const kept = new Uint32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const order = compareAt(data, offsets[row]!, offsets[row + 1]!, limit) * direction
    kept[count] = row
    if (!(order > 0 || (open && order === 0)) || !isSet(bits, row)) count++
  }
  return kept.subarray(0, count)
}

/** Drops rows whose code is not flagged; rows without a code stay. */
export function keepCodes(
  codes: Uint32Array,
  bits: Bits,
  flags: Uint8Array,
  rows: Selection,
): Selection {
  const kept = new Uint32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    kept[count] = row
    if (flags[codes[row]!] !== 0 || !isSet(bits, row)) count++
  }
  return kept.subarray(0, count)
}

export function isSet(bits: Bits, row: number): boolean {
  return bits === undefined || (bits[row >> 3]! & (1 << (row & 7))) !== 0
}

/** The order of `data[start..end)` against `value`: unsigned bytes, shorter first on a tie. */
export function compareAt(data: Uint8Array, start: number, end: number, value: Uint8Array): number {
  const shared = Math.min(end - start, value.length)
  for (let i = 0; i < shared; i++) {
    const difference = data[start + i]! - value[i]!
    if (difference !== 0) return difference
  }
  return end - start - value.length
}
