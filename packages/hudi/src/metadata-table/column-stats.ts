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
import { type AvroObject, type AvroValue, type FooterStats, widenValue } from '@spillway/encoding'
import { bigEndian } from '../schema/big-endian.js'
import { unionStatistics } from './union-statistics.js'

/** Ordinals of org.apache.hudi.stats.ValueType. */
const DECIMAL = 10
const TIMESTAMP_MILLIS = new Set([15, 18])
const TIMESTAMP_MICROS = new Set([16, 19])
const TIMESTAMP_NANOS = new Set([17, 20])
const LONG_WRAPPERS = new Set(['LongWrapper', 'TimestampMicrosWrapper', 'TimeMicrosWrapper'])
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
    const stats = record.ColumnStatsMetadata
    if (!isRecord(stats) || stats.isDeleted) {
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

/**
 * A HoodieMetadataColumnStats as the tech spec names its members: what is not as the spec says proves nothing, since the schema
 * of an index is its writer's own.
 */
function statsOf(stats: AvroObject, type: PrimitiveType): FooterStats | undefined {
  if (!isCount(stats.valueCount) || !isCount(stats.nullCount)) return undefined
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

function isRecord(value: AvroValue | undefined): value is AvroObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(Array.isArray(value) || value instanceof Map || value instanceof Uint8Array)
  )
}

function isCount(value: AvroValue | undefined): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number'
}

function boundOf(
  stats: AvroObject,
  bound: AvroValue | undefined,
  type: PrimitiveType,
  side: 'lower' | 'upper',
): Value | undefined {
  if (!isRecord(bound) || typeof bound.wrapper !== 'string' || !isRecord(bound.value)) {
    return undefined
  }
  const { value } = bound.value
  const decoded = decode(bound.wrapper, value, kindOf(stats), { type, side })
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

/** Since version 2 of the index: what the values are, beside their wrapper. Undefined in the first. */
type ValueKind = AvroObject | undefined

function kindOf({ valueType }: AvroObject): ValueKind {
  if (valueType === null || valueType === undefined) return undefined
  return isRecord(valueType) ? valueType : {}
}

function decode(
  wrapper: string,
  value: AvroValue | undefined,
  kind: ValueKind,
  target: { readonly type: PrimitiveType; readonly side: 'lower' | 'upper' },
): Value | undefined {
  if (typeof value === 'bigint') return decodeLong(wrapper, value, kind, target.type)
  if (typeof value === 'number') return decodeNumber(wrapper, value, target.type)
  if (value instanceof Uint8Array) {
    if (wrapper === 'BytesWrapper') return decodeBytes(value, kind, target.type)
    return wrapper === 'DecimalWrapper' ? rescale(bigEndian(value), V1_SCALE, target) : undefined
  }
  if (typeof value === 'boolean') {
    return wrapper === 'BooleanWrapper' && target.type === 'boolean' ? value : undefined
  }
  if (typeof value !== 'string') return undefined
  return wrapper === 'StringWrapper' && target.type === 'string' ? value : undefined
}

function decodeNumber(wrapper: string, value: number, type: PrimitiveType): Value | undefined {
  switch (wrapper) {
    case 'IntWrapper':
      return type === 'date' ? value : widenValue(value, 'int', type)
    case 'DateWrapper':
    case 'LocalDateWrapper':
      return type === 'date' ? value : undefined
    case 'FloatWrapper':
      return type === 'float' || type === 'double' ? value : undefined
    case 'DoubleWrapper':
      return type === 'double' ? value : undefined
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
  if (!LONG_WRAPPERS.has(wrapper)) return undefined
  const ordinal = typeof kind?.typeOrdinal === 'number' ? kind.typeOrdinal : undefined
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
function scaleOf(info: AvroValue | undefined): number | undefined {
  const match = /^\s*\d+\s*,\s*(\d+)\s*$/.exec(typeof info === 'string' ? info : '')
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
