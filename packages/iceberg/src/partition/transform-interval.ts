import { type DataType, physicalKind, type Transform, type Value } from '@spillway/core'

/** The least and greatest source value that a partition value may stand for; an absent side is unbounded. */
export interface Interval {
  readonly lower?: Value | undefined
  readonly upper?: Value | undefined
}

const INT_MAX = 2 ** 31 - 1
const INT_MIN = -(2 ** 31)
const LONG_MAX = 2n ** 63n - 1n

/**
 * Inverts a transform (spec, "Partition Transforms"): from the least and greatest of its values to the interval of
 * source values of `type` behind them. Undefined where the transform says nothing about order.
 */
export function sourceInterval(
  transform: Transform,
  type: DataType,
  values: { readonly lower?: Value | undefined; readonly upper?: Value | undefined },
): Interval | undefined {
  const { lower, upper } = values
  switch (transform.kind) {
    case 'identity':
      return interval(lower, upper)
    case 'truncate':
      return truncateInterval(transform.width, type, values)
    case 'year':
    case 'month':
    case 'day':
    case 'hour':
      return timeInterval(transform.kind, type, lower, upper)
    default:
      return undefined
  }
}

function interval(lower: Value | undefined, upper: Value | undefined): Interval {
  return { lower, upper }
}

function truncateInterval(
  width: number,
  type: DataType,
  { lower, upper }: { readonly lower?: Value | undefined; readonly upper?: Value | undefined },
): Interval {
  const end = upper === undefined ? undefined : truncateEnd(upper, width, type)
  return interval(isWrapped(width, type, lower, upper) ? leastOf(type) : lower, end)
}

/**
 * Java truncates ints and longs with its own arithmetic, so those less than the width above the least one come out
 * near the greatest: one value, which stands for both ends.
 */
function isWrapped(
  width: number,
  type: DataType,
  lower: Value | undefined,
  upper: Value | undefined,
): boolean {
  if (type !== 'int' && type !== 'long') return false
  const least = BigInt(leastOf(type) as number | bigint)
  const remainder = ((least % BigInt(width)) + BigInt(width)) % BigInt(width)
  if (remainder === 0n) return false
  const wrapped = least - remainder - 2n * least
  const above = lower === undefined || BigInt(lower as number | bigint) <= wrapped
  return above && (upper === undefined || BigInt(upper as number | bigint) >= wrapped)
}

function leastOf(type: DataType): Value {
  return type === 'int' ? INT_MIN : -LONG_MAX - 1n
}

/** The greatest value that truncates to `value`; undefined where there is none to name. */
function truncateEnd(value: Value, width: number, type: DataType): Value | undefined {
  if (typeof value === 'number') return Math.min(value + width - 1, INT_MAX)
  if (typeof value === 'bigint') {
    const end = value + BigInt(width) - 1n
    // A wide decimal has room above its precision; what lies in 64 bits does not.
    return physicalKind(type) === 'int64' && end > LONG_MAX ? LONG_MAX : end
  }
  if (typeof value === 'string') return truncatedTextEnd(value, width)
  return value instanceof Uint8Array ? truncatedBytesEnd(value, width) : undefined
}

/** Text shorter than the width was not cut. Else: the next text after everything that begins with it. */
function truncatedTextEnd(value: string, width: number): string | undefined {
  const points = Array.from(value)
  if (points.length < width) return value
  for (let i = points.length - 1; i >= 0; i--) {
    const next = points[i]!.codePointAt(0)! + 1
    if (next > 0x10ffff) continue
    // Surrogates are no characters of UTF-8.
    return points.slice(0, i).join('') + String.fromCodePoint(next === 0xd800 ? 0xe000 : next)
  }
  return undefined
}

function truncatedBytesEnd(value: Uint8Array, width: number): Uint8Array | undefined {
  if (value.length < width) return value
  for (let i = value.length - 1; i >= 0; i--) {
    if (value[i] === 0xff) continue
    const end = value.slice(0, i + 1)
    end[i]!++
    return end
  }
  return undefined
}

type TimeTransform = 'year' | 'month' | 'day' | 'hour'

function timeInterval(
  transform: TimeTransform,
  type: DataType,
  lower: Value | undefined,
  upper: Value | undefined,
): Interval | undefined {
  const perHour = unitsPerHour(type)
  if (perHour === undefined) return undefined
  const first = lower === undefined ? undefined : leastUnit(Number(lower))
  const start = first === undefined ? undefined : startHour(transform, first)
  const end = upper === undefined ? undefined : startHour(transform, Number(upper) + 1)
  if (type === 'date') {
    return interval(
      start === undefined ? undefined : Math.max(Math.floor(start / 24), INT_MIN),
      end === undefined ? undefined : Math.min(Math.ceil(end / 24) - 1, INT_MAX),
    )
  }
  return interval(
    start === undefined ? undefined : clip(BigInt(start) * perHour),
    end === undefined ? undefined : clip(BigInt(end) * perHour - 1n),
  )
}

/**
 * Iceberg up to 0.10 rounded times before 1970 toward it, so a unit at or before the epoch may hold values of the one
 * below.
 */
function leastUnit(value: number): number {
  return value <= 0 ? value - 1 : value
}

/** Undefined for what time transforms do not apply to. A date has no part of a day. */
function unitsPerHour(type: DataType): bigint | undefined {
  switch (type) {
    case 'date':
      return 0n
    case 'timestamp':
    case 'timestamptz':
      return 3_600_000_000n
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return 3_600_000_000_000n
    default:
      return undefined
  }
}

/** Hours from the epoch to the beginning of unit `value`: exact as a number for every date there is. */
function startHour(transform: TimeTransform, value: number): number {
  switch (transform) {
    case 'year':
      return 24 * dayOfMonthStart(value * 12)
    case 'month':
      return 24 * dayOfMonthStart(value)
    case 'day':
      return 24 * value
    case 'hour':
      return value
  }
}

/** Days from the epoch to the first of a month counted from January 1970, in the proleptic Gregorian calendar. */
function dayOfMonthStart(months: number): number {
  // Years begin in March here, so that a leap day ends one.
  const sinceMarch = months + 1970 * 12 - 2
  const year = Math.floor(sinceMarch / 12)
  const month = sinceMarch - year * 12
  const leapDays = Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400)
  return year * 365 + leapDays + Math.floor((153 * month + 2) / 5) - 719468
}

function clip(value: bigint): bigint {
  if (value > LONG_MAX) return LONG_MAX
  return value < -LONG_MAX - 1n ? -LONG_MAX - 1n : value
}
