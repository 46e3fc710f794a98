import { MICROS_PER_DAY } from '@spillway/core'
/** How moments of a file were shifted: as clocks of UTC, or by the rules of another zone. */
export type CalendarZone = 'utc' | 'other'

/** The first days, by their number since 1970, of the Julian centuries, and how far the Gregorian day of that name lies (Spark's RebaseDateTime). */
const SHIFTS: readonly (readonly [from: number, days: number])[] = [
  [-141_427, 0],
  [-171_595, -10],
  [-208_120, -9],
  [-244_645, -8],
  [-317_695, -7],
  [-354_220, -6],
  [-390_745, -5],
  [-463_795, -4],
  [-500_320, -3],
  [-536_845, -2],
  [-609_895, -1],
  [-646_420, 0],
  [-682_945, 1],
  [-719_164, 2],
]
/** 1900-01-01: before it zones were ahead by other minutes in Java's old classes than in its new ones. */
const FIRST_ZONED_MICROS = -2_208_988_800_000_000n

/** What `rebased` says in an error of DuckDB's. */
export const OLD_CALENDAR = 'in the hybrid calendar of Spark 2'

/** A day or moment of the hybrid calendar as the day of the same name in the Gregorian one. */
export function rebased(sql: string, type: string, zone: CalendarZone): string {
  if (type === 'DATE') {
    const shift = shiftOf(`(${sql} - DATE '1970-01-01')`, from => `${from}`)
    return `CAST(${sql} + ${shift} AS DATE)`
  }
  if (zone === 'other') {
    const message = `a moment before 1900 ${OLD_CALENDAR} and in a zone that is not UTC`
    return `CASE WHEN epoch_us(${sql}) < ${FIRST_ZONED_MICROS} THEN error('${message}') ELSE ${sql} END`
  }
  const shift = shiftOf(`epoch_us(${sql})`, from => `${BigInt(from) * MICROS_PER_DAY}`)
  return `(${sql} + to_microseconds(${shift}::BIGINT * ${MICROS_PER_DAY}))`
}

function shiftOf(sql: string, spelled: (from: number) => string): string {
  const cases = SHIFTS.map(([from, days]) => `WHEN ${sql} >= ${spelled(from)} THEN ${days}`)
  return `(CASE ${cases.join(' ')} WHEN ${sql} IS NULL THEN NULL ELSE error('a day before the year 1 ${OLD_CALENDAR}') END)`
}
