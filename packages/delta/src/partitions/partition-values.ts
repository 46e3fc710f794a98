import {
  type DataType,
  decimalText,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  type Value,
} from '@spillway/core'
import { fitsPrecision } from '../values/decimal.js'
import { floatText } from '../values/float-text.js'
import { formatDate } from '../values/temporal.js'
import {
  castBoolean,
  castDate,
  castDecimal,
  castFloat,
  castInteger,
  castSingle,
  castTimestamp,
  spellInstant,
  spellWallClock,
} from './spark-cast.js'

/** A partition value as rows of the file read it, what it proves about them, and how others are told. */
export interface PartitionValue {
  readonly value: Value | null
  readonly lower: Value | null
  readonly upper: Value | null
  /** Bits of HOLDS_*. */
  readonly holds: number
  /** PROTOCOL.md, "Partition Value Serialization"; texts as they were recorded. */
  readonly spelled: string | null
}

/** The type of a partition column, and how many bits its integers have where that is less than the type's. */
export interface PartitionType {
  readonly type: DataType
  readonly integerBits?: number | undefined
}

const NOT_RECORDED: PartitionValue = {
  value: null,
  lower: null,
  upper: null,
  holds: HOLDS_ANYTHING,
  spelled: null,
}
const NULL: PartitionValue = { ...NOT_RECORDED, holds: HOLDS_NULLS }

/** A name for folders only, but some writers put it here. */
const HIVE_NULL = '__HIVE_DEFAULT_PARTITION__'

/** No zone is further from UTC; twice a standard offset covers what daylight saving and history add. */
const ZONE_MARGIN_MICROS = 16n * 3600n * 1_000_000n

/**
 * A partition value of the log at the column's type, as Spark casts it. Undefined for a text that is no value of the
 * type: nobody reads it, and null would be a value that is not there.
 */
export function parsePartitionValue(
  recorded: string | null | undefined,
  { type, integerBits }: PartitionType,
): PartitionValue | undefined {
  // The protocol wants every column listed; one left out is read as null, without relying on it.
  if (recorded === undefined) return NOT_RECORDED
  if (recorded === null || recorded === HIVE_NULL) return NULL
  if (recorded === '') return emptyText(type)
  if (typeof type === 'object') {
    return type.kind === 'decimal' ? decimal(recorded, type.precision, type.scale) : undefined
  }
  switch (type) {
    case 'boolean':
      return exactly(castBoolean(recorded), String)
    case 'int':
      return exactly(castInteger(recorded, integerBits ?? 32), String, Number)
    case 'long':
      return exactly(castInteger(recorded, 64), String)
    case 'float':
    case 'double':
      return floating(recorded, type)
    case 'string':
      return exactly(recorded, String)
    case 'binary':
      return binary(recorded)
    case 'date':
      return exactly(castDate(recorded), formatDate)
    case 'timestamp':
    case 'timestamptz':
      return timestamp(recorded, type)
    default:
      return undefined
  }
}

/** What certainly is the value: undefined for a text that is none, and for the empty text, which engines differ on. */
export function certainValue(value: PartitionValue | undefined): Value | null | undefined {
  return value?.spelled === '' ? undefined : value?.value
}

/** Null, says the protocol; some engines read the empty text of a column that holds texts. */
function emptyText(type: DataType): PartitionValue {
  if (type === 'string') {
    return { value: null, lower: '', upper: '', holds: HOLDS_NULLS | HOLDS_VALUES, spelled: '' }
  }
  return type === 'binary' ? { ...NOT_RECORDED, spelled: '' } : NULL
}

function exactly<T extends Value>(
  read: T | undefined,
  spell: (value: T) => string,
  convert: (value: T) => Value = value => value,
): PartitionValue | undefined {
  if (read === undefined) return undefined
  const value = convert(read)
  return { value, lower: value, upper: value, holds: HOLDS_VALUES, spelled: spell(read) }
}

function floating(recorded: string, type: 'float' | 'double'): PartitionValue | undefined {
  const read = castFloat(recorded)
  if (read === undefined) return undefined
  const value = type === 'float' ? castSingle(recorded, read) : read
  const spelled = floatText(value, type)
  if (!Number.isNaN(value)) return exactly(value, () => spelled)
  return { value, lower: null, upper: null, holds: HOLDS_NANS, spelled }
}

/** Written as text, escapes of JSON already resolved; not every writer agrees on the bytes it stands for. */
function binary(recorded: string): PartitionValue {
  const value = new TextEncoder().encode(recorded)
  return { value, lower: null, upper: null, holds: HOLDS_VALUES, spelled: recorded }
}

function decimal(recorded: string, precision: number, scale: number): PartitionValue | undefined {
  const unscaled = castDecimal(recorded, scale)
  if (unscaled === undefined || !fitsPrecision(unscaled, precision)) return undefined
  return exactly(unscaled, value => decimalText(value, scale))
}

/**
 * Without a zone the text is wall clock time of the writer, wherever that was, and is passed on as such: a recipient
 * reads it as it would read the table. A zone beside a type without one is left out.
 */
function timestamp(
  recorded: string,
  type: 'timestamp' | 'timestamptz',
): PartitionValue | undefined {
  const read = castTimestamp(recorded)
  if (read === undefined) return undefined
  const { local, instant } = read
  const spelled = spellWallClock(local, formatDate)
  if (type === 'timestamp') return exactly(local, () => spelled)
  if (instant !== undefined) return exactly(instant, micros => spellInstant(micros, formatDate))
  const lower = local - ZONE_MARGIN_MICROS
  const upper = local + ZONE_MARGIN_MICROS
  return { value: local, lower, upper, holds: HOLDS_VALUES, spelled }
}
