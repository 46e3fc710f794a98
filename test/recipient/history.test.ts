import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { isTableError } from '@spillway/core'
import { type AttachedShare, attachShare } from '@spillway/duckdb'
import { spreadOf } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectedTable, sortedRows } from './expected-table.js'
import { type GoldenShare, type GoldenTable, goldenShare, goldenTables } from './golden-share.js'

let share: GoldenShare
let connection: DuckDBConnection
let attached: AttachedShare

beforeAll(async () => {
  share = await goldenShare()
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  attached = await attachShare(connection, share.profile)
}, 120_000)
afterAll(async () => {
  await attached.close()
  await share.close()
})

async function rowsOf(sql: string): Promise<readonly string[]> {
  const relation = await (await attached.query(sql)).relation()
  const rows = await sortedRows(connection, `FROM ${relation}`)
  await connection.run(`DROP TABLE ${relation}`)
  return rows
}

const REFUSALS = ['INVALID_REQUEST', 'UNSUPPORTED_FEATURE', 'NOT_FOUND']

/** The rows of an answer that may be refused; undefined where it is. */
async function unlessRefused<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work
  } catch (error) {
    const isRefused = isTableError(error) && REFUSALS.includes(error.code)
    // Vacuumed: the log still has the version, the storage no longer has its files.
    if (isRefused || (isTableError(error) && /not there/.test(error.message))) return undefined
    throw error
  }
}

const numberedTables = goldenTables.filter(({ format }) => ['delta', 'iceberg'].includes(format))

async function expectedAt(table: GoldenTable, version: bigint): Promise<readonly string[]> {
  const path = `${share.folder}/${table.name}-${version}.parquet`
  expect(await share.writeRows(table, path, version)).toBe(true)
  await expectedTable(connection, 'expected', path)
  return sortedRows(connection, 'FROM memory.main.expected')
}

describe('share_at gives the rows that a version had', () => {
  it.each(spreadOf(numberedTables, 6))('$name', async table => {
    let compared = 0
    for (const version of [0n, 1n, 2n]) {
      const sql = `SELECT * FROM share_at('golden.all.${table.name}', version := ${version})`
      const found = await unlessRefused(rowsOf(sql))
      if (found === undefined) continue
      expect(found, sql).toEqual(await expectedAt(table, version))
      compared++
    }
    // A version may be vacuumed or never have been, the one before the latest of a table of one version is not.
    const latest = await unlessRefused(attached.query(`FROM golden."all"."${table.name}"`))
    const { version } = latest?.explanation.scans[0] ?? {}
    await latest?.close()
    expect(compared > 0 || version === undefined || version > 2n).toBe(true)
  })
})

describe('table_changes', () => {
  const feeds = ['rs-cdf', 'hudi_cow_cdc', 'hudi_mor_cdc', 'spark-v2-schema-evolution']
  it.each(feeds)('of %s from its beginning add up to its rows', async name => {
    const { fields } = (await share.snapshot(goldenTables.find(each => each.name === name)!)).schema
    const columns = fields.map(field => `"${field.name}"`).join(', ')
    const changes = `FROM table_changes('golden.all.${name}', 0) WHERE _change_type IN`
    const left = `(SELECT ${columns} ${changes} ('insert', 'update_postimage')) EXCEPT ALL (SELECT ${columns} ${changes} ('delete', 'update_preimage'))`
    expect(await rowsOf(left)).toEqual(
      await rowsOf(`SELECT ${columns} FROM golden."all"."${name}"`),
    )
  })

  it('say which version changed a row, and when, and how', async () => {
    const sql = `SELECT id, _change_type, _commit_version, _commit_timestamp > TIMESTAMPTZ '2020-01-01' FROM table_changes('golden.all.rs-cdf', 1, 2)`
    expect(await rowsOf(sql)).toEqual([
      '["1","update_postimage","1",true]',
      '["1","update_preimage","1",true]',
      '["2","delete","2",true]',
    ])
  })

  it('are refused where the table records none, with what would work', async () => {
    const query = attached.query(`FROM table_changes('golden.all.dv-delete', 0)`)
    await expect(query).rejects.toThrow(/delta.enableChangeDataFeed/)
  })
})

describe('table functions', () => {
  it('take parameters and stand beside tables', async () => {
    const sql = `SELECT (SELECT count(*) FROM golden."all"."rs-cdf") - (SELECT count(*) FROM share_at('golden.all.rs-cdf', $1)) AS lost`
    const relation = await (await attached.query(sql, { parameters: [0] })).relation()
    const reader = await connection.runAndReadAll(`FROM ${relation}`)
    expect(reader.getRowsJson()).toEqual([['-1']])
  })

  it.each([
    [`FROM share_at('golden.all.rs-cdf', version := 1, as_of := '2026-01-01')`, /not both/],
    [`FROM share_at('golden.all.rs-cdf', version := 'x')`, /whole number/],
    [`FROM share_at('golden.all.rs-cdf', as_of := 'yesterday')`, /expected a version or a time/],
    [`FROM share_at('rs-cdf', 1)`, /share.schema.table/],
    [`FROM share_at('golden.all.nothing', 1)`, /404/],
  ])('%s is refused', async (sql, message) => {
    await expect(attached.query(sql)).rejects.toThrow(message)
  })
})
