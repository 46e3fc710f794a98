/** A day of the proleptic Gregorian calendar, month and day from 1. */
export interface CivilDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

export const MICROS_PER_DAY = 86_400_000_000n
export const NANOS_PER_DAY = 86_400_000_000_000n

// Arithmetic (Hinnant, "chrono-Compatible Low-Level Date Algorithms"), since a Date for each value is most of the time that
// writing rows takes, and ends where the calendars of engines go on.

/** Days from 1970-01-01; undefined for a day that no calendar has, such as February 30. */
export function epochDay(year: number, month: number, day: number): number | undefined {
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

/** The date `days` after 1970-01-01. */
export function civilDate(days: number): CivilDate {
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

/** `yyyy-MM-dd` of days from 1970-01-01; years past 9999 or before 0 have a sign and six digits, as ISO 8601 has it. */
export function dateText(days: number): string {
  const { year, month, day } = civilDate(days)
  return `${yearText(year)}-${twoDigits(month)}-${twoDigits(day)}`
}

function yearText(year: number): string {
  if (year >= 1000 && year <= 9999) return String(year)
  if (year >= 0 && year < 1000) return String(year).padStart(4, '0')
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`
}

/** `yyyy-MM-ddTHH:mm:ss.ffffff` of microseconds from 1970-01-01 00:00, nine digits of nanoseconds; without a zone. */
export function timestampText(value: bigint, digits: 6 | 9): string {
  const perDay = digits === 6 ? MICROS_PER_DAY : NANOS_PER_DAY
  const perSecond = 10 ** digits
  const days = value / perDay - (value % perDay < 0n ? 1n : 0n)
  const ofDay = Number(value - days * perDay)
  const fraction = String(ofDay % perSecond).padStart(digits, '0')
  return `${dateText(Number(days))}T${clockText(Math.floor(ofDay / perSecond))}.${fraction}`
}

/** Microseconds of a day as `HH:mm:ss.ffffff`. */
export function timeText(micros: bigint): string {
  const fraction = (micros % 1_000_000n).toString().padStart(6, '0')
  return `${clockText(Number(micros / 1_000_000n))}.${fraction}`
}

function clockText(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}
