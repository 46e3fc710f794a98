import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { eq, gt, type Predicate, type Snapshot } from '@spillway/core'
import { hudiReader } from '@spillway/hudi'
import { planScan } from '@spillway/planner'
import { duckDb, rowJson, tableRows } from '@spillway/rows'
import { localStore } from '@spillway/storage'
import { keepingCache } from '@spillway/testkit'
import { afterAll, describe, expect, it } from 'vitest'

const name = 'v9_timebasedkeygen_unixtimestamp__cow'
const folder = fileURLToPath(new URL(`../../../shared/fixtures/hudi/${name}`, import.meta.url))
const store = localStore()
const duckdb = duckDb()

afterAll(() => duckdb.close())

async function* planned(snapshot: Snapshot, where?: Predicate) {
  for await (const { files, selection } of planScan(snapshot, where ? { predicate: where } : {})) {
    yield files.files(selection)
  }
}

/** Older files hold 64-bit integers where newer ones, and the schema, have text. */
describe.skipIf(!existsSync(folder))('a column that became text (needs shared fixtures)', () => {
  const rows = tableRows({ store, duckdb, files: planned })
  const open = () =>
    hudiReader({ store, cache: keepingCache() }).snapshot({ location: `file://${folder}` })

  it('has the rows of the snapshot query of Spark', async () => {
    const found = rows.rows(await open(), { columns: ['txn_id', 'ts_epoch'] })
    const read: unknown[] = []
    for await (const block of found.rows) {
      for (const row of block) read.push(rowJson(row, found.fields))
    }
    expect(read.sort()).toEqual([
      ['TXN-001', '1705311000'],
      ['TXN-001', '1705311000'],
      ['TXN-002', '1705315500'],
      ['TXN-003', '1705367700'],
      ['TXN-005', '1705485600'],
      ['TXN-006', '1705489200'],
    ])
  })

  it('is never handed out in files as they are', async () => {
    expect([...(await open()).features]).toEqual(['schemaOnRead'])
  })

  it('is not pruned by the bounds of what it was', async () => {
    const snapshot = await open()
    const counts = [eq('ts_epoch', '1705311000'), gt('ts_epoch', '1705367700')]
    expect(await Promise.all(counts.map(where => rows.count(snapshot, where)))).toEqual([2n, 2n])
  })
})
