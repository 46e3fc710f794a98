import {
  type ColumnBuilder,
  type ColumnStats,
  columnBuilder,
  type DataType,
  type Field,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  Pace,
  type PartitionField,
  type PlainColumn,
  type Steps,
  type Value,
} from '@spillway/core'
import { type Interval, sourceInterval } from './transform-interval.js'

/** What some files hold in one partition field, in the field's own values. */
export interface PartitionRange {
  readonly lower?: Value | undefined
  readonly upper?: Value | undefined
  /** Bits of HOLDS_*. */
  readonly holds: number
}

/** Statistics of a source column from one partition field, for a table of ranges. */
export interface PartitionStatistics {
  readonly sourceId: number
  readonly holds: Uint8Array
  readonly lower: PlainColumn
  readonly upper: PlainColumn
  readonly bucketCount?: number | undefined
}

/** Ranges that are looked at in a step, where their values are short: a millisecond. */
const STEP_BYTES = 128 * 1024

export interface PartitionRanges {
  readonly length: number
  /** The range of a row; undefined where it says nothing. */
  readonly at: (row: number) => PartitionRange | undefined
}

/**
 * Partition values as bounds of their source column, in steps: each range is the interval of source values it stands for.
 * Undefined where the field as a whole says nothing (void, unknown transforms, sources that the schema no longer has).
 */
export function* partitionStatistics(
  field: PartitionField,
  source: Field | undefined,
  ranges: PartitionRanges,
): Steps<PartitionStatistics | undefined> {
  const { transform } = field
  if (source === undefined || transform.kind === 'void' || transform.kind === 'unknown') {
    return undefined
  }
  const boundType: DataType = transform.kind === 'bucket' ? 'int' : source.type
  const lower = columnBuilder(boundType, ranges.length)
  const upper = columnBuilder(boundType, ranges.length)
  if (lower === undefined || upper === undefined) return undefined
  const holds = new Uint8Array(ranges.length)
  const pace = new Pace(STEP_BYTES)
  for (let row = 0; row < ranges.length; row++) {
    const range = ranges.at(row)
    holds[row] = range?.holds ?? HOLDS_ANYTHING
    const bounds = range && intervalOf(field, source.type, range)
    append(lower, bounds?.lower)
    append(upper, bounds?.upper)
    if (pace.isOver(bytesOf(bounds?.upper))) yield
  }
  return {
    sourceId: source.id,
    holds,
    lower: lower.finish(),
    upper: upper.finish(),
    ...(transform.kind === 'bucket' ? { bucketCount: transform.width } : {}),
  }
}

function intervalOf(
  { transform }: PartitionField,
  type: DataType,
  range: PartitionRange,
): Interval | undefined {
  if (transform.kind === 'bucket') return range
  return sourceInterval(transform, type, range)
}

/** Bytes of a value, about: of numbers what all values take is enough. */
function bytesOf(value: Value | null | undefined): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 0
}

function append(builder: ColumnBuilder, value: Value | undefined): void {
  builder.append(value === undefined || Number.isNaN(value) ? null : value)
}

/** The range of one file's partition value: all its rows have it. */
export function singleValueRange(value: Value | null): PartitionRange {
  if (value === null) return { holds: HOLDS_NULLS }
  if (typeof value === 'number' && Number.isNaN(value)) return { holds: HOLDS_NANS }
  return { lower: value, upper: value, holds: HOLDS_VALUES }
}

/** Statistics of tuples as statistics of the files that have them. */
export function spreadStatistics(statistics: PartitionStatistics, codes: Uint32Array): ColumnStats {
  const holds = new Uint8Array(codes.length)
  for (let row = 0; row < codes.length; row++) holds[row] = statistics.holds[codes[row]!]!
  return {
    holds,
    lower: { kind: 'dictionary', codes, values: statistics.lower },
    upper: { kind: 'dictionary', codes, values: statistics.upper },
    bucketCount: statistics.bucketCount,
  }
}
