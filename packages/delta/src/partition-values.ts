import {
  type DataType,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  type Value,
} from '@spillway/core'
import { fitsPrecision, parseDecimal } from './decimal.js'
import { parseDate, parseTimestamp } from './temporal.js'

/** A partition value as rows of the file read it, and what it proves about them. */
export interface PartitionValue {
  readonly value: Value | null
  readonly lower: Value | null
  readonly upper: Value | null
  /** Bits of HOLDS_*. */
  readonly holds: number
}

const UNKNOWN: PartitionValue = { value: null, lower: null, upper: null, holds: HOLDS_ANYTHING }
const ONLY_NULLS: PartitionValue = { value: null, lower: null, upper: null, holds: HOLDS_NULLS }

/** No zone is further from UTC; twice a standard offset covers what daylight saving and history add. */
const ZONE_MARGIN_MICROS = 16n * 3600n * 1_000_000n

/**
 * A partition value of the log at the column's type. PROTOCOL.md, "Partition Value Serialization". A text that is no
 * value of the type reads as null, as Spark's cast has it, and proves nothing.
 */
export function parsePartitionValue(
  recorded: string | null | undefined,
  type: DataType,
): PartitionValue {
  // The protocol wants every column listed; one left out is read as null, without relying on it.
  if (recorded === undefined) return UNKNOWN
  if (recorded === null || recorded === '') return ONLY_NULLS
  // A name for folders only, but old writers put it here.
  if (recorded === '__HIVE_DEFAULT_PARTITION__') return UNKNOWN
  if (typeof type === 'object') {
    return type.kind === 'decimal' ? decimalValue(recorded, type.precision, type.scale) : UNKNOWN
  }
  switch (type) {
    case 'boolean':
      return booleanValue(recorded)
    case 'int':
      return integerValue(recorded, 32)
    case 'long':
      return integerValue(recorded, 64)
    case 'float':
    case 'double':
      return floatValue(recorded, type)
    case 'string':
      return exactly(recorded)
    case 'binary':
      return binaryValue(recorded)
    case 'date':
      return dateValue(recorded)
    case 'timestamp':
    case 'timestamptz':
      return timestampValue(recorded, type)
    default:
      return UNKNOWN
  }
}

function exactly(value: Value): PartitionValue {
  return { value, lower: value, upper: value, holds: HOLDS_VALUES }
}

function booleanValue(recorded: string): PartitionValue {
  const lower = recorded.toLowerCase()
  return lower === 'true' || lower === 'false' ? exactly(lower === 'true') : UNKNOWN
}

function integerValue(recorded: string, bits: 32 | 64): PartitionValue {
  if (!/^[+-]?\d{1,20}$/.test(recorded)) return UNKNOWN
  const value = BigInt(recorded)
  if (BigInt.asIntN(bits, value) !== value) return UNKNOWN
  return exactly(bits === 32 ? Number(value) : value)
}

function floatValue(recorded: string, type: 'float' | 'double'): PartitionValue {
  const parsed = parseFloatText(recorded)
  if (parsed === undefined) return UNKNOWN
  if (Number.isNaN(parsed)) {
    return { value: parsed, lower: null, upper: null, holds: HOLDS_NANS }
  }
  return exactly(type === 'float' ? Math.fround(parsed) : parsed)
}

/** A floating point number as Spark and JSON write it. */
export function parseFloatText(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text)
  switch (text) {
    case 'NaN':
      return Number.NaN
    case 'Infinity':
    case '+Infinity':
    case 'Inf':
      return Number.POSITIVE_INFINITY
    case '-Infinity':
    case '-Inf':
      return Number.NEGATIVE_INFINITY
    default:
      return undefined
  }
}

/** Written as text, escapes of JSON already resolved; not every writer agrees on the bytes it stands for. */
function binaryValue(recorded: string): PartitionValue {
  const value = new TextEncoder().encode(recorded)
  return { value, lower: null, upper: null, holds: HOLDS_VALUES }
}

function dateValue(recorded: string): PartitionValue {
  const days = parseDate(recorded)
  return days === undefined ? UNKNOWN : exactly(days)
}

/** Without a zone the text is wall clock time of the writer, wherever that was. */
function timestampValue(recorded: string, type: 'timestamp' | 'timestamptz'): PartitionValue {
  const parsed = parseTimestamp(recorded)
  if (parsed === undefined) return UNKNOWN
  const { micros, zone } = parsed
  if ((type === 'timestamp') === (zone === 'none')) return exactly(micros)
  if (type === 'timestamp') return { ...UNKNOWN, value: micros }
  return {
    value: micros,
    lower: micros - ZONE_MARGIN_MICROS,
    upper: micros + ZONE_MARGIN_MICROS,
    holds: HOLDS_VALUES,
  }
}

function decimalValue(recorded: string, precision: number, scale: number): PartitionValue {
  const parsed = parseDecimal(recorded, scale)
  if (parsed === undefined || parsed.floor !== parsed.ceiling) return UNKNOWN
  return fitsPrecision(parsed.floor, precision) ? exactly(parsed.floor) : UNKNOWN
}
