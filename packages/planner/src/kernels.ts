import { type BytesColumn, type Column, isValid, type Selection } from '@spillway/core'

/** A literal as a column stores it: int32 and float64 as number, int64 as bigint, bytes as bytes. */
export type Raw = number | bigint | Uint8Array

/** What a bound must be proved to be, against a value, for its row to go. */
export type BoundTest = 'below' | 'atMost' | 'above' | 'atLeast'

type Bits = Uint8Array | undefined

/** Keeps the rows whose bound is missing, NaN, or does not pass `test` against `value`. */
export function dropWhere(bound: Column, test: BoundTest, value: Raw, rows: Selection): Selection {
  switch (bound.kind) {
    case 'int32':
      return typeof value === 'number'
        ? dropInt32(bound.values, bound.validity, test, value, rows)
        : rows
    case 'float64':
      return typeof value === 'number'
        ? dropFloat64(bound.values, bound.validity, test, value, rows)
        : rows
    case 'int64':
      return typeof value === 'bigint'
        ? dropInt64(bound.values, bound.validity, test, value, rows)
        : rows
    case 'bytes':
      return value instanceof Uint8Array ? dropBytes(bound, test, value, rows) : rows
    case 'dictionary': {
      const { codes, values, validity } = bound
      const kept = dropWhere(values, test, value, everyValue(values))
      return keepCodes(codes, validity, flagsOf(kept, lengthOf(values)), rows)
    }
  }
}

/** Keeps the rows that may hold something of `mask`; a clear bit is proof of absence. */
export function keepHolding(holds: Bits, mask: number, rows: Selection): Selection {
  if (holds === undefined) return rows
  const kept = new Uint32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    kept[count] = row
    if ((holds[row]! & mask) !== 0) count++
  }
  return kept.subarray(0, count)
}

/** Keeps rows whose bound is not proved to pass: `test` is resolved outside the loop. */
function dropInt32(
  values: Int32Array,
  bits: Bits,
  test: BoundTest,
  value: number,
  rows: Selection,
) {
  // Integers: `<= v` is `< v + 1`, in doubles without overflow.
  if (test === 'atMost') return dropInt32(values, bits, 'below', Math.floor(value) + 1, rows)
  if (test === 'atLeast') return dropInt32(values, bits, 'above', Math.ceil(value) - 1, rows)
  const kept = new Uint32Array(rows.length)
  let count = 0
  if (test === 'below') {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      kept[count] = row
      if (!(values[row]! < value) || isNullBit(bits, row)) count++
    }
  } else {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      kept[count] = row
      if (!(values[row]! > value) || isNullBit(bits, row)) count++
    }
  }
  return kept.subarray(0, count)
}

/** Keeps rows whose bound is NaN or not proved to pass. */
function dropFloat64(
  values: Float64Array,
  bits: Bits,
  test: BoundTest,
  value: number,
  rows: Selection,
) {
  const kept = new Uint32Array(rows.length)
  const wanted = test === 'below' || test === 'atMost' ? -1 : 1
  // `sign * bound > sign * value`, so that one loop serves both directions; NaN compares false and is kept.
  const limit = value * wanted
  const orEqual = test === 'atMost' || test === 'atLeast'
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const bound = values[row]! * wanted
    kept[count] = row
    if (!(bound > limit || (orEqual && bound === limit)) || isNullBit(bits, row)) count++
  }
  return kept.subarray(0, count)
}

/** Keeps rows whose bound is not proved to pass, exactly, in 64 bits. */
function dropInt64(
  values: BigInt64Array,
  bits: Bits,
  test: BoundTest,
  value: bigint,
  rows: Selection,
) {
  const kept = new Uint32Array(rows.length)
  let count = 0
  if (test === 'below' || test === 'atMost') {
    const limit = test === 'below' ? value : value + 1n
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      kept[count] = row
      if (!(values[row]! < limit) || isNullBit(bits, row)) count++
    }
  } else {
    const limit = test === 'above' ? value : value - 1n
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      kept[count] = row
      if (!(values[row]! > limit) || isNullBit(bits, row)) count++
    }
  }
  return kept.subarray(0, count)
}

