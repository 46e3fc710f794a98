import { epochDay, NANOS_PER_DAY } from './calendar.js'

/** A point on a clock, in nanoseconds from 1970-01-01 00:00: in UTC where `zoned`, else in no zone. */
export interface Moment {
  readonly nanos: bigint
  readonly zoned: boolean
  /** Of a text with an offset: what its clock showed. */
  readonly local?: bigint
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const CLOCK = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/
const OFFSET = /(?:Z|([+-])(\d{2})(?::?(\d{2}))?)$/

/** Days from 1970-01-01 of a strict `yyyy-MM-dd`; undefined for anything else, such as February 30. */
export function parseDate(text: string): number | undefined {
  const match = DATE.exec(text)
  if (match === null) return undefined
  const [year, month, day] = match.slice(1).map(Number)
  // Year 0 is no year of any SQL dialect.
  return year === 0 ? undefined : epochDay(year!, month!, day!)
}

/** Microseconds from midnight of a strict `HH:mm[:ss[.ffffff]]`. */
export function parseTime(text: string): bigint | undefined {
  const nanos = clockNanos(text)
  return nanos === undefined || nanos % 1000n !== 0n ? undefined : nanos / 1000n
}

/** A strict `yyyy-MM-dd`, or `yyyy-MM-dd[ T]HH:mm[:ss[.fffffffff]][Z|+hh[:mm]]`. */
export function parseMoment(text: string): Moment | undefined {
  const day = parseDate(text.slice(0, 10))
  if (day === undefined) return undefined
  const midnight = BigInt(day) * NANOS_PER_DAY
  if (text.length === 10) return { nanos: midnight, zoned: false }
  if (text[10] !== ' ' && text[10] !== 'T') return undefined
  const clock = text.slice(11)
  const offset = OFFSET.exec(clock)
  const time = clockNanos(offset === null ? clock : clock.slice(0, offset.index))
  if (time === undefined) return undefined
  const local = midnight + time
  if (offset === null) return { nanos: local, zoned: false }
  const shift = offsetNanos(offset)
  return shift === undefined ? undefined : { nanos: local - shift, zoned: true, local }
}

/** The bound in whole microseconds of what `nanos` bounds: not above a lower one, not below an upper one. */
export function outerMicros(nanos: bigint, side: 'lower' | 'upper'): bigint {
  const rest = ((nanos % 1000n) + 1000n) % 1000n
  const floor = (nanos - rest) / 1000n
  return side === 'upper' && rest > 0n ? floor + 1n : floor
}

/** Nanoseconds from midnight of a strict `HH:mm[:ss[.fffffffff]]`. */
export function clockNanos(text: string): bigint | undefined {
  const match = CLOCK.exec(text)
  if (match === null) return undefined
  const [, hours, minutes, seconds = '00', fraction = ''] = match
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined
  const whole = BigInt(hours!) * 3600n + BigInt(minutes!) * 60n + BigInt(seconds)
  return whole * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
}

function offsetNanos([, sign, hours, minutes = '00']: RegExpExecArray): bigint | undefined {
  if (sign === undefined) return 0n
  if (Number(hours) > 18 || Number(minutes) > 59) return undefined
  const total = (BigInt(hours!) * 60n + BigInt(minutes)) * 60_000_000_000n
  return sign === '-' ? -total : total
}
