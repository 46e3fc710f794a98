import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { attachShare } from '../src/index.js'
import { type ShareServer, shareServer } from './support/share-server.js'

const MOMENT = '2026-07-01 12:00:00.123456'
const MICROS = BigInt(Date.parse('2026-07-01T12:00:00.123Z')) * 1000n + 456n

const folder = mkdtempSync(join(tmpdir(), 'spillway-zone-'))
let server: ShareServer

beforeAll(async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const path = join(folder, 'zone.parquet')
  // As engines wrote them that knew no zone, or hold them in another unit.
  const values = `TIMESTAMP '${MOMENT}' AS bare, TIMESTAMP_NS '${MOMENT}' AS nanos, TIMESTAMPTZ '${MOMENT}+00' AS zoned, DATE '2026-07-01' AS day`
  await connection.run(`COPY (SELECT ${values}) TO '${path}' (FORMAT parquet)`)
  const names = ['bare', 'nanos', 'zoned', 'day']
  const fields = names.map(name => ({ name, type: 'timestamp', nullable: true, metadata: {} }))
  const schemaString = JSON.stringify({ type: 'struct', fields: fields })
  server = await shareServer({ files: [{ bytes: readFileSync(path) }], schemaString })
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

it.each(['UTC', 'America/New_York', 'Asia/Kolkata'])(
  'reads the same moments in a session of %s',
  async zone => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    await connection.run(`SET TimeZone = '${zone}'`)
    await using share = await attachShare(connection, server.profile)
    const sql =
      'SELECT epoch_us(bare), epoch_us(nanos), epoch_us(zoned), epoch_us(day) FROM share.main.t'
    const rows: unknown[] = []
    for await (const block of (await share.query(sql)).rawRows()) rows.push(...block)
    const midnight = BigInt(Date.parse('2026-07-01')) * 1000n
    expect(rows).toEqual([[MICROS, MICROS, MICROS, midnight]])
  },
)
