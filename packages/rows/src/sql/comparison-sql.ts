import {
  type ComparisonOp,
  type DataType,
  floorDivide,
  isPrimitive,
  type Literal,
  type PrimitiveType,
  parseTime,
  TableError,
  typeName,
  type Value,
} from '@spillway/core'
import { parseMoment } from './moment.js'
import { quoteValue } from './sql-text.js'

/** Where a literal stands among a column's values: on one of them, or between two (either of which may not exist). */
type Place =
  | { readonly kind: 'on'; readonly sql: string }
  | { readonly kind: 'between'; readonly below?: string; readonly above?: string }

const OPERATORS: Readonly<Record<ComparisonOp, string>> = {
  eq: '=',
  notEq: '<>',
  lt: '<',
  ltEq: '<=',
  gt: '>',
  gtEq: '>=',
}

/** `column op literal`: null where the column is, and exact: neither side is rounded to meet the other. */
export function compareWithLiteral(
  op: ComparisonOp,
  column: string,
  { type, literal }: { readonly type: DataType; readonly literal: Literal },
): string {
  const place = placeOf(literal, type)
  // A comparison with a decimal literal or a double one means doubles on both sides, as Spark casts them.
  const left = type === 'float' ? `CAST(${column} AS DOUBLE)` : column
  if (place.kind === 'on') return `(${left} ${OPERATORS[op]} ${place.sql})`
  const { below, above } = place
  switch (op) {
    case 'eq':
      return unlessNull(column, false)
    case 'notEq':
      return unlessNull(column, true)
    case 'lt':
    case 'ltEq':
      return below === undefined ? unlessNull(column, false) : `(${column} <= ${below})`
    case 'gt':
    case 'gtEq':
      return above === undefined ? unlessNull(column, false) : `(${column} >= ${above})`
  }
}

/** True where the column equals one of `literals`, null where it is null. */
export function equalsAny(column: string, type: DataType, literals: readonly Literal[]): string {
  const values = literals.flatMap(literal => {
    const place = placeOf(literal, type)
    return place.kind === 'on' ? [place.sql] : []
  })
  if (values.length === 0) return unlessNull(column, false)
  const left = type === 'float' ? `CAST(${column} AS DOUBLE)` : column
  return `(${left} IN (${values.join(', ')}))`
}

function unlessNull(column: string, value: boolean): string {
  return value ? `(${column} IS NOT NULL OR NULL)` : `(${column} IS NULL AND NULL)`
}

function placeOf(literal: Literal, type: DataType): Place {
  if (!isPrimitive(type)) throw incomparable(literal, type)
  if (literal.asTyped && literal.type === 'string' && type !== 'string') {
    throw incomparable(literal, type)
  }
  if (typeof type === 'object') {
    if (type.kind === 'decimal') return onGrid(numberOf(literal, type), type, type.scale)
    if (type.kind === 'fixed') return on(bytesOf(literal, type), type)
    throw incomparable(literal, type)
  }
  switch (type) {
    case 'int':
    case 'long':
      return onGrid(numberOf(literal, type), type, 0)
    case 'float':
    case 'double':
      return on(doubleOf(literal, type), 'double')
    case 'date':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return inTime(nanosOf(literal, type), type)
    case 'time':
      return on(timeOf(literal), type)
    case 'string':
      if (literal.type === 'string') return on(literal.value, type)
      throw incomparable(literal, type)
    case 'boolean':
      return on(booleanOf(literal), type)
    case 'binary':
    case 'uuid':
      return on(bytesOf(literal, type), type)
  }
}

function on(value: Value, type: PrimitiveType): Place {
  return { kind: 'on', sql: quoteValue(value, type) }
}

