import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { createSharingClient } from '@spillway/client'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AttachedShare, type AttachOptions, attachShare } from '../src/index.js'
import { type ServedData, type ShareServer, shareServer } from './support/share-server.js'
import { SCHEMA, sharedTable } from './support/share-table.js'

const ROWS = 3000
const FILES = 4
const ALL = FILES * ROWS
let files: readonly ServedData[]
let server: ShareServer
let share: AttachedShare
let connection: DuckDBConnection

beforeAll(async () => {
  files = await sharedTable(FILES, ROWS)
})
afterEach(async () => {
  await connection.run('ROLLBACK').catch(() => undefined)
  await share.close()
  await server.close()
})

async function attach(own: AttachOptions = {}): Promise<void> {
  const options = { files, schemaString: SCHEMA, partitionColumns: ['day'], tables: ['t', 'u'] }
  server = await shareServer(options)
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  const client = createSharingClient(server.profile, { retry: { retries: 0 } })
  share = await attachShare(connection, client, own)
}

async function rowsOf(sql: string, signal?: AbortSignal): Promise<(readonly unknown[])[]> {
  const rows: (readonly unknown[])[] = []
  for await (const block of (await share.query(sql, { signal })).rawRows()) rows.push(...block)
  return rows
}

async function direct(sql: string): Promise<unknown> {
  return (await connection.runAndReadAll(sql)).getRows()
}

const COUNT = 'SELECT count(*) FROM share.main.t'
/** Comes batch by batch: each file is one under a LIMIT. */
const STREAM = `SELECT id FROM share.main.t LIMIT ${ALL}`

describe('a query inside a transaction', () => {
  it.each(['BEGIN', 'BEGIN TRANSACTION READ ONLY'])('of %s has its rows', async begin => {
    await attach()
    await rowsOf('DESCRIBE share.main.t')
    await rowsOf(begin)
    expect(await rowsOf('SELECT 1')).toEqual([[1]])
    expect(await rowsOf(COUNT)).toEqual([[BigInt(ALL)]])
    expect(await rowsOf(STREAM)).toHaveLength(ALL)
    const ordered = await rowsOf('SELECT id FROM share.main.t ORDER BY hash(id)')
    await rowsOf('COMMIT')
    expect(await rowsOf('SELECT id FROM share.main.t ORDER BY hash(id)')).toEqual(ordered)
  })

  it('may be a part of one text', async () => {
    await attach()
    expect(await rowsOf(`BEGIN; ${COUNT}`)).toEqual([[BigInt(ALL)]])
    expect(await rowsOf('COMMIT; SELECT 1')).toEqual([[1]])
  })

  it('can call a table function for the first time, and fail to, without ending it', async () => {
    await attach()
    await rowsOf('CREATE TABLE own AS SELECT 1 AS a')
    await rowsOf('BEGIN; DELETE FROM own')
    const sql = "SELECT count(*) FROM share_at('share.main.t', version := 3)"
    expect(await rowsOf(sql)).toEqual([[BigInt(ALL)]])
    await expect(rowsOf("FROM share_at('nobody.main.t', 3)")).rejects.toThrow(
      /no share is attached/,
    )
    await rowsOf('COMMIT')
    expect(await rowsOf('SELECT count(*) FROM own')).toEqual([[0n]])
  })

  it.each([
    ['begun within, read after it', 'BEGIN', 'COMMIT'],
    ['begun before, read within it', 'SELECT 1', 'BEGIN'],
    ['begun before, read after it was rolled back', 'SELECT 1', 'BEGIN; SELECT 2; ROLLBACK'],
  ])('has its rows where it is %s', async (_, before, after) => {
    await attach()
    await rowsOf('DESCRIBE share.main.t')
    await rowsOf(before)
    const results = [await share.query(STREAM), await share.query('FROM range(50000)')]
    await rowsOf(after)
    expect((await results[0]!.all()).length).toBe(ALL)
    expect((await results[1]!.all()).map(({ range }) => Number(range))).toEqual([
      ...Array(50_000).keys(),
    ])
  })

  it('that is rolled back takes unread rows with it, which is said', async () => {
    await attach()
    await rowsOf('DESCRIBE share.main.t; BEGIN')
    const results = [await share.query(STREAM), await share.query(COUNT)]
    await rowsOf('ROLLBACK')
    for (const result of results) {
      await expect(result.all()).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringMatching(/a transaction that was rolled back before they were read/),
      })
    }
  })

  it.each([STREAM.replace(String(ALL), '7000'), 'SELECT id FROM share.main.t WHERE id < 7000'])(
    'can be kept as a relation: %s',
    async sql => {
      await attach()
      await rowsOf('DESCRIBE share.main.t; BEGIN')
      const relation = await (await share.query(sql)).relation()
      const both = `SELECT count(*), max(id) FROM ${relation}`
      expect(await direct(both)).toEqual([[7000n, 6999n]])
      await rowsOf('COMMIT')
      expect(await direct(both)).toEqual([[7000n, 6999n]])
    },
  )

  it('is kept whole or not at all where a transaction begins meanwhile', async () => {
    await attach()
    await rowsOf('DESCRIBE share.main.t')
    const result = await share.query(STREAM)
    await rowsOf('BEGIN')
    const relation = await result.relation()
    expect(await direct(`SELECT count(*) FROM ${relation}`)).toEqual([[BigInt(ALL)]])
    await rowsOf('ROLLBACK')
    await expect(direct(`FROM ${relation}`)).rejects.toThrow(/does not exist/)
  })
})

