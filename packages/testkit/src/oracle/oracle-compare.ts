import type { DataType, Literal, Value } from '@spillway/core'

/** One engine's way of reading what SQL leaves open. */
export interface Reading {
  /** NaN above every number and equal to itself (Spark), or unordered and unequal to everything (IEEE). */
  readonly nan: 'greatest' | 'unordered'
  /** SQL's three values; or NOT pushed to the leaves, where `notEq` and its like match null (Iceberg expressions). */
  readonly nulls: 'three-valued' | 'negations-match'
  /** What a part that nobody understands evaluates to. */
  readonly unknown: boolean | null
  /** The session's zone: what a timestamp without a zone is short of UTC. */
  readonly zoneOffsetMinutes: number
  /** Compares through doubles, rounds literals to a float column's width and cuts digits a timestamp column lacks. */
  readonly narrow: boolean
}

/** The sign of cell - literal, or NaN where they are unordered. */
export type CellOrder = (cell: Value) => number

/** How cells of a column compare with a literal; undefined where the comparison means nothing. */
export function cellOrder(
  type: DataType,
  literal: Literal,
  reading: Reading,
  ordered: boolean,
): CellOrder | undefined {
  if (typeof literal.value === 'number' && Number.isNaN(literal.value)) return undefined
  switch (family(type)) {
    case 'exact':
      return exactOrder(type, literal, reading, ordered)
    case 'floating':
      return floatingOrder(type, literal, reading)
    case 'moment':
      return momentOrder(type, literal, reading)
    case 'boolean':
      return booleanOrder(literal)
    case 'text':
      return literal.type === 'string' ? textOrder(String(literal.value)) : undefined
    case 'time':
      return timeOrder(literal)
    case 'bytes':
      return bytesOrder(type, literal)
    case 'none':
      return undefined
  }
}

type Family = 'exact' | 'floating' | 'moment' | 'boolean' | 'text' | 'time' | 'bytes' | 'none'

function family(type: DataType): Family {
  if (typeof type === 'object') {
    if (type.kind === 'decimal') return 'exact'
    return type.kind === 'fixed' ? 'bytes' : 'none'
  }
  if (type === 'int' || type === 'long') return 'exact'
  if (type === 'float' || type === 'double') return 'floating'
  if (type === 'date' || type.startsWith('timestamp')) return 'moment'
  if (type === 'string') return 'text'
  return type === 'binary' || type === 'uuid' ? 'bytes' : type === 'time' ? 'time' : 'boolean'
}

function sign(order: number | bigint): number {
  return order > 0 ? 1 : order < 0 ? -1 : 0
}

function by<T extends number | bigint>(cell: T, other: T): number {
  return cell > other ? 1 : cell < other ? -1 : 0
}

/** A fraction as two integers: exact for every number there is. */
interface Fraction {
  readonly top: bigint
  readonly bottom: bigint
}

function fractionOf(value: Value, type: DataType): Fraction | undefined {
  if (type === 'int' || type === 'long') return { top: BigInt(value as bigint), bottom: 1n }
  if (typeof type === 'object' && type.kind === 'decimal') {
    return { top: BigInt(value as bigint), bottom: 10n ** BigInt(type.scale) }
  }
  return undefined
}

/** A double as the shortest decimal that reads back as it: what engines without a common double make of it. */
function fractionOfDouble(value: number): Fraction {
  const [mantissa, exponent] = value.toExponential().split('e')
  const [whole, fraction = ''] = mantissa!.split('.')
  const scale = fraction.length - Number(exponent)
  const top = BigInt(whole! + fraction)
  if (scale < 0) return { top: top * 10n ** BigInt(-scale), bottom: 1n }
  return { top, bottom: 10n ** BigInt(scale) }
}

function fractionOfText(text: string): Fraction | undefined {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) return undefined
  const [, whole, fraction = ''] = match
  return { top: BigInt(whole! + fraction), bottom: 10n ** BigInt(fraction.length) }
}

function doubleOf({ top, bottom }: Fraction): number {
  // Every bottom here is a power of ten, so the decimal text is exact and reads back correctly rounded.
  return Number(`${top}e-${String(bottom).length - 1}`)
}

function exactOrder(
  type: DataType,
  literal: Literal,
  reading: Reading,
  ordered: boolean,
): CellOrder | undefined {
  const fraction = (cell: Value) => fractionOf(cell, type)!
  if (literal.type === 'float' || literal.type === 'double') {
    const value = Number(literal.value)
    if (!Number.isFinite(value)) return () => (value > 0 ? -1 : 1)
    if (reading.narrow) {
      const round = literal.type === 'float' ? Math.fround : (each: number) => each
      return cell => by(round(doubleOf(fraction(cell))), value)
    }
    return cell => compareFractions(fraction(cell), fractionOfDouble(value))
  }
  if (literal.type === 'string') return exactTextOrder(type, literal, reading, ordered)
  const other = fractionOf(literal.value, literal.type)
  return other && (cell => compareFractions(fraction(cell), other))
}

function exactTextOrder(
  type: DataType,
  literal: Literal,
  reading: Reading,
  ordered: boolean,
): CellOrder | undefined {
  const text = String(literal.value)
  const other = fractionOfText(text)
  if (other === undefined) return undefined
  const isInteger = type === 'int' || type === 'long'
  if (isInteger) {
    const limit = type === 'int' ? 2n ** 31n : 2n ** 63n
    if (other.bottom !== 1n || other.top >= limit || other.top < -limit) return undefined
    // As texts, 9 is greater than 10, and 007 is not 7.
    if (literal.asTyped) return ordered ? undefined : cell => (String(cell) === text ? 0 : 1)
  } else {
    if (literal.asTyped) return undefined
    if (reading.narrow) return cell => by(doubleOf(fractionOf(cell, type)!), Number(text))
  }
  return cell => compareFractions(fractionOf(cell, type)!, other)
}

