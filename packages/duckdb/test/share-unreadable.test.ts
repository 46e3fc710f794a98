import { DuckDBInstance } from '@duckdb/node-api'
import { createSharingClient } from '@spillway/client'
import { isTableError } from '@spillway/core'
import { afterEach, describe, expect, it } from 'vitest'
import { type AttachedShare, attachShare } from '../src/index.js'
import { type ShareServer, type ShareServerOptions, shareServer } from './support/share-server.js'

const SCHEMA =
  '{"type":"struct","fields":[{"name":"a","type":"long","nullable":true,"metadata":{}}]}'

let server: ShareServer
let share: AttachedShare

afterEach(async () => {
  await share?.close()
  await server?.close()
})

async function attach(options: Partial<ShareServerOptions>): Promise<void> {
  server = await shareServer({ files: [], schemaString: SCHEMA, ...options })
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const client = createSharingClient(server.profile, { retry: { retries: 0 } })
  share = await attachShare(connection, client)
}

async function failure(sql: string) {
  try {
    const result = await share.query(sql)
    for await (const _ of result.rawRows()) {
      // Only whether it fails is asked.
    }
  } catch (error) {
    if (isTableError(error)) return { code: error.code, message: error.message }
    throw error
  }
  return undefined
}

describe('a table that could not be attached', () => {
  const message = 'commit 3 is "missing" \n\n in the log of parquet'
  const reason = `share.main.pq-t cannot be read: the server answered 400: ${message}`
  const metadataError = { status: 400, errorCode: 'UNSUPPORTED_FEATURE', message }

  it.each([
    'SELECT * FROM share.main."pq-t"',
    'SELECT * FROM SHARE.MAIN."PQ-T" x',
    'SELECT (SELECT max(a) FROM share.main."pq-t")',
    'WITH c AS (FROM "share"."main"."pq-t") SELECT count(*) FROM c',
    'SELECT 1 FROM range(3) r JOIN share.main."pq-t" t ON t.a = r.range',
    'CREATE TABLE mine AS FROM share.main."pq-t"',
    'SELECT 1 WHERE EXISTS (FROM share.main."pq-t")',
    'DESCRIBE share.main."pq-t"',
    'SUMMARIZE share.main."pq-t"',
    'COPY (FROM share.main."pq-t") TO \'/dev/null\'',
  ])("says in its provider's words why, in %s", async sql => {
    await attach({ metadataError, tables: ['pq-t'] })
    const found = await failure(sql)
    expect(found).toEqual({ code: 'UNSUPPORTED_FEATURE', message: reason })
  })

  it('is listed, and hides no other statement', async () => {
    await attach({ metadataError, tables: ['pq-t'] })
    const names: string[] = []
    for await (const { sqlName } of share.tables()) names.push(sqlName)
    expect(names).toEqual(['"share"."main"."pq-t"'])
    expect(await failure('SHOW ALL TABLES')).toBeUndefined()
    expect(await failure('SELECT 1')).toBeUndefined()
  })

  it.each(['SHOW TABLES FROM share.main', 'FROM share.main.t', 'FROM share.MAIN.T'])(
    'is not taken for one whose name is its own but for case, after %s',
    async first => {
      await attach({ tables: ['t', 'T'] })
      expect(await failure(first)).toBeUndefined()
      for (const sql of ['FROM share.main.T', 'SELECT * FROM share.main.t']) {
        const found = await failure(sql)
        if (found === undefined && first === `FROM share.main.${sql.slice(-1)}`) continue
        const message = expect.stringMatching(/but for case/)
        expect(found, sql).toEqual({ code: 'UNSUPPORTED_FEATURE', message })
      }
    },
  )
})

describe('what is wrong with SQL', () => {
  it.each([
    ['SELECT parquet_column FROM share.main.t', /Binder Error/],
    ["SELECT * FROM '/no/such/file.parquet'", /No files found/],
    ["COPY (SELECT 1) TO '/no/such/folder/x.parquet'", /IO Error/],
    ['SELECT * FROM share.main.parquet_of_nobody', /does not exist/],
  ])('is no fault of a shared file: %s', async (sql, message) => {
    await attach({})
    expect(await failure(sql)).toEqual({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(message),
    })
  })
})
