import { oldCalendar } from '@spillway/encoding'
import type { Connection } from '../session/session.js'
import type { CalendarZone } from '../sql/old-calendar-sql.js'
import { quoteList } from '../sql/sql-text.js'

/** Which values of a file are in Spark's old calendar. */
export interface Calendars {
  readonly dates: boolean
  readonly int96: boolean
  readonly zone: CalendarZone
}

export const IN_ONE_CALENDAR: Calendars = { dates: false, int96: false, zone: 'utc' }

/** What the footers of local files say about their calendars, by path; files of the new one are not there. */
export async function calendarsOf(
  connection: Connection,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Calendars>> {
  if (paths.length === 0) return new Map()
  const rows = await connection.all(
    `SELECT file_name, key::VARCHAR, value::VARCHAR FROM parquet_kv_metadata(${quoteList(paths)})
     WHERE starts_with(key::VARCHAR, 'org.apache.spark.') AND NOT starts_with(key::VARCHAR, 'org.apache.spark.sql.')`,
    signal,
  )
  const marks = new Map<string, Map<string, string>>()
  for (const [path, key, value] of rows as readonly (readonly [string, string, string])[]) {
    const known = marks.get(path) ?? new Map<string, string>()
    marks.set(path, known.set(key, value))
  }
  const calendars = new Map<string, Calendars>()
  for (const [path, keyValue] of marks) {
    const found = oldCalendar(keyValue)
    if (found === undefined) continue
    const { dates, int96, utc } = found
    calendars.set(path, { dates, int96, zone: utc ? 'utc' : 'other' })
  }
  return calendars
}
