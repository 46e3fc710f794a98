import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { dataColumns } from './columns.js'
import { folderOf, keysOf, type Layout, mixed, nameOf, ROWS_PER_FILE } from './shape.js'

/** A folder of Parquet files with all their rows, in `path`: one of a hundred rows is some kilobytes. */
export async function writeParquetWorkload(path: string, layout: Layout): Promise<void> {
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
  const made = new Set<string>()
  for (let file = 0; file < layout.files; file++) {
    const folder = join(path, folderOf(layout, file))
    if (!made.has(folder)) await mkdir(folder, { recursive: true })
    made.add(folder)
    const target = join(folder, nameOf(file))
    await connection.run(`COPY (${rowsSql(layout, file)}) TO '${target}' (FORMAT parquet)`)
  }
  connection.closeSync()
}

/** Keys from the file's least to its greatest, as far apart as they have to be. */
function rowsSql(layout: Layout, file: number): string {
  const { low, high } = keysOf(layout, file)
  const noise = mixed(file, layout.seed + 2) % 1_000_000
  const step = (high - low) / (ROWS_PER_FILE - 1)
  const others = dataColumns(layout)
    .slice(1)
    .map(({ name, type }, i) => {
      const number = `(${noise + i + 1} + r)`
      if (type === 'string') return `'v' || lpad(CAST(${number} AS VARCHAR), 9, '0') AS ${name}`
      return `${type === 'double' ? `(${number} + 0.5)::DOUBLE` : `${number}::BIGINT`} AS ${name}`
    })
  const key = `CAST(${low} + round(r * ${step}) AS BIGINT) AS key`
  return `SELECT ${[key, ...others].join(', ')} FROM range(${ROWS_PER_FILE}) t(r)`
}
