import {
  type DataType,
  floorDivide,
  MICROS_PER_DAY,
  type PrimitiveType,
  physicalKind,
  type Value,
} from '@spillway/core'
import { ByteBuffer } from '../json/byte-buffer.js'
import type { JsonCursor } from '../json/json-cursor.js'
import type { ColumnTraits } from '../schema/schema.js'
import { fitsPrecision, parseDecimal, rescale, type ScaledDecimal } from '../values/decimal.js'
import { parseFloatText } from '../values/float-text.js'
import { parseDate, parseTimestamp } from '../values/temporal.js'
import { upperOfMaximum } from './cut-maximum.js'

/** What must be known about a column to turn its recorded minimum and maximum into bounds that hold. */
export interface BoundRules {
  readonly type: DataType
  readonly traits?: ColumnTraits | undefined
  readonly stringPrefixLength: number
}

export type Side = 'lower' | 'upper'

/** False for types whose recorded minima and maxima prove nothing: binary, variant, CHAR(n), collated strings. */
export function hasBounds(rules: BoundRules): boolean {
  if (rules.traits?.unordered || rules.traits?.alwaysNull) return false
  return rules.type !== 'binary' && physicalKind(rules.type) !== undefined
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const scratch = () => new ByteBuffer()

/**
 * Reads minima and maxima from statistics JSON as values of the column's type today, widened until every live value
 * lies inside; null where the text is no such value.
 */
export class JsonBoundReader {
  readonly #rules: BoundRules
  readonly #buffer = scratch()

  constructor(rules: BoundRules) {
    this.#rules = rules
  }

  read(cursor: JsonCursor, side: Side): Value | null {
    const { type } = this.#rules
    if (typeof type === 'object') {
      if (type.kind !== 'decimal') return this.#skip(cursor)
      return this.#decimal(cursor, side, type.precision, type.scale)
    }
    switch (type) {
      case 'int':
      case 'long':
        return this.#integer(cursor, side)
      case 'float':
      case 'double':
        return this.#float(cursor, side)
      case 'string':
        return this.#string(cursor, side)
      case 'date':
        return parseDate(this.#text(cursor)) ?? null
      case 'timestamp':
      case 'timestamptz':
        return timestampBound(this.#text(cursor), type, side)
      case 'boolean':
        return cursor.isString() || cursor.isNumber() ? this.#skip(cursor) : cursor.readBoolean()
      default:
        return this.#skip(cursor)
    }
  }

  #skip(cursor: JsonCursor): null {
    cursor.skipValue()
    return null
  }

  #text(cursor: JsonCursor): string {
    if (cursor.isString()) return cursor.readString()
    cursor.skipValue()
    return ''
  }

  #integer(cursor: JsonCursor, side: Side): Value | null {
    if (!cursor.isNumber()) return this.#skip(cursor)
    const small = cursor.readSmallInteger()
    if (small !== undefined) return smallIntegerBound(small, this.#rules.type)
    const parsed = parseDecimal(cursor.readNumberText(), 0)
    if (parsed === undefined) return null
    return integerBound(side === 'lower' ? parsed.floor : parsed.ceiling, this.#rules.type)
  }

  #float(cursor: JsonCursor, side: Side): Value | null {
    const text = cursor.isNumber() ? cursor.readNumberText() : this.#text(cursor)
    const parsed = parseFloatText(text)
    return parsed === undefined ? null : floatBound(parsed, side, this.#rules)
  }

  #decimal(cursor: JsonCursor, side: Side, precision: number, scale: number): Value | null {
    const text = cursor.isNumber() ? cursor.readNumberText() : this.#text(cursor)
    const parsed = parseDecimal(text, scale)
    if (parsed === undefined) return null
    // Zeros at the end are how a double was spelled out.
    const digits = /^[^eE]*/
      .exec(text)![0]
      .replace(/\D/g, '')
      .replace(/^0+|0+$/g, '').length
    return decimalBound(parsed, side, { precision, scale, digits })
  }

  #string(cursor: JsonCursor, side: Side): Value | null {
    if (!cursor.isString()) return this.#skip(cursor)
    const bytes = cursor.readStringBytes(this.#buffer)
    if (side === 'lower' && isPlainAscii(bytes)) return bytes
    const text = decodeUtf8(bytes)
    if (text === undefined) return null
    return side === 'lower' ? text : upperOfMaximum(text, this.#rules.stringPrefixLength)
  }
}

/**
 * A bound that holds, of a value of `stats_parsed`, which has the type its column had when the checkpoint was written; null
 * where it proves nothing. A lower bound may be given as bytes.
 */
export function typedBound(
  value: Value,
  from: PrimitiveType,
  rules: BoundRules,
  side: Side,
): Value | null {
  const { type } = rules
  if (typeof type === 'object') {
    return type.kind === 'decimal' ? decimalFrom(value, from, type, side) : null
  }
  switch (type) {
    case 'int':
    case 'long':
      return from === 'int' || from === 'long' ? integerBound(BigInt(value as number), type) : null
    case 'float':
    case 'double':
      return isNumeric(from)
        ? floatBound(Number(value), side, { ...rules, traits: undefined })
        : null
    case 'string':
      if (typeof value !== 'string') return null
      return side === 'lower' ? value : upperOfMaximum(value, rules.stringPrefixLength)
    case 'date':
      return from === 'date' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'timestamp':
    case 'timestamptz':
      return timestampFrom(value, from, side)
    default:
      return null
  }
}

function isNumeric(type: PrimitiveType): boolean {
  return type === 'int' || type === 'float' || type === 'double'
}

function decimalFrom(
  value: Value,
  from: PrimitiveType,
  type: { readonly precision: number; readonly scale: number },
  side: Side,
): Value | null {
  const scale = from === 'int' || from === 'long' ? 0 : decimalScale(from)
  if (scale === undefined) return null
  const unscaled = BigInt(value as number | bigint)
  const digits = unscaled.toString().replace('-', '').replace(/0+$/, '').length
  const parsed = rescale(unscaled, scale, type.scale)
  return decimalBound(parsed, side, { ...type, digits })
}

/** What a double may have kept of a decimal: this many digits at most, exactly if there are no more than 15. */
const MAX_DOUBLE_DIGITS = 17
const EXACT_IN_DOUBLES = 10n ** 15n
/** Three roundings of half a unit in the last place, and then some. */
const DOUBLE_ERROR = 2n ** 51n

/** Decimals that are longer than 64 bits are written through doubles; those without a fraction as 64-bit integers of these. */
const WIDE_PRECISION = 19
const GREATEST_LONG = 2n ** 63n - 1n
const LEAST_LONG = -(2n ** 63n)

interface WrittenDecimal {
  readonly precision: number
  readonly scale: number
  /** How many were written, zeros around them left out. */
  readonly digits: number
}

/**
 * delta-rs writes decimals of statistics as doubles, rounded to the nearest: what may be one reaches out by the error. What
 * has no fraction it then makes 64-bit integers, so that all beyond these is their least or greatest.
 */
function decimalBound(
  parsed: ScaledDecimal,
  side: Side,
  { precision, scale, digits }: WrittenDecimal,
): bigint | null {
  const bound = side === 'lower' ? parsed.floor : parsed.ceiling
  const size = bound < 0n ? -bound : bound
  if (!fitsPrecision(bound, precision)) return null
  if (size < EXACT_IN_DOUBLES) return bound
  const [end, otherEnd] =
    side === 'lower' ? [LEAST_LONG, GREATEST_LONG] : [GREATEST_LONG, LEAST_LONG]
  const unit = 10n ** BigInt(scale)
  if (precision >= WIDE_PRECISION && bound === end * unit) return null
  // A double's digits are its own where it was written as an integer.
  const mayBeDouble =
    digits <= MAX_DOUBLE_DIGITS || BigInt(Number(bound)) === bound || bound === otherEnd * unit
  if (!mayBeDouble) return bound
  const error = size / DOUBLE_ERROR + 1n
  const widened = side === 'lower' ? bound - error : bound + error
  // Nothing of the column's type lies beyond its precision, so the widened bound may.
  return physicalKind({ kind: 'decimal', precision, scale: 0 }) === 'int64'
    ? clampInt64(widened)
    : widened
}

function clampInt64(value: bigint): bigint | null {
  return BigInt.asIntN(64, value) === value ? value : null
}

function decimalScale(type: PrimitiveType): number | undefined {
  return typeof type === 'object' && type.kind === 'decimal' ? type.scale : undefined
}

function timestampFrom(value: Value, from: PrimitiveType, side: Side): Value | null {
  if (from === 'date') return widenTimestamp(BigInt(value as number) * MICROS_PER_DAY, side)
  if (typeof value !== 'bigint') return null
  if (from === 'timestamp' || from === 'timestamptz') return widenTimestamp(value, side)
  if (from === 'timestamp_ns' || from === 'timestamptz_ns') {
    return widenTimestamp(floorDivide(value, 1000n), side)
  }
  return null
}

function smallIntegerBound(value: number, type: DataType): Value | null {
  if (type === 'long') return BigInt(value)
  return (value | 0) === value ? value | 0 : null
}

function integerBound(value: bigint, type: DataType): Value | null {
  if (BigInt.asIntN(type === 'int' ? 32 : 64, value) !== value) return null
  return type === 'int' ? Number(value) : value
}

/** A bound that is NaN bounds nothing. What was a float is the float nearest to its text, on either side of it. */
function floatBound(value: number, side: Side, rules: BoundRules): Value | null {
  if (Number.isNaN(value)) return null
  const single = Math.fround(value)
  if (rules.type === 'float') return single
  if (!rules.traits?.widenedFromFloat) return value
  return side === 'lower' ? Math.min(value, single) : Math.max(value, single)
}

/** Delta cuts timestamps of statistics down to milliseconds, so a stored maximum may be 999 us low. */
const CUT_MICROS = 999n

function widenTimestamp(micros: bigint, side: Side): bigint | null {
  const bound = side === 'upper' ? micros + CUT_MICROS : micros
  return BigInt.asIntN(64, bound) === bound ? bound : null
}

/** Delta for Spark 3.2 and 3.3 wrote zone offsets without their seconds, which local mean times have. */
const OFFSET_SECONDS_MICROS = 59n * 1_000_000n
const LAST_OFFSET_WITH_SECONDS = 94_694_400n * 1_000_000n // 1973-01-01
const ZONE_MARGIN_MICROS = 16n * 3600n * 1_000_000n

function timestampBound(text: string, type: 'timestamp' | 'timestamptz', side: Side): Value | null {
  const parsed = parseTimestamp(text)
  if (parsed === undefined) return null
  const { micros, zone } = parsed
  if (type === 'timestamp') return zone === 'offset' ? null : widenTimestamp(micros, side)
  let margin = 0n
  if (zone === 'none') margin = ZONE_MARGIN_MICROS
  else if (zone === 'offset' && micros < LAST_OFFSET_WITH_SECONDS) margin = OFFSET_SECONDS_MICROS
  return widenTimestamp(side === 'lower' ? micros - margin : micros + margin, side)
}

function isPlainAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! >= 0x80) return false
  return true
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
