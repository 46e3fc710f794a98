import { type Column, type Selection, selectAll } from '@spillway/core'
import {
  type Bits,
  type Direction,
  keepByteRows,
  keepCodes,
  keepFloat64s,
  keepInt32,
  keepInt32s,
  keepInt64,
  keepInt64s,
  type Side,
} from './kernel-loops.js'

/** A literal as a column stores it: int32 and float64 as number, int64 as bigint, bytes as bytes. */
export type Raw = number | bigint | Uint8Array

/** One end of an interval; `open` where the end itself is outside. */
export interface Limit {
  readonly value: Raw
  readonly open: boolean
}

/** Bounds of a column, and what it may hold: the part of ColumnStats that kernels read. */
export interface Bounds {
  readonly lower?: Column | undefined
  readonly upper?: Column | undefined
  readonly holds?: Uint8Array
}

/** The interval that a match lies in: a row goes when its lower bound is above it, or its upper bound below. */
export interface Interval {
  readonly least?: Limit
  readonly greatest?: Limit
}

/**
 * Rows whose [lower, upper] may meet `interval` and which may hold something of `mask`. A bound that is missing, NaN or
 * of another kind than the limit proves nothing.
 */
export function keepWithin(
  { lower, upper, holds }: Bounds,
  { least, greatest }: Interval,
  mask: number,
  rows: Selection,
): Selection {
  const low = greatest && lower && sideOf(lower, greatest)
  const high = least && upper && sideOf(upper, least)
  if (low !== undefined && high !== undefined && lower!.kind === upper!.kind) {
    const kept = keepBoth(low, high, holds, mask, rows)
    if (kept !== undefined) return kept
  }
  let kept = rows
  if (low !== undefined) kept = keepInside(low, 1, kept)
  if (high !== undefined) kept = keepInside(high, -1, kept)
  return keepHolding(holds, mask, kept)
}

/** Rows that may hold something of `mask`; a clear bit is proof of absence. */
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

function sideOf(bound: Column, { value, open }: Limit): Side | undefined {
  const bits = bound.validity
  switch (bound.kind) {
    case 'int32':
      if (typeof value !== 'number') return undefined
      return { kind: 'int32', values: bound.values, bits, limit: value, open }
    case 'float64':
      if (typeof value !== 'number') return undefined
      return { kind: 'float64', values: bound.values, bits, limit: value, open }
    case 'int64':
      if (typeof value !== 'bigint') return undefined
      return { kind: 'int64', values: bound.values, bits, limit: value, open }
    case 'bytes':
      if (!(value instanceof Uint8Array)) return undefined
      return { kind: 'bytes', column: bound, bits, limit: value, open }
    case 'dictionary': {
      const side = sideOf(bound.values, { value, open })
      const count = lengthOf(bound.values)
      return side && { kind: 'dictionary', codes: bound.codes, bits, side, count }
    }
  }
}

/** Both bounds in one pass, where their layouts are alike; undefined where they are not. */
function keepBoth(
  low: Side,
  high: Side,
  holds: Bits,
  mask: number,
  rows: Selection,
): Selection | undefined {
  if (low.kind === 'int32' && high.kind === 'int32') return keepInt32(low, high, holds, mask, rows)
  if (low.kind === 'int64' && high.kind === 'int64') return keepInt64(low, high, holds, mask, rows)
  if (low.kind !== 'dictionary' || high.kind !== 'dictionary' || low.codes !== high.codes) {
    return undefined
  }
  const flags = flagsOf(keepInside(low.side, 1, selectAll(low.count)), low.count)
  const both = flagsOf(keepInside(high.side, -1, selectAll(high.count)), high.count)
  for (let code = 0; code < flags.length; code++) flags[code]! &= both[code]!
  return keepHolding(holds, mask, keepCodes(low.codes, low.bits, flags, rows))
}

/** Drops rows whose bound is proved to lie beyond the limit. */
function keepInside(side: Side, direction: Direction, rows: Selection): Selection {
  switch (side.kind) {
    case 'int32':
      return keepInt32s(side, direction, rows)
    case 'float64':
      return keepFloat64s(side, direction, rows)
    case 'int64':
      return keepInt64s(side, direction, rows)
    case 'bytes':
      return keepByteRows(side, direction, rows)
    case 'dictionary': {
      const flags = flagsOf(keepInside(side.side, direction, selectAll(side.count)), side.count)
      return keepCodes(side.codes, side.bits, flags, rows)
    }
  }
}

/** How many values a column holds. */
function lengthOf(column: Column): number {
  if (column.kind === 'bytes') return column.offsets.length - 1
  return column.kind === 'dictionary' ? column.codes.length : column.values.length
}

function flagsOf(kept: Selection, length: number): Uint8Array {
  const flags = new Uint8Array(length)
  for (let i = 0; i < kept.length; i++) flags[kept[i]!] = 1
  return flags
}
