import {
  compareValues,
  type FieldPath,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  leafOf,
  type PrimitiveType,
  typeName,
  type Value,
} from '@spillway/core'
import { type AvroObject, type FooterStats, widenValue } from '@spillway/encoding'
import { bigEndian } from '../schema/big-endian.js'
import { unionStatistics } from './union-statistics.js'

/** HoodieMetadataColumnStats as it comes from the index. Names of the tech spec. */
interface ColumnStatsRecord {
  readonly minValue: WrappedBound
  readonly maxValue: WrappedBound
  readonly valueCount: bigint | null
  readonly nullCount: bigint | null
  readonly isDeleted: boolean
  readonly isTightBound?: boolean
  /** Since version 2 of the index: what the values are, beside their wrapper. */
  readonly valueType?: {
    readonly typeOrdinal: number
    readonly additionalInfo: string | null
  } | null
}

type WrappedBound = { readonly wrapper: string; readonly value: { readonly value: unknown } } | null

/** Ordinals of org.apache.hudi.stats.ValueType. */
const DECIMAL = 10
const TIMESTAMP_MILLIS = new Set([15, 18])
const TIMESTAMP_MICROS = new Set([16, 19])
const TIMESTAMP_NANOS = new Set([17, 20])
/** The first version of the index stores every decimal at this scale. */
const V1_SCALE = 15

/** What the records under one key prove, oldest first; undefined where nothing. */
export function columnStatistics(
  records: readonly AvroObject[] | undefined,
  path: FieldPath,
): FooterStats | undefined {
  let statistics: FooterStats | undefined
  let known = false
  for (const record of records ?? []) {
    const stats = record.ColumnStatsMetadata as unknown as ColumnStatsRecord | null | undefined
    if (stats === null || stats === undefined || stats.isDeleted) {
      known = false
      continue
    }
    const next = statsOf(stats, leafOf(path).type as PrimitiveType)
    // Statistics of one file are written once; several records add to each other unless one says it is exact.
    statistics =
      known && stats.isTightBound !== true ? unionStatistics(statistics, next, compareValues) : next
    known = true
  }
  return known ? statistics : undefined
}

function statsOf(stats: ColumnStatsRecord, type: PrimitiveType): FooterStats | undefined {
  if (stats.valueCount === null || stats.nullCount === null) return undefined
  const nullCount = Number(stats.nullCount)
  const values = Number(stats.valueCount) - nullCount
  if (values < 0) return undefined
  const nulls = nullCount > 0 ? HOLDS_NULLS : 0
  if (values === 0) return { nullCount, holds: nulls }
  const isFloat = type === 'float' || type === 'double'
  // Counted as values, and left out of the bounds that come from Parquet.
  const holds = nulls | HOLDS_VALUES | (isFloat ? HOLDS_NANS : 0)
  const lower = boundOf(stats, stats.minValue, type, 'lower')
  const upper = boundOf(stats, stats.maxValue, type, 'upper')
  if (lower !== undefined && upper !== undefined && compareValues(lower, upper) > 0) {
    return { nullCount, holds: HOLDS_ANYTHING }
  }
  return {
    nullCount,
    holds,
    lower,
    upper,
  }
}

function boundOf(
  stats: ColumnStatsRecord,
  bound: WrappedBound,
  type: PrimitiveType,
  side: 'lower' | 'upper',
): Value | undefined {
  if (bound === null) return undefined
  const { value } = bound.value
  const decoded = decode(bound.wrapper, value, stats.valueType ?? undefined, { type, side })
  if (typeof decoded === 'number' && Number.isNaN(decoded)) return undefined
  return typeof decoded === 'string' && misordered(decoded, side) ? undefined : decoded
}

/**
 * Bounds of log records were found with Java's order of strings, by UTF-16 unit. It differs from the order of UTF-8
 * bytes only between surrogates and what lies above them.
 */
