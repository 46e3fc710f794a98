import {
  compareValues,
  type DataType,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  type Value,
} from '@spillway/core'
import { decodeSingleValue } from '../bounds/single-value.js'
import type { PartitionRange } from './partition-bounds.js'

/** What a manifest holds in one partition field, as its manifest list says (spec, "Manifest Lists"). */
export interface FieldSummary {
  readonly containsNull: boolean
  readonly containsNan?: boolean
  readonly lower?: Uint8Array | undefined
  readonly upper?: Uint8Array | undefined
}

/** What a manifest's summary says of one partition field with values of `type`; undefined where that is nothing. */
export function summaryRange(
  summary: FieldSummary,
  type: DataType | undefined,
): PartitionRange | undefined {
  if (type === undefined) return undefined
  const lower = decodeBound(summary.lower, type)
  const upper = decodeBound(summary.upper, type)
  const floating = type === 'float' || type === 'double'
  const nulls = summary.containsNull ? HOLDS_NULLS : 0
  const nans = floating && summary.containsNan !== false ? HOLDS_NANS : 0
  if (summary.lower === undefined && summary.upper === undefined) {
    // No bounds: every value is null or NaN. Where neither is said to be there, nothing is known.
    const known = nulls !== 0 || (floating && summary.containsNan === true)
    return known ? { holds: nulls | nans } : undefined
  }
  const holds = HOLDS_VALUES | nulls | nans
  if (type === 'uuid') return uuidRange(lower, upper, holds)
  if (lower !== undefined && upper !== undefined && compareValues(lower, upper) > 0)
    return { holds }
  return {
    holds,
    lower,
    upper,
  }
}

function decodeBound(bytes: Uint8Array | undefined, type: DataType): Value | undefined {
  return bytes === undefined ? undefined : decodeSingleValue(bytes, type)
}

/** Java orders UUIDs by signed halves: only bounds that are one value mean the same to us. */
function uuidRange(
  lower: Value | undefined,
  upper: Value | undefined,
  holds: number,
): PartitionRange {
  if (lower === undefined || upper === undefined || compareValues(lower, upper) !== 0)
    return { holds }
  return { lower, upper, holds }
}

/** What a manifest's summaries say of its partition fields; undefined where they are none of these fields. */
export function summaryRanges(
  summaries: readonly FieldSummary[] | undefined,
  types: readonly (DataType | undefined)[],
): readonly (PartitionRange | undefined)[] | undefined {
  if (summaries?.length !== types.length) return undefined
  return summaries.map((summary, i) => summaryRange(summary, types[i]))
}

/** True unless the ranges prove that no file of their manifest has the partition `tuple`. */
export function rangesAdmit(
  ranges: readonly (PartitionRange | undefined)[] | undefined,
  tuple: readonly (Value | null)[],
): boolean {
  return ranges?.every((range, i) => admits(range, tuple[i]!)) ?? true
}

function admits(range: PartitionRange | undefined, value: Value | null): boolean {
  const { holds, lower, upper } = range ?? { holds: HOLDS_ANYTHING }
  if (value === null) return (holds & HOLDS_NULLS) !== 0
  if (Number.isNaN(value)) return (holds & HOLDS_NANS) !== 0
  if ((holds & HOLDS_VALUES) === 0) return false
  if (lower !== undefined && compareValues(value, lower) < 0) return false
  return upper === undefined || compareValues(value, upper) <= 0
}
