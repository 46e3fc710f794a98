import type { ObjectStore, WritableStore } from '@spillway/core'
import { type DuckDb, duckDb, rowJson } from '@spillway/rows'
import { compose } from 'spillway'
import type { BenchTable } from './tables.js'

let duckdb: DuckDb | undefined

/** Every row of the table as the row engine answers it, sorted. */
export async function rowsOf(table: BenchTable, store: ObjectStore): Promise<readonly string[]> {
  duckdb ??= duckDb()
  const spillway = compose({ stores: [{ scheme: 's3', store: readOnly(store) }], duckdb })
  const snapshot = await spillway.engine().snapshot(table.source)
  const { rows, fields } = spillway.rows.rows(snapshot)
  const found: string[] = []
  for await (const block of rows) {
    for (const row of block) {
      if (found.length >= MOST_ROWS) return [`more than ${MOST_ROWS} rows`]
      found.push(JSON.stringify(rowJson(row, fields)))
    }
  }
  return found.sort()
}

/** Tables with more are compared by that they have more. */
const MOST_ROWS = 20_000

function readOnly(store: ObjectStore): WritableStore {
  const refuse = async () => {
    throw new Error('nothing is written here')
  }
  return { ...store, put: refuse, delete: refuse }
}