function misordered(text: string, side: 'lower' | 'upper'): boolean {
  return side === 'lower' ? /[\ud800-\udfff]/.test(text) : /[\ue000-\uffff]/.test(text)
}

type ValueKind =
  | { readonly typeOrdinal: number; readonly additionalInfo: string | null }
  | undefined

function decode(
  wrapper: string,
  value: unknown,
  kind: ValueKind,
  target: { readonly type: PrimitiveType; readonly side: 'lower' | 'upper' },
): Value | undefined {
  const { type } = target
  switch (wrapper) {
    case 'BooleanWrapper':
      return type === 'boolean' ? (value as boolean) : undefined
    case 'IntWrapper':
      if (type === 'date') return value as number
      return widenValue(value as number, 'int', type)
    case 'DateWrapper':
    case 'LocalDateWrapper':
      return type === 'date' ? (value as number) : undefined
    case 'LongWrapper':
    case 'TimestampMicrosWrapper':
    case 'TimeMicrosWrapper':
      return decodeLong(wrapper, value as bigint, kind, type)
    case 'FloatWrapper':
      return type === 'float' || type === 'double' ? (value as number) : undefined
    case 'DoubleWrapper':
      return type === 'double' ? (value as number) : undefined
    case 'StringWrapper':
      return type === 'string' ? (value as string) : undefined
    case 'BytesWrapper':
      return decodeBytes(value as Uint8Array, kind, type)
    case 'DecimalWrapper':
      return rescale(bigEndian(value as Uint8Array), V1_SCALE, target)
    default:
      return undefined
  }
}

function decodeLong(
  wrapper: string,
  value: bigint,
  kind: ValueKind,
  type: PrimitiveType,
): Value | undefined {
  const ordinal = kind?.typeOrdinal
  if (type === 'timestamptz' || type === 'timestamp') {
    if (ordinal !== undefined && TIMESTAMP_MILLIS.has(ordinal)) return value * 1000n
    if (ordinal !== undefined && TIMESTAMP_MICROS.has(ordinal)) return value
    // The first version wraps micros; a bare long does not say its unit.
    return kind === undefined && wrapper === 'TimestampMicrosWrapper' ? value : undefined
  }
  if (type === 'timestamptz_ns' || type === 'timestamp_ns') {
    return ordinal !== undefined && TIMESTAMP_NANOS.has(ordinal) ? value : undefined
  }
  return wrapper === 'LongWrapper' ? widenValue(value, 'long', type) : undefined
}

function decodeBytes(value: Uint8Array, kind: ValueKind, type: PrimitiveType): Value | undefined {
  if (typeof type === 'object' && type.kind === 'decimal') {
    const scale = kind?.typeOrdinal === DECIMAL ? scaleOf(kind.additionalInfo) : undefined
    if (scale === undefined) return undefined
    const from = { kind: 'decimal', precision: 38, scale } as const
    return scale === type.scale ? bigEndian(value) : widenValue(bigEndian(value), from, type)
  }
  return type === 'binary' || typeName(type).startsWith('fixed') ? value : undefined
}

/** `precision,scale` */
function scaleOf(info: string | null): number | undefined {
  const match = /^\s*\d+\s*,\s*(\d+)\s*$/.exec(info ?? '')
  return match === null ? undefined : Number(match[1])
}

/** A bound at the scale of the column, rounded outwards where that has fewer digits than the index. */
function rescale(
  unscaled: bigint,
  scale: number,
  { type, side }: { readonly type: PrimitiveType; readonly side: 'lower' | 'upper' },
): Value | undefined {
  if (typeof type !== 'object' || type.kind !== 'decimal' || type.scale > scale) return undefined
  const divisor = 10n ** BigInt(scale - type.scale)
  const quotient = unscaled / divisor
  const rest = unscaled % divisor
  if (rest === 0n) return quotient
  if (side === 'lower') return rest < 0n ? quotient - 1n : quotient
  return rest > 0n ? quotient + 1n : quotient
}
