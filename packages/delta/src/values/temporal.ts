export const MICROS_PER_SECOND = 1_000_000n
export const SECONDS_PER_DAY = 86_400n

/** Days since 1970-01-01 in the proleptic Gregorian calendar; undefined where `text` is no date. */
export function parseDate(text: string): number | undefined {
  const match = /^([+-]?\d{4,7})-(\d{2})-(\d{2})$/.exec(text)
  if (match === null) return undefined
  const day = isoDay(Number(match[1]), Number(match[2]), Number(match[3]))
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
  const day = isoDay(Number(match[1]), Number(match[2]), Number(match[3]))
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

/** Days since 1970-01-01; undefined for a day that no calendar has. */
export function isoDay(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** `yyyy-MM-dd` of days since the epoch. */
export function formatDate(days: number): string {
  const { year, month, day } = civil(days)
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

export function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value % by < 0n ? quotient - 1n : quotient
}

function civil(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

function formatYear(year: number): string {
  if (year >= 0 && year <= 9999) return pad(year, 4)
  return `${year < 0 ? '-' : '+'}${pad(Math.abs(year), 4)}`
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