function compareFractions(a: Fraction, b: Fraction): number {
  return by(a.top * b.bottom, b.top * a.bottom)
}

function floatingOrder(type: DataType, literal: Literal, reading: Reading): CellOrder | undefined {
  let value: number
  if (
    typeof literal.value === 'number' &&
    (literal.type === 'float' || literal.type === 'double')
  ) {
    value = literal.value
  } else if (literal.type === 'string') {
    const text = String(literal.value)
    if (literal.asTyped || !/^-?\d+(\.\d+)?(e\d+)?$/.test(text)) return undefined
    value = Number(text)
  } else {
    const fraction = fractionOf(literal.value, literal.type)
    if (fraction === undefined) return undefined
    value = doubleOf(fraction)
  }
  const limit = type === 'float' && reading.narrow ? Math.fround(value) : value
  return cell => {
    const number = Number(cell)
    if (!Number.isNaN(number)) return by(number, limit)
    return reading.nan === 'greatest' ? 1 : Number.NaN
  }
}

const NANOS_PER_DAY = 86_400_000_000_000n

interface Clock {
  readonly nanos: bigint
  readonly zoned: boolean
}

function clockOf(value: Value, type: DataType): Clock | undefined {
  switch (type) {
    case 'date':
      return { nanos: BigInt(value as number) * NANOS_PER_DAY, zoned: false }
    case 'timestamp':
    case 'timestamptz':
      return { nanos: (value as bigint) * 1000n, zoned: type === 'timestamptz' }
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return { nanos: value as bigint, zoned: type === 'timestamptz_ns' }
    default:
      return undefined
  }
}

function momentOrder(type: DataType, literal: Literal, reading: Reading): CellOrder | undefined {
  const zoned = type === 'timestamptz' || type === 'timestamptz_ns'
  const clock =
    literal.type === 'string'
      ? textClock(type, literal, reading, zoned)
      : clockOf(literal.value, literal.type)
  if (clock === undefined) return undefined
  const shift = BigInt(reading.zoneOffsetMinutes) * 60_000_000_000n
  let limit = clock.nanos
  if (clock.zoned && !zoned) limit += shift
  if (!clock.zoned && zoned) limit -= shift
  if (reading.narrow && (type === 'timestamp' || type === 'timestamptz')) {
    limit -= ((limit % 1000n) + 1000n) % 1000n
  }
  return cell => by(clockOf(cell, type)!.nanos, limit)
}

function textClock(
  type: DataType,
  literal: Literal,
  reading: Reading,
  zoned: boolean,
): Clock | undefined {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?)?$/.exec(
      String(literal.value),
    )
  if (match === null) return undefined
  const [, date, time, fraction = '', offset] = match
  const millis = Date.parse(`${date}T${time ?? '00:00:00'}Z`)
  if (Number.isNaN(millis) || !new Date(millis).toISOString().startsWith(date!)) return undefined
  const local = BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
  const midnight = local % NANOS_PER_DAY === 0n
  if (literal.asTyped && (type !== 'date' || time !== undefined)) return undefined
  if (type === 'date' && (!midnight || offset !== undefined)) return undefined
  if (offset === undefined) return { nanos: local, zoned: false }
  // Beside a column without zones, some engines keep what the text's clock shows.
  if (!zoned && reading.narrow) return { nanos: local, zoned: false }
  return { nanos: local - offsetNanos(offset), zoned: true }
}

function offsetNanos(offset: string): bigint {
  if (offset === 'Z') return 0n
  const minutes = BigInt(Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6)))
  return minutes * 60_000_000_000n * (offset[0] === '-' ? -1n : 1n)
}

function booleanOrder(literal: Literal): CellOrder | undefined {
  if (literal.type === 'boolean') return cell => Number(cell) - Number(literal.value)
  if (literal.type !== 'string' || literal.asTyped) return undefined
  const text = String(literal.value).toLowerCase()
  if (text !== 'true' && text !== 'false') return undefined
  return cell => Number(cell) - Number(text === 'true')
}

/** The order of texts by code points, which is that of their UTF-8 bytes. */
function textOrder(text: string): CellOrder {
  const other = Array.from(text, each => each.codePointAt(0)!)
  return cell => {
    let i = 0
    for (const each of String(cell)) {
      if (i >= other.length) return 1
      const order = each.codePointAt(0)! - other[i++]!
      if (order !== 0) return sign(order)
    }
    return i < other.length ? -1 : 0
  }
}

function timeOrder(literal: Literal): CellOrder | undefined {
  if (literal.type === 'time') return cell => by(cell as bigint, literal.value as bigint)
  const match = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{6}))?$/.exec(String(literal.value))
  if (literal.type !== 'string' || literal.asTyped || match === null) return undefined
  const [hours, minutes, seconds, micros] = match.slice(1).map(each => BigInt(each ?? 0))
  if (hours! > 23n) return undefined
  const value = ((hours! * 60n + minutes!) * 60n + seconds!) * 1_000_000n + micros!
  return cell => by(cell as bigint, value)
}

function bytesOrder(type: DataType, literal: Literal): CellOrder | undefined {
  const other = literal.value
  if (other instanceof Uint8Array) {
    if (type === 'uuid' && other.length !== 16) return undefined
    return cell => sign(Buffer.compare(cell as Uint8Array, other))
  }
  if (type !== 'uuid' || literal.type !== 'string' || literal.asTyped) return undefined
  const digits = String(other).replaceAll('-', '')
  if (!/^[0-9a-f]{32}$/.test(digits)) return undefined
  return cell => sign(Buffer.compare(cell as Uint8Array, Buffer.from(digits, 'hex')))
}
