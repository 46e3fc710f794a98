import type { Column } from './column.js'

/** What a column may hold within a row's files. A clear bit proves absence; an unknown row has all three set. */
export const HOLDS_VALUES = 1
export const HOLDS_NULLS = 2
export const HOLDS_NANS = 4

/**
 * Statistics of one column, from one source. `lower <= v <= upper` for every value v that is neither null nor NaN,
 * of every live row: the reader widens until that is true, or leaves the row null. Nothing else may be assumed.
 */
export interface ColumnStats {
  /** Bits of HOLDS_*. Absent means anything. */
  readonly holds?: Uint8Array
  readonly lower?: Column | undefined
  readonly upper?: Column | undefined
  /** NaN where unknown. For recipients; pruning reads `holds`. */
  readonly nullCount?: Float64Array
  /** Present: the bounds are of bucket numbers out of this many, and only eq and in can use them. */
  readonly bucketCount?: number | undefined
}

/** Bounds for `length` things: manifests, data files or Parquet row groups. Pruning is written once, against this. */
export interface StatsTable {
  readonly length: number
  /** NaN where unknown. */
  readonly recordCount: Float64Array
  /**
   * What is known about a column, by field id of the schema it was asked under: column statistics, and what the
   * partition values imply about their source column. Each entry alone may prove a row out.
   */
  readonly columns: ReadonlyMap<number, readonly ColumnStats[]>
}

/** `holds` of a row about which nothing is known. */
export const HOLDS_ANYTHING = HOLDS_VALUES | HOLDS_NULLS | HOLDS_NANS

/** A table that knows nothing about `length` rows, so that pruning keeps them all. */
export function unknownStats(length: number): StatsTable {
  return { length, recordCount: new Float64Array(length).fill(Number.NaN), columns: new Map() }
}
