import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { type AttachedShare, attachShare } from '@spillway/duckdb'
import { parseProfile, profileText } from '@spillway/protocol'
import { tokenHash } from '@spillway/server'
import { quickOr, Random } from '@spillway/testkit'
import { parseConfig, startServer } from 'spillway'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  awkwardRows,
  randomFilter,
  rowSql,
} from '../../packages/duckdb/test/support/awkward-rows.js'
import { sortedRows } from './expected-table.js'

const FILES = 12
const folder = mkdtempSync(join(tmpdir(), 'spillway-sent-'))
let connection: DuckDBConnection
let share: AttachedShare
let server: Awaited<ReturnType<typeof startServer>>

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run("SET TimeZone = 'UTC'")
  mkdirSync(join(folder, 'awkward'))
  // Of every four rows some are alike: a file holds four, so that many a filter rules files out.
  const rows = awkwardRows(new Random(7), FILES * 4)
  const selects = rows.map((row, i) => `SELECT ${Math.floor(i / 4)} AS file, ${rowSql(row)}`)
  await connection.run(`CREATE TABLE all_rows AS ${selects.join(' UNION ALL ')}`)
  await connection.run('CREATE VIEW bare AS SELECT * EXCLUDE file FROM all_rows')
  for (let file = 0; file < FILES; file++) {
    const select = `SELECT * EXCLUDE file FROM all_rows WHERE file = ${file}`
    await connection.run(`COPY (${select}) TO '${folder}/awkward/${file}.parquet' (FORMAT parquet)`)
  }
  const tables = [{ name: 't', format: 'parquet', location: join(folder, 'awkward') }]
  const config = {
    server: { port: 0 },
    shares: [{ name: 'own', schemas: [{ name: 'all', tables }] }],
    recipients: [
      { name: 'us', shares: ['own'], tokens: [{ sha256: tokenHash('token').toString('hex') }] },
    ],
  }
  server = await startServer(parseConfig(JSON.stringify(config), { folder, path: 'test' }))
  const profile = profileText({ endpoint: server.endpoint, bearerToken: 'token' })
  share = await attachShare(connection, parseProfile(profile))
}, 60_000)
afterAll(async () => {
  await share?.close()
  await server?.close(1000)
  rmSync(folder, { recursive: true, force: true })
})

it.each(Array.from({ length: quickOr(1, 60) }, (_, i) => i + 1))(
  'what is sent leaves out no row, and what it says whole leaves out what the recipient would (seed %i)',
  async seed => {
    const random = new Random(seed)
    for (let round = 0; round < 12; round++) {
      const where = randomFilter(random)
      const bare = `SELECT * FROM bare WHERE ${where}`
      const expected = await sortedRows(connection, bare).catch(() => undefined)
      if (expected === undefined) continue
      const result = await share.query(`SELECT * FROM own."all".t WHERE ${where}`)
      const { hints, unhinted, files } = result.explanation.scans[0] ?? {}
      const relation = await result.relation()
      expect(await sortedRows(connection, `FROM ${relation}`), where).toEqual(expected)
      await connection.run(`DROP TABLE ${relation}`)
      const said = JSON.stringify(hints)
      const needed = `SELECT count(DISTINCT file) FROM all_rows WHERE ${where}`
      const [[count]] = (await connection.runAndReadAll(needed)).getRowsJson() as [[string]]
      if (files !== undefined) {
        expect(files.answered, `${where}: ${said}`).toBeGreaterThanOrEqual(Number(count))
        if (unhinted?.length === 0) expect(files.answered, `${where}: ${said}`).toBe(files.kept)
      }
    }
  },
  60_000,
)
