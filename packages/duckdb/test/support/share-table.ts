import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duckDb } from '@spillway/rows'
import type { ServedData } from './share-server.js'

const field = (name: string, type: string) => ({ name, type, nullable: true, metadata: {} })

/** Columns of the table that `sharedTable` writes. */
export const SCHEMA = JSON.stringify({
  type: 'struct',
  fields: [
    field('day', 'date'),
    field('id', 'long'),
    field('name', 'string'),
    field('amount', 'double'),
  ],
})

/** Parquet files of ids from 0 on: `rows` a file in row groups of 2,048, a day a file, names that do not compress. */
export async function sharedTable(files: number, rows: number): Promise<readonly ServedData[]> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-share-table-'))
  const database = duckDb()
  const connection = await database.connect()
  try {
    const served: ServedData[] = []
    for (let file = 0; file < files; file++) {
      const path = join(folder, `${file}.parquet`)
      const range = `range(${file * rows}, ${(file + 1) * rows})`
      await connection.run(
        `COPY (SELECT range AS id, md5(range::VARCHAR) AS name, range / 2 AS amount FROM ${range}) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
      )
      served.push({
        bytes: readFileSync(path),
        partitionValues: { day: new Date(Date.UTC(2026, 0, 1 + file)).toISOString().slice(0, 10) },
        stats: JSON.stringify({
          numRecords: rows,
          minValues: { id: file * rows },
          maxValues: { id: (file + 1) * rows - 1 },
          nullCount: { id: 0 },
        }),
      })
    }
    return served
  } finally {
    connection.close()
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The rows of a query as one Parquet file. */
export async function parquetOf(sql: string, options = ''): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-share-table-'))
  const database = duckDb()
  const connection = await database.connect()
  try {
    const path = join(folder, 'file.parquet')
    await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet${options && `, ${options}`})`)
    return readFileSync(path)
  } finally {
    connection.close()
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