/** An exact number: `numerator` / `denominator`, the latter positive. Infinite where the denominator is 0. */
interface Rational {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** The place of a number among integers at `scale`, within the limits of `type`. */
function onGrid({ numerator, denominator }: Rational, type: PrimitiveType, scale: number): Place {
  const { min, max } = limitsOf(type)
  const quote = (value: bigint) => quoteValue(value, type)
  if (denominator === 0n) return outside(numerator > 0n, quote, { min, max })
  const scaled = numerator * 10n ** BigInt(scale)
  const floor = floorDivide(scaled, denominator)
  const whole = floor * denominator === scaled
  if (floor > max) return outside(true, quote, { min, max })
  if (floor < min) return outside(false, quote, { min, max })
  if (whole) return { kind: 'on', sql: quote(floor) }
  return {
    kind: 'between',
    below: quote(floor),
    ...(floor < max && { above: quote(floor + 1n) }),
  }
}

function outside(
  aboveAll: boolean,
  quote: (value: bigint) => string,
  { min, max }: { readonly min: bigint; readonly max: bigint },
): Place {
  return aboveAll ? { kind: 'between', below: quote(max) } : { kind: 'between', above: quote(min) }
}

function limitsOf(type: PrimitiveType): { readonly min: bigint; readonly max: bigint } {
  if (typeof type === 'object' && type.kind === 'decimal') {
    const max = 10n ** BigInt(type.precision) - 1n
    return { min: -max, max }
  }
  const bits = type === 'int' || type === 'date' ? 31n : 63n
  return { min: -(1n << bits), max: (1n << bits) - 1n }
}

const UNIT_NANOS = {
  date: 86_400_000_000_000n,
  timestamp: 1000n,
  timestamptz: 1000n,
  timestamp_ns: 1n,
  timestamptz_ns: 1n,
} as const

/** Dates are midnights, and text and timestamps without a zone are UTC. */
function inTime(nanos: bigint, type: keyof typeof UNIT_NANOS): Place {
  return onGrid({ numerator: nanos, denominator: UNIT_NANOS[type] }, type, 0)
}

function numberOf(literal: Literal, type: PrimitiveType): Rational {
  const { value } = literal
  if (literal.type === 'int' || literal.type === 'long') {
    return { numerator: BigInt(value as bigint), denominator: 1n }
  }
  if (literal.type === 'float' || literal.type === 'double') return rationalOfDouble(Number(value))
  if (literal.type === 'string')
    return textNumber(String(value).trim(), type) ?? refuse(literal, type)
  if (typeof literal.type === 'object' && literal.type.kind === 'decimal') {
    const { scale } = literal.type
    return scale >= 0
      ? { numerator: value as bigint, denominator: 10n ** BigInt(scale) }
      : { numerator: (value as bigint) * 10n ** BigInt(-scale), denominator: 1n }
  }
  return refuse(literal, type)
}

/** NaN is above everything, infinity included. */
function rationalOfDouble(value: number): Rational {
  if (!Number.isFinite(value)) return { numerator: value < 0 ? -1n : 1n, denominator: 0n }
  let denominator = 1n
  let scaled = value
  while (!Number.isInteger(scaled)) {
    scaled *= 2
    denominator *= 2n
  }
  return { numerator: BigInt(scaled), denominator }
}

/**
 * A text beside a number, where every engine reads it alike: integers beside integers, and beside decimals at most 15
 * digits on either side, because some compare those as doubles.
 */
function textNumber(text: string, type: PrimitiveType): Rational | undefined {
  const match = /^([+-]?)(\d{1,60})(?:\.(\d{0,60}))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole, fraction = ''] = match
  const digits = BigInt(whole! + fraction)
  const isDecimal = typeof type === 'object' && type.kind === 'decimal'
  if (isDecimal && (type.precision > 15 || String(digits).length > 15)) return undefined
  if (!isDecimal && text.includes('.')) return undefined
  return { numerator: sign === '-' ? -digits : digits, denominator: 10n ** BigInt(fraction.length) }
}

function doubleOf(literal: Literal, type: PrimitiveType): number {
  const { value } = literal
  switch (literal.type) {
    case 'float':
    case 'double':
    case 'int':
    case 'long':
      return Number(value)
    case 'string': {
      const text = String(value).trim()
      return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$/.test(text)
        ? Number(text)
        : refuse(literal, type)
    }
    default:
      if (typeof literal.type === 'object' && literal.type.kind === 'decimal') {
        return Number(`${value as bigint}e${-literal.type.scale}`)
      }
      return refuse(literal, type)
  }
}

function nanosOf(literal: Literal, type: PrimitiveType): bigint {
  switch (literal.type) {
    case 'date':
      return BigInt(literal.value as number) * UNIT_NANOS.date
    case 'timestamp':
    case 'timestamptz':
      return (literal.value as bigint) * 1000n
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return literal.value as bigint
    case 'string':
      return textNanos(String(literal.value).trim(), type) ?? refuse(literal, type)
    default:
      return refuse(literal, type)
  }
}

/**
 * Undefined also where engines read a text differently: one with a clock beside a date (cut, or compared as a time),
 * one with a zone beside a column that has none (shifted, or dropped).
 */
function textNanos(text: string, type: PrimitiveType): bigint | undefined {
  const moment = parseMoment(text)
  if (moment === undefined || (type === 'date' && moment.clock)) return undefined
  const zonedColumn = type === 'timestamptz' || type === 'timestamptz_ns'
  return moment.zoned && !zonedColumn ? undefined : moment.nanos
}

function timeOf(literal: Literal): Value {
  if (literal.type === 'time') return literal.value
  if (literal.type !== 'string') return refuse(literal, 'time')
  return parseTime(String(literal.value).trim()) ?? refuse(literal, 'time')
}

function booleanOf(literal: Literal): Value {
  if (literal.type === 'boolean') return literal.value
  const text = literal.type === 'string' ? String(literal.value).trim().toLowerCase() : ''
  return text === 'true' || text === 'false' ? text === 'true' : refuse(literal, 'boolean')
}

function bytesOf(literal: Literal, type: PrimitiveType): Value {
  if (literal.value instanceof Uint8Array) {
    if (type === 'uuid' && literal.value.length !== 16) return refuse(literal, type)
    return literal.value
  }
  if (literal.type !== 'string') return refuse(literal, type)
  if (type !== 'uuid') return new TextEncoder().encode(String(literal.value))
  const digits = String(literal.value).trim().replaceAll('-', '')
  return /^[0-9a-fA-F]{32}$/.test(digits)
    ? new Uint8Array(Buffer.from(digits, 'hex'))
    : refuse(literal, type)
}

function refuse(literal: Literal, type: PrimitiveType): never {
  throw incomparable(literal, type)
}

function incomparable(literal: Literal, type: DataType): TableError {
  const shown =
    typeof literal.value === 'string' ? `'${literal.value.slice(0, 100)}'` : typeName(literal.type)
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `rows cannot be chosen exactly: a ${typeName(type)} column is compared with ${shown}`,
    { context: { type: typeName(type) } },
  )
}
