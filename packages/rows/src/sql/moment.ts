import { clockNanos, epochDay, NANOS_PER_DAY } from '@spillway/core'

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const OFFSET = /(?:Z|([+-])(\d{2}):?(\d{2})?)$/

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

/** Days from 1970; undefined for what is no date, such as February 30. */
function parseDays(text: string): number | undefined {
  const match = DATE.exec(text)
  if (match === null) return undefined
  const [year, month, day] = match.slice(1).map(Number)
  return epochDay(year!, month!, day!)
}

function offsetNanos([, sign, hours, minutes = '0']: RegExpExecArray): bigint {
  if (sign === undefined) return 0n
  const total = (BigInt(hours!) * 60n + BigInt(minutes)) * 60_000_000_000n
  return sign === '-' ? -total : total
}