const NONE = 'SELECT id FROM share.main.t WHERE id < -5'

describe('a transaction that fails', () => {
  it.each([
    ['its own error', `SELECT error('mine') FROM range(3) WHERE range NOT IN (${NONE})`, /mine/],
    [
      'an error of an INSERT',
      `INSERT INTO own SELECT error('mine') FROM range(3) WHERE range NOT IN (${NONE})`,
      /mine/,
    ],
    [
      'one of time travel',
      `SELECT error('mine') FROM range(3) WHERE range NOT IN (SELECT id FROM share_at('share.main.t', version := 3) WHERE id < -5)`,
      /mine/,
    ],
    ['a constraint', 'INSERT INTO own SELECT 1 FROM share.main.t', /[Dd]uplicate key/],
    ['a row of a batch', `SELECT 1 / (7000 - id), error('mine') FROM share.main.t`, /mine/],
  ])('with %s says it, and shared tables are whole after it', async (_, sql, error) => {
    await attach()
    await rowsOf('DESCRIBE share.main.t; CREATE TABLE own (x BIGINT PRIMARY KEY)')
    const at = "SELECT count(*) FROM share_at('share.main.t', version := 3)"
    for (const rollBack of [rowsOf, direct]) {
      await rowsOf('BEGIN')
      await expect(rowsOf(sql)).rejects.toThrow(error)
      for (const later of [COUNT, 'SELECT 1', at, 'COPY own TO STDOUT']) {
        await expect(rowsOf(later)).rejects.toMatchObject({
          code: 'INVALID_REQUEST',
          message: expect.stringMatching(/ROLLBACK first$/),
        })
      }
      await rollBack('/* over */ ROLLBACK')
      // Whoever reads them past query() has an error, not what the statement saw.
      await expect(direct('FROM share.main.t')).rejects.toThrow(/shared/)
      await expect(direct("FROM share_at('share.main.t', version := 3)")).rejects.toThrow(
        /query\(\)/,
      )
      expect(await rowsOf(COUNT)).toEqual([[BigInt(ALL)]])
      expect(await rowsOf(at)).toEqual([[BigInt(ALL)]])
    }
  })

  it('by being cancelled says so, and shared tables are whole after it', async () => {
    await attach()
    await rowsOf('DESCRIBE share.main.t; BEGIN')
    const stop = new AbortController()
    const long = `SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b WHERE a.range NOT IN (${NONE})`
    setTimeout(() => stop.abort(), 300)
    await expect(rowsOf(long, stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    await connection.run('ROLLBACK')
    await expect(direct('FROM share.main.t')).rejects.toThrow(/shared/)
    expect(await rowsOf(COUNT)).toEqual([[BigInt(ALL)]])
  })

  it('leaves nothing on the connection', async () => {
    await attach()
    await rowsOf('DESCRIBE share.main.t')
    const unread = await share.query(STREAM)
    await rowsOf('BEGIN')
    await expect(rowsOf(`SELECT error('mine') FROM share.main.t`)).rejects.toThrow(/mine/)
    await expect(unread.all()).rejects.toThrow(/ROLLBACK first$/)
    await rowsOf('ROLLBACK')
    expect(await rowsOf('SELECT 1')).toEqual([[1]])
    expect(await direct('SELECT table_name FROM duckdb_tables() WHERE temporary')).toEqual([])
    expect(await direct('SELECT name FROM duckdb_variables()')).toEqual([])
  })

  it('lets the share be closed as far as it goes, and the next close do the rest', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-aborted-'))
    try {
      await attach({ folder })
      await rowsOf('DESCRIBE share.main.t; BEGIN')
      await expect(rowsOf(`SELECT error('mine') FROM share.main.t`)).rejects.toThrow(/mine/)
      await expect(share.close()).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringMatching(/ROLLBACK first$/),
      })
      expect(existsSync(folder) && readdirSync(folder)).toEqual([])
      await expect(share.query('SELECT 1')).rejects.toThrow(/the share was closed/)
      await connection.run('ROLLBACK')
      await share.close()
      const left = `SELECT database_name FROM duckdb_databases() WHERE database_name = 'share'
        UNION ALL SELECT function_name FROM duckdb_functions() WHERE function_name = 'share_at'
        UNION ALL SELECT name FROM duckdb_variables()`
      expect(await direct(left)).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

it('lets a share that it has read be closed when it is over', async () => {
  await attach()
  await rowsOf('DESCRIBE share.main.t; BEGIN')
  await expect(direct("FROM query('FROM share.main.t')")).rejects.toThrow(/shared/)
  await connection.run('ROLLBACK; BEGIN')
  expect(await rowsOf(COUNT)).toEqual([[BigInt(ALL)]])
  await expect(share.close()).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringMatching(/COMMIT or ROLLBACK, then close the share again$/),
  })
  await connection.run('COMMIT')
  await share.close()
  expect(await direct("FROM duckdb_databases() WHERE database_name = 'share'")).toEqual([])
})

it('keeps an order that DuckDB need not keep itself', async () => {
  await attach()
  await rowsOf('SET preserve_insertion_order = false; SET threads = 4')
  const sorted = await rowsOf('SELECT range AS a FROM range(400000) ORDER BY a DESC')
  expect(sorted.findIndex(([a], i) => a !== BigInt(399_999 - i))).toBe(-1)
})
