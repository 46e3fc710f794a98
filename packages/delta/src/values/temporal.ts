import { civilDate, epochDay, floorDivide } from '@spillway/core'
export const MICROS_PER_SECOND = 1_000_000n
export const SECONDS_PER_DAY = 86_400n

/** Days since 1970-01-01 in the proleptic Gregorian calendar; undefined where `text` is no date. */
export function parseDate(text: string): number | undefined {
  const match = /^([+-]?\d{4,7})-(\d{2})-(\d{2})$/.exec(text)
  if (match === null) return undefined
  const day = epochDay(Number(match[1]), Number(match[2]), Number(match[3]))
  return day !== undefined && (day | 0) === day ? day : undefined
}

export interface ParsedTimestamp {
  /** Microseconds since the epoch: of the instant, or of the wall clock where there is no zone. */
  readonly micros: bigint
  readonly zone: 'utc' | 'offset' | 'none'
}

const TIMESTAMP =
  /^([+-]?\d{4,7})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(Z|UTC|[+-]\d{2}:?\d{2}(?::?\d{2})?)?$/

/** ISO-8601 with `T` or a blank, with or without a zone. Digits below a microsecond are cut off. */
export function parseTimestamp(text: string): ParsedTimestamp | undefined {
  const match = TIMESTAMP.exec(text)
  if (match === null) return undefined
  const day = epochDay(Number(match[1]), Number(match[2]), Number(match[3]))
  const hour = Number(match[4] ?? 0)
  const minute = Number(match[5] ?? 0)
  const second = Number(match[6] ?? 0)
  if (day === undefined || hour > 23 || minute > 59 || second > 59) return undefined
  const fraction = BigInt((match[7] ?? '').padEnd(6, '0').slice(0, 6))
  const seconds = BigInt(day) * SECONDS_PER_DAY + BigInt(hour * 3600 + minute * 60 + second)
  const local = seconds * MICROS_PER_SECOND + fraction
  const zone = match[8]
  if (zone === undefined) return { micros: local, zone: 'none' }
  if (zone === 'Z' || zone === 'UTC') return { micros: local, zone: 'utc' }
  return { micros: local - offsetSeconds(zone) * MICROS_PER_SECOND, zone: 'offset' }
}

function offsetSeconds(zone: string): bigint {
  const digits = zone.slice(1).replaceAll(':', '').padEnd(6, '0')
  const seconds =
    Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 + Number(digits.slice(4, 6))
  return BigInt(zone[0] === '-' ? -seconds : seconds)
}

/** `yyyy-MM-dd` of days since the epoch. */
export function formatDate(days: number): string {
  const { year, month, day } = civilDate(days)
  return `${formatYear(year)}-${pad(month, 2)}-${pad(day, 2)}`
}

/** ISO-8601 with milliseconds and no zone: what Delta statistics hold before their zone. */
export function formatMillis(micros: bigint): string {
  const day = floorDivide(micros, SECONDS_PER_DAY * MICROS_PER_SECOND)
  const rest = Number((micros - day * SECONDS_PER_DAY * MICROS_PER_SECOND) / 1000n)
  const seconds = Math.floor(rest / 1000)
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return `${formatDate(Number(day))}T${time.map(part => pad(part, 2)).join(':')}.${pad(rest % 1000, 3)}`
}

function formatYear(year: number): string {
  if (year >= 0 && year <= 9999) return pad(year, 4)
  return `${year < 0 ? '-' : '+'}${pad(Math.abs(year), 4)}`
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
