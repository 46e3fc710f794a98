const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const CLOCK = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/
const OFFSET = /(?:Z|([+-])(\d{2}):?(\d{2})?)$/
const NANOS_PER_DAY = 86_400_000_000_000n

/** A point in time that a text names. */
export interface Moment {
  /** Nanoseconds from 1970, in UTC where the text names no zone. */
  readonly nanos: bigint
  readonly zoned: boolean
  /** False for a bare date. */
  readonly clock: boolean
}

/** Reads `yyyy-MM-dd`, or `yyyy-MM-dd[ T]HH:mm[:ss[.f]][Z|+hh[:mm]]`. */
export function parseMoment(text: string): Moment | undefined {
  const days = parseDays(text.slice(0, 10))
  if (days === undefined) return undefined
  const midnight = BigInt(days) * NANOS_PER_DAY
  if (text.length === 10) return { nanos: midnight, zoned: false, clock: false }
  if (text[10] !== ' ' && text[10] !== 'T') return undefined
  const rest = text.slice(11)
  const offset = OFFSET.exec(rest)
  const clock = clockNanos(offset === null ? rest : rest.slice(0, offset.index))
  if (clock === undefined) return undefined
  const nanos = midnight + clock - (offset === null ? 0n : offsetNanos(offset))
  return { nanos, zoned: offset !== null, clock: true }
}

/** Microseconds from midnight; undefined for what is no time of day, or finer. */
export function parseTimeMicros(text: string): bigint | undefined {
  const nanos = clockNanos(text)
  return nanos === undefined || nanos % 1000n !== 0n ? undefined : nanos / 1000n
}

/** Days from 1970; undefined for what is no date, such as February 30. */
function parseDays(text: string): number | undefined {
  const match = DATE.exec(text)
  if (match === null) return undefined
  const [year, month, day] = match.slice(1).map(Number)
  const date = new Date(0)
  date.setUTCFullYear(year!, month! - 1, day!)
  const exists = date.getUTCMonth() === month! - 1 && date.getUTCDate() === day
  return exists ? Math.round(date.getTime() / 86_400_000) : undefined
}

function clockNanos(text: string): bigint | undefined {
  const match = CLOCK.exec(text)
  if (match === null) return undefined
  const [, hours, minutes, seconds = '0', fraction = ''] = match
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined
  const whole = (BigInt(hours!) * 60n + BigInt(minutes!)) * 60n + BigInt(seconds)
  return whole * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
}

function offsetNanos([, sign, hours, minutes = '0']: RegExpExecArray): bigint {
  if (sign === undefined) return 0n
  const total = (BigInt(hours!) * 60n + BigInt(minutes)) * 60_000_000_000n
  return sign === '-' ? -total : total
}
