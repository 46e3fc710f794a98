import type { BytesColumn, Column, PlainColumn, Selection } from '@spillway/core'
import { compareAt, isSet } from './kernel-loops.js'

/** Members of an IN list, ascending and distinct, as a column stores them. */
export type Members =
  | { readonly kind: 'number'; readonly values: Float64Array }
  | { readonly kind: 'int64'; readonly values: BigInt64Array }
  | {
      readonly kind: 'bytes'
      readonly values: readonly Uint8Array[]
      /** Bytes that all members begin with. */
      readonly common: Uint8Array
      /** The six bytes after those, as one number, so that most comparisons are of numbers. */
      readonly heads: Float64Array
    }

export function byteMembers(values: readonly Uint8Array[]): Members {
  const common = commonPrefix(values)
  const heads = Float64Array.from(values, value => headOf(value, common.length, value.length))
  return { kind: 'bytes', values, common, heads }
}

export function memberCount({ values }: Members): number {
  return values.length
}

/** False where a bound is of another kind than the members: then it says nothing. */
export function sameKind(members: Members, bound: Column): boolean {
  const { kind } = bound.kind === 'dictionary' ? bound.values : bound
  if (members.kind === 'number') return kind === 'int32' || kind === 'float64'
  return members.kind === kind
}

/**
 * For each row the number of members strictly below its bound, or, with `inclusive`, at or below it; `missing` where
 * the bound is unknown or NaN.
 */
export function rankBounds(
  bound: Column,
  members: Members,
  { inclusive, missing }: { readonly inclusive: boolean; readonly missing: number },
  rows: Selection,
): Int32Array {
  const ranks = new Int32Array(rows.length)
  if (bound.kind === 'dictionary') {
    const { codes, values, validity } = bound
    const ofCode = rankBounds(values, members, { inclusive, missing }, everyCode(values))
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      ranks[i] = isSet(validity, row) ? ofCode[codes[row]!]! : missing
    }
    return ranks
  }
  const { validity } = bound
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    ranks[i] = isSet(validity, row) ? rankOf(bound, row, members, inclusive, missing) : missing
  }
  return ranks
}

/** Rows whose first rank is less than their second. */
export function keepRanked(first: Int32Array, second: Int32Array, rows: Selection): Selection {
  const kept = new Uint32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    kept[count] = rows[i]!
    if (first[i]! < second[i]!) count++
  }
  return kept.subarray(0, count)
}

function rankOf(
  bound: PlainColumn,
  row: number,
  members: Members,
  inclusive: boolean,
  missing: number,
): number {
  switch (members.kind) {
    case 'number':
      if (bound.kind !== 'int32' && bound.kind !== 'float64') return missing
      return rankNumber(bound.values[row]!, members.values, inclusive, missing)
    case 'int64':
      return bound.kind === 'int64'
        ? rankInt64(bound.values, row, members.values, inclusive)
        : missing
    case 'bytes':
      return bound.kind === 'bytes' ? rankBytes(bound, row, members, inclusive) : missing
  }
}

function rankNumber(
  value: number,
  members: Float64Array,
  inclusive: boolean,
  missing: number,
): number {
  if (Number.isNaN(value)) return missing
  let low = 0
  let high = members.length
  while (low < high) {
    const middle = (low + high) >> 1
    const member = members[middle]!
    if (value > member || (inclusive && value === member)) low = middle + 1
    else high = middle
  }
  return low
}

function rankInt64(
  values: BigInt64Array,
  row: number,
  members: BigInt64Array,
  inclusive: boolean,
): number {
  let low = 0
  let high = members.length
  if (inclusive) {
    while (low < high) {
      const middle = (low + high) >> 1
      if (values[row]! >= members[middle]!) low = middle + 1
      else high = middle
    }
  } else {
    while (low < high) {
      const middle = (low + high) >> 1
      if (values[row]! > members[middle]!) low = middle + 1
      else high = middle
    }
  }
  return low
}

/** By the bytes that all members share, then by the next six as a number; only ties compare what is left. */
function rankBytes(
  { data, offsets }: BytesColumn,
  row: number,
  { values, common, heads }: Extract<Members, { kind: 'bytes' }>,
  inclusive: boolean,
): number {
  const start = offsets[row]!
  const end = offsets[row + 1]!
  const order = compareAt(data, start, Math.min(end, start + common.length), common)
  if (order !== 0) return order < 0 ? 0 : values.length
  const head = headOf(data, start + common.length, end)
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >> 1
    const member = heads[middle]!
    const above =
      head === member
        ? isAbove(compareAt(data, start, end, values[middle]!), inclusive)
        : head > member
    if (above) low = middle + 1
    else high = middle
  }
  return low
}

function isAbove(order: number, inclusive: boolean): boolean {
  return order > 0 || (inclusive && order === 0)
}

/** Six bytes from `start`, big-endian, zeros after `end`: in the order of the bytes, but for ties. */
function headOf(data: Uint8Array, start: number, end: number): number {
  let head = 0
  for (let i = 0; i < 6; i++) head = head * 256 + (start + i < end ? data[start + i]! : 0)
  return head
}

function commonPrefix(sorted: readonly Uint8Array[]): Uint8Array {
  const first = sorted[0] ?? new Uint8Array(0)
  const last = sorted.at(-1) ?? first
  let length = 0
  while (length < first.length && length < last.length && first[length] === last[length]) length++
  return first.subarray(0, length)
}

function everyCode(values: PlainColumn): Selection {
  const length = values.kind === 'bytes' ? values.offsets.length - 1 : values.values.length
  const codes = new Uint32Array(length)
  for (let code = 0; code < length; code++) codes[code] = code
  return codes
}
