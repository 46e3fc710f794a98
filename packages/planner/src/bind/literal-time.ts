import {
  floorDivide,
  type Literal,
  type Moment,
  NANOS_PER_DAY,
  parseDate,
  parseMoment,
  parseTime,
} from '@spillway/core'
import {
  type BoundLiteral,
  type CoerceContext,
  exact,
  incomparable,
  mismatch,
} from './bound-literal.js'

type TimestampType = 'timestamp' | 'timestamptz' | 'timestamp_ns' | 'timestamptz_ns'

/** No zone, historic ones included, is further from UTC. */
const ZONE_REACH = 16n * 3_600_000_000_000n
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }

export function toDate(literal: Literal, context: CoerceContext): BoundLiteral {
  if (literal.type === 'date') return exact(literal.value)
  if (literal.type === 'string') {
    const day = parseDate(String(literal.value))
    if (day !== undefined) return exact(day)
    if (literal.asTyped) return incomparable('the text is not a plain date')
  }
  const moment = momentOf(literal)
  if (moment === undefined) return unreadable(literal, 'date')
  const { low, high } = spread(moment, false, context)
  const day = low / NANOS_PER_DAY
  if (low === high && day * NANOS_PER_DAY === low) return exact(Number(day))
  // Some engines cut a text to its date, others compare as timestamps.
  if (literal.type === 'string') return incomparable('a text with a time of day beside a date')
  if (low === high) {
    return { kind: 'gap', below: Number(floor(low)), above: Number(floor(low)) + 1 }
  }
  return { kind: 'range', low: Number(floor(low)), high: Number(floor(high)) + 1 }
}

export function toTimestamp(
  literal: Literal,
  type: TimestampType,
  context: CoerceContext,
): BoundLiteral {
  const moment = momentOf(literal)
  if (moment === undefined || (literal.asTyped === true && literal.type === 'string')) {
    return unreadable(literal, type)
  }
  const zoned = type === 'timestamptz' || type === 'timestamptz_ns'
  const nanos = type === 'timestamp_ns' || type === 'timestamptz_ns'
  const { low, high } = spread(moment, zoned, context)
  return nanos ? inColumn(low, high, 1n) : inColumn(low, high, 1000n)
}

export function toTime(literal: Literal): BoundLiteral {
  if (literal.type === 'time') return exact(literal.value)
  if (literal.type !== 'string' || literal.asTyped) return mismatch(literal, 'time')
  const micros = parseTime(String(literal.value))
  return micros === undefined ? incomparable('the text is not a time of day') : exact(micros)
}

function unreadable(literal: Literal, type: 'date' | TimestampType): BoundLiteral {
  return literal.type === 'string'
    ? incomparable(`the text is not a plain ${type === 'date' ? 'date' : 'timestamp'}`)
    : mismatch(literal, type)
}

/** Dates, timestamps and texts of either, in nanoseconds. */
function momentOf({ type, value }: Literal): Moment | undefined {
  switch (type) {
    case 'date':
      return { nanos: BigInt(value as number) * NANOS_PER_DAY, zoned: false }
    case 'timestamp':
      return { nanos: (value as bigint) * 1000n, zoned: false }
    case 'timestamptz':
      return { nanos: (value as bigint) * 1000n, zoned: true }
    case 'timestamp_ns':
      return { nanos: value as bigint, zoned: false }
    case 'timestamptz_ns':
      return { nanos: value as bigint, zoned: true }
    case 'string':
      return parseMoment(String(value))
    default:
      return undefined
  }
}

/** Where the moment may lie on the column's clock: one point if both have a zone or neither, else as far as zones go. */
function spread(
  moment: Moment,
  zoned: boolean,
  context: CoerceContext,
): { low: bigint; high: bigint } {
  const { nanos } = moment
  if (moment.zoned === zoned) return { low: nanos, high: nanos }
  // Some engines keep a text's local time beside a column without zones, others turn it to UTC.
  const local = moment.local ?? nanos
  const [low, high] = local < nanos ? [local, nanos] : [nanos, local]
  if (context.zonelessLiterals === 'utc') return { low, high }
  return { low: low - ZONE_REACH, high: high + ZONE_REACH }
}

function inColumn(low: bigint, high: bigint, unit: bigint): BoundLiteral {
  const from = floorDivide(low, unit)
  const to = floorDivide(high, unit)
  // Beyond the unit some engines round, others cut.
  const last = to * unit === high ? to : to + 1n
  if (last < INT64.min) return { kind: 'gap', above: INT64.min }
  if (from > INT64.max) return { kind: 'gap', below: INT64.max }
  if (from < INT64.min || last > INT64.max) return incomparable('the timestamp is out of range')
  return from === last ? exact(from) : { kind: 'range', low: from, high: last }
}

function floor(nanos: bigint): bigint {
  return floorDivide(nanos, NANOS_PER_DAY)
}
