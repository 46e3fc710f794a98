import {
  atOnce,
  type ColumnStats,
  columnBuilder,
  compareValues,
  type DataType,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  outerMicros,
  type StatsTable,
  type Steps,
  type Value,
} from '@spillway/core'
import { widenValue } from '../../columns/widen-value.js'
import type { ParquetLeafInfo } from '../schema/parquet-types.js'
import type { ParquetColumnStatistics, ParquetFooter } from './parquet-metadata.js'

/** What a footer, or one row group of it, proves about a column. */
export interface FooterStats {
  /** Absent where unknown or where the column holds no values. */
  readonly lower?: Value | undefined
  readonly upper?: Value | undefined
  /** NaN where unknown. */
  readonly nullCount: number
  /** Bits of HOLDS_*. */
  readonly holds: number
}

const UNKNOWN: FooterStats = { nullCount: Number.NaN, holds: HOLDS_ANYTHING }

/**
 * Bounds of one leaf over all row groups, or over one, as values of `type`: the field's type now, which may be wider
 * than the file's. Unknown wherever any row group says nothing.
 */
export function footerStats(
  footer: ParquetFooter,
  leaf: number,
  options: { readonly type?: DataType; readonly rowGroup?: number } = {},
): FooterStats {
  const info = footer.leaves[leaf]
  if (info === undefined || info.maxRepetition > 0) return UNKNOWN
  const groups =
    options.rowGroup === undefined ? footer.rowGroups : [footer.rowGroups[options.rowGroup]!]
  const parts = groups.map(group =>
    chunkStats(group.columns[leaf]!, info, options.type ?? info.type),
  )
  return parts.length === 0 ? { nullCount: 0, holds: 0 } : parts.reduce(unionOfStats)
}

/** One row per footer, for the columns asked for; a file without a column, or without a footer, is unknown there. */
export function footerStatsTable(
  footers: readonly (ParquetFooter | undefined)[],
  columns: readonly {
    readonly fieldId: number
    readonly type: DataType
    readonly leafOf: (footer: ParquetFooter) => number | undefined
  }[],
): StatsTable {
  const recordCount = Float64Array.from(footers, footer => footer?.rowCount ?? Number.NaN)
  const rowStats = (column: (typeof columns)[number]) =>
    footers.map(footer => {
      const leaf = footer && column.leafOf(footer)
      return leaf === undefined ? UNKNOWN : footerStats(footer!, leaf, { type: column.type })
    })
  return {
    length: footers.length,
    recordCount,
    columns: new Map(
      columns.map(column => [column.fieldId, [columnStats(rowStats(column), column.type)]]),
    ),
  }
}

/** Rows of `FooterStats` as the columns pruning reads. */
export function columnStats(rows: readonly FooterStats[], type: DataType): ColumnStats {
  return atOnce(columnStatsInSteps(rows, type))
}

/** Rows that are taken in at once: some tenths of a millisecond. */
const ROWS_IN_A_STEP = 1024

/** `columnStats` of as many rows as there may be, in steps. */
export function* columnStatsInSteps(
  rows: readonly FooterStats[],
  type: DataType,
): Steps<ColumnStats> {
  const lower = columnBuilder(type, rows.length)
  const upper = columnBuilder(type, rows.length)
  const holds = new Uint8Array(rows.length)
  const nullCount = new Float64Array(rows.length)
  for (const [i, row] of rows.entries()) {
    if (i % ROWS_IN_A_STEP === ROWS_IN_A_STEP - 1) yield
    lower?.append(row.lower ?? null)
    upper?.append(row.upper ?? null)
    holds[i] = row.holds
    nullCount[i] = row.nullCount
  }
  return {
    holds,
    nullCount,
    ...(lower === undefined ? {} : { lower: lower.finish() }),
    ...(upper === undefined ? {} : { upper: upper.finish() }),
  }
}

function chunkStats(
  chunk: ParquetColumnStatistics,
  leaf: ParquetLeafInfo,
  type: DataType,
): FooterStats {
  const nullCount = chunk.nullCount ?? Number.NaN
  if (chunk.nullCount === chunk.valueCount) {
    return { nullCount, holds: chunk.valueCount === 0 ? 0 : HOLDS_NULLS }
  }
  // Parquet leaves NaN out of bounds and does not say that it was there.
  const isFloat = leaf.type === 'float' || leaf.type === 'double'
  const holds = HOLDS_VALUES | (nullCount === 0 ? 0 : HOLDS_NULLS) | (isFloat ? HOLDS_NANS : 0)
  const lower = chunk.min === undefined ? undefined : boundIn(type, chunk.min, leaf.type, 'lower')
  const upper = chunk.max === undefined ? undefined : boundIn(type, chunk.max, leaf.type, 'upper')
  // Bounds the wrong way round come from broken writers.
  if (lower !== undefined && upper !== undefined && compareValues(lower, upper) > 0) {
    return { nullCount, holds }
  }
  return {
    nullCount,
    holds,
    lower,
    upper,
  }
}

/** A file's nanoseconds under a type of microseconds are rounded outwards: a table's files may hold both. */
function boundIn(
  type: DataType,
  value: Value,
  from: DataType,
  side: 'lower' | 'upper',
): Value | undefined {
  const isCut =
    (from === 'timestamp_ns' && type === 'timestamp') ||
    (from === 'timestamptz_ns' && type === 'timestamptz')
  return isCut ? outerMicros(value as bigint, side) : widenValue(value, from, type)
}

/** What holds for both of two parts holds for the whole. A part without values does not widen the other's bounds. */
function unionOfStats(a: FooterStats, b: FooterStats): FooterStats {
  const lower = outer(a, b, 'lower', -1)
  const upper = outer(a, b, 'upper', 1)
  return {
    nullCount: a.nullCount + b.nullCount,
    holds: a.holds | b.holds,
    lower,
    upper,
  }
}

function outer(
  a: FooterStats,
  b: FooterStats,
  bound: 'lower' | 'upper',
  sign: 1 | -1,
): Value | undefined {
  if ((a.holds & HOLDS_VALUES) === 0) return b[bound]
  if ((b.holds & HOLDS_VALUES) === 0) return a[bound]
  const left = a[bound]
  const right = b[bound]
  if (left === undefined || right === undefined) return undefined
  return compareValues(left, right) * sign >= 0 ? left : right
}