/** Keeps rows whose bound is not proved to pass, by unsigned bytes. */
function dropBytes(column: BytesColumn, test: BoundTest, value: Uint8Array, rows: Selection) {
  const { offsets, data, validity } = column
  const kept = new Uint32Array(rows.length)
  const sign = test === 'below' || test === 'atMost' ? -1 : 1
  const equal = test === 'atMost' || test === 'atLeast'
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const order = compareAt(data, offsets[row]!, offsets[row + 1]!, value) * sign
    kept[count] = row
    if (!(order > 0 || (equal && order === 0)) || isNullBit(validity, row)) count++
  }
  return kept.subarray(0, count)
}

/** Keeps rows whose code is flagged, and rows without one. */
function keepCodes(codes: Uint32Array, bits: Bits, flags: Uint8Array, rows: Selection): Selection {
  const kept = new Uint32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    kept[count] = row
    if (flags[codes[row]!] !== 0 || isNullBit(bits, row)) count++
  }
  return kept.subarray(0, count)
}

function isNullBit(bits: Bits, row: number): boolean {
  return bits !== undefined && (bits[row >> 3]! & (1 << (row & 7))) === 0
}

/** The order of `data[start..end)` against `value`: unsigned bytes, shorter first on a tie. */
function compareAt(data: Uint8Array, start: number, end: number, value: Uint8Array): number {
  const shared = Math.min(end - start, value.length)
  for (let i = 0; i < shared; i++) {
    const difference = data[start + i]! - value[i]!
    if (difference !== 0) return difference
  }
  return end - start - value.length
}

/** How many values a column holds. */
export function lengthOf(column: Column): number {
  if (column.kind === 'bytes') return column.offsets.length - 1
  return column.kind === 'dictionary' ? column.codes.length : column.values.length
}

function everyValue(column: Column): Selection {
  const rows = new Uint32Array(lengthOf(column))
  for (let row = 0; row < rows.length; row++) rows[row] = row
  return rows
}

function flagsOf(kept: Selection, length: number): Uint8Array {
  const flags = new Uint8Array(length)
  for (let i = 0; i < kept.length; i++) flags[kept[i]!] = 1
  return flags
}

/** Literals of one column's kind, ascending and distinct. */
export type SortedValues = readonly number[] | readonly bigint[] | readonly Uint8Array[]

/**
 * For each row, how many of `sorted` lie below its bound (`atLeast`: strictly below; `above`: at or below), and
 * `missing` where the bound is unknown or NaN.
 */
export function rankBounds(
  bound: Column,
  sorted: SortedValues,
  side: 'atLeast' | 'above',
  missing: number,
  rows: Selection,
): Int32Array {
  const ranks = new Int32Array(rows.length)
  if (bound.kind === 'dictionary') {
    const { codes, values, validity } = bound
    const ofValue = rankBounds(values, sorted, side, missing, everyValue(values))
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      ranks[i] = isNullBit(validity, row) ? missing : ofValue[codes[row]!]!
    }
    return ranks
  }
  const orEqual = side === 'above'
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    ranks[i] = isValid(bound, row) ? rankOf(bound, row, sorted, orEqual, missing) : missing
  }
  return ranks
}

function rankOf(
  bound: Exclude<Column, { kind: 'dictionary' }>,
  row: number,
  sorted: SortedValues,
  orEqual: boolean,
  missing: number,
): number {
  let low = 0
  let high = sorted.length
  if (bound.kind === 'float64' && Number.isNaN(bound.values[row])) return missing
  while (low < high) {
    const middle = (low + high) >> 1
    const order = compareBound(bound, row, sorted[middle]!)
    if (order > 0 || (orEqual && order === 0)) low = middle + 1
    else high = middle
  }
  return low
}

function compareBound(
  bound: Exclude<Column, { kind: 'dictionary' }>,
  row: number,
  value: Raw,
): number {
  if (bound.kind === 'bytes') {
    return compareAt(bound.data, bound.offsets[row]!, bound.offsets[row + 1]!, value as Uint8Array)
  }
  const stored = bound.values[row]!
  if (value instanceof Uint8Array) return 0
  return stored > value ? 1 : stored < value ? -1 : 0
}
