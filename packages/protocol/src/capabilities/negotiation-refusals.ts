import { askInDelta, TableError } from '@spillway/core'

/** No feature of Delta's: columns whose files hold fixed-length bytes, UUIDs among them. */
export const FIXED_BINARY = 'fixedBinary'

/** The refusal of a table for nothing but its fixed-length bytes, in delta format: parquet format is named where it works. */
export function fixedBinaryRefusal(
  columns: readonly string[],
  {
    parquetRefuses,
    mayBeRenamed,
  }: {
    /** Features for which the table is refused in parquet format. */
    readonly parquetRefuses: readonly string[]
    /** True where single files may be refused in parquet format: their footers tell. */
    readonly mayBeRenamed: boolean
  },
): TableError {
  const otherwise =
    parquetRefuses.length > 0
      ? `, and parquet format cannot say ${parquetRefuses.join(', ')}; `
      : mayBeRenamed
        ? ', and parquet format may not find all columns in all files; '
        : '; ask in parquet format, '
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the files of the table hold fixed-length bytes (${columns.join(', ')}), which this client refuses in delta format${otherwise}read it with Spark, or have the provider configure staging`,
    { context: { feature: FIXED_BINARY } },
  )
}

/** The refusal of a table that uses `missing`, which nobody can read who asks like this. */
export function featuresRefusal(
  missing: readonly string[],
  {
    needed,
    accepted,
    pythonRefuses,
    isRewritable,
  }: {
    /** All that the table uses. */
    readonly needed: readonly string[]
    readonly accepted: ReadonlySet<string>
    readonly pythonRefuses: boolean
    /** True where staging makes up for all of `missing`. */
    readonly isRewritable: boolean
  },
): TableError {
  const asking = askInDelta(needed, { accepted, pythonRefuses })
  const ways = [
    ...(asking === undefined ? [] : [`ask with ${asking}`]),
    ...(isRewritable ? ['have the provider configure staging'] : []),
  ]
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the table uses ${missing.join(', ')}, which this request does not accept${ways.length === 0 ? '' : `; ${ways.join(', or ')}`}`,
    { context: { feature: missing.join(',') } },
  )
}
