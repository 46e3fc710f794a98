/** Part of what DuckDB says where `inMicros` fails. */
export const CUT_MOMENT = 'a moment in nanoseconds is no whole number of microseconds'

/** A moment in nanoseconds, `sql`, in microseconds: DuckDB's own cast cuts digits. */
export function inMicros(sql: string): string {
  return `CASE WHEN epoch_ns(${sql}) % 1000 <> 0 THEN error('${CUT_MOMENT}') ELSE CAST(${sql} AS TIMESTAMP) END`
}
