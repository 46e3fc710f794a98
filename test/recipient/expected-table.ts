import type { DuckDBConnection } from '@duckdb/node-api'
import type { SampledColumn } from './random-queries.js'

/** Rows as text, sorted: SQL promises no order. */
export async function sortedRows(
  connection: DuckDBConnection,
  sql: string,
): Promise<readonly string[]> {
  const reader = await connection.runAndReadAll(sql)
  return reader
    .getRowsJson()
    .map(row => JSON.stringify(row))
    .sort()
}

/** Rows of a Parquet file as the table `memory.main.NAME`. The wire has no UUID: it travels as its bytes. */
export async function expectedTable(
  connection: DuckDBConnection,
  name: string,
  path: string,
): Promise<void> {
  const file = `read_parquet('${path}')`
  const described = await connection.runAndReadAll(`DESCRIBE FROM ${file}`)
  const columns = described.getRowsJson().map(([column, type]) => {
    const quoted = `"${String(column).replaceAll('"', '""')}"`
    const bytes = `from_hex(replace(${quoted}::VARCHAR, '-', ''))`
    return type === 'UUID' ? `${bytes} AS ${quoted}` : quoted
  })
  await connection.run(
    `CREATE OR REPLACE TABLE memory.main."${name}" AS SELECT ${columns.join(', ')} FROM ${file}`,
  )
}

const LITERAL_TYPES =
  /^(BOOLEAN|INTEGER|BIGINT|FLOAT|DOUBLE|VARCHAR|DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE|DECIMAL\(.*\)|BLOB)$/

/** The columns of such a table, with some values of each that has literals. */
export async function sampledColumns(
  connection: DuckDBConnection,
  name: string,
): Promise<readonly SampledColumn[]> {
  const described = await connection.runAndReadAll(`DESCRIBE memory.main."${name}"`)
  const columns: SampledColumn[] = []
  const waiting = described.getRowsJson().map(([column, type]) => {
    return { column: String(column), type: String(type), above: undefined as string | undefined }
  })
  for (const { column, type, above } of waiting) {
    const own = `"${column.replaceAll('"', '""')}"`
    const quoted = above === undefined ? own : `${above}.${own}`
    if (/^STRUCT\(".*\)$|^STRUCT\([^")]*\)$/.test(type) && above === undefined) {
      const members = `DESCRIBE SELECT ${quoted}.* FROM memory.main."${name}"`
      const found = (await connection.runAndReadAll(members)).getRowsJson()
      waiting.push(
        ...found.map(([each, its]) => ({ column: String(each), type: String(its), above: quoted })),
      )
    }
    const text = `'''' || replace(${quoted}::VARCHAR, '''', '''''') || '''::${type}'`
    const from = `FROM memory.main."${name}" WHERE ${quoted} IS NOT NULL ORDER BY 1 LIMIT 6`
    const literals = LITERAL_TYPES.test(type)
      ? (await connection.runAndReadAll(`SELECT DISTINCT ${text} ${from}`)).getRowsJson()
      : []
    const member = above === undefined ? {} : { member: quoted }
    columns.push({ name: column, type, literals: literals.map(row => String(row[0])), ...member })
  }
  return columns
}
