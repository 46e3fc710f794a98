import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { createSharingClient, type SharingClient } from '@spillway/client'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AttachedShare, askAhead, attachShare } from '../src/index.js'
import { spelledTables } from '../src/sql/names-in.js'
import { inRounds } from './support/rounds.js'
import { type ServedData, type ShareServer, shareServer } from './support/share-server.js'
import { SCHEMA, sharedTable } from './support/share-table.js'

const SQL = 'SELECT count(*) AS n FROM share.main.t WHERE id >= 0'
let files: readonly ServedData[]
let server: ShareServer | undefined
let share: AttachedShare | undefined
let connection: DuckDBConnection

beforeAll(async () => {
  files = await sharedTable(3, 2000)
})
afterEach(async () => {
  await share?.close()
  await server?.close()
  share = undefined
  server = undefined
})

async function served(sizes: readonly number[]) {
  server = await shareServer({ files, schemaString: SCHEMA, partitionColumns: ['day'] })
  const { fetch, asked } = inRounds(sizes)
  const client = createSharingClient(server.profile, { fetch, retry: { retries: 0 } })
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  return { client, fetch, asked }
}

const METADATA = 'GET /shares/share/schemas/main/tables/t/metadata'
const QUERY = 'POST /shares/share/schemas/main/tables/t/query'

/** What of a provider is asked for before anything waits. */
async function askedAhead(sql: string): Promise<readonly string[]> {
  const asked: string[] = []
  const client = createSharingClient(
    { shareCredentialsVersion: 1, endpoint: 'http://provider', bearerToken: 't' },
    {
      retry: { retries: 0 },
      fetch: async input => {
        asked.push(new URL(String(input)).pathname)
        return Response.json({ items: [] })
      },
    },
  )
  askAhead(client, sql)
  await new Promise(resolve => setImmediate(resolve))
  return asked.filter(path => path !== '/shares')
}

describe('a client that is asked ahead', () => {
  it('makes a first query four rounds: shares beside metadata, files, footers, chunks', async () => {
    const { client, fetch, asked } = await served([2, 1, 3, 3])
    share = await attachShare(connection, askAhead(client, SQL), { fetch })
    expect(await (await share.query(SQL)).all()).toEqual([{ n: 6000n }])
    expect(asked.map(round => round.length)).toEqual([2, 1, 3, 3])
    expect([...asked[0]!].sort()).toEqual(['GET /shares', METADATA])
    expect(asked[1]).toEqual([QUERY])
  })

  it('uses each answer once: a refresh asks anew', async () => {
    const { client, asked } = await served([2, 1, 1, 1, 1, 1])
    share = await attachShare(connection, askAhead(client, SQL))
    await share.refresh()
    await share.explain(SQL)
    expect(asked.slice(1)).toEqual([['GET /shares'], [QUERY]])
    await share.refresh()
    await share.explain(SQL)
    expect(asked.slice(3)).toEqual([['GET /shares'], [METADATA], [QUERY]])
  })

  it('does not take the newest columns for those of a version', async () => {
    const { client, asked } = await served([2])
    const ahead = askAhead(client, SQL)
    await ahead.metadata({ share: 'share', schema: 'main', table: 't' }, { version: 3n })
    await ahead.metadata({ share: 'share', schema: 'main', table: 't' })
    expect(asked.slice(1)).toEqual([[METADATA]])
  })

  it('says of what is not there what it says without', async () => {
    const words = async (name: string, ahead: boolean) => {
      const { client } = await served([])
      const sql = `FROM ${name}`
      share = await attachShare(connection, ahead ? askAhead(client, sql) : client)
      const said = await share.query(sql).catch(error => error.message)
      await share.close()
      await server?.close()
      return said
    }
    for (const name of ['share.main.nothing', 'nobody.main.t']) {
      expect(await words(name, true)).toEqual(await words(name, false))
    }
  })

  it('tells whoever asks what failed, and asks again for whoever asks again', async () => {
    const refused = createSharingClient(
      { shareCredentialsVersion: 1, endpoint: 'http://provider', bearerToken: 't' },
      {
        retry: { retries: 0 },
        fetch: async () =>
          Response.json({ errorCode: 'X', message: 'who are you' }, { status: 401 }),
      },
    )
    const ahead: SharingClient = askAhead(refused, SQL)
    await new Promise(resolve => setTimeout(resolve, 20))
    const shares = () => ahead.shares()[Symbol.asyncIterator]().next()
    await expect(shares()).rejects.toThrow('who are you')
    await expect(shares()).rejects.toThrow('who are you')
    const name = { share: 'share', schema: 'main', table: 't' }
    await expect(ahead.metadata(name)).rejects.toThrow('who are you')
  })

  it('may be given up by whoever asks', async () => {
    const silent = createSharingClient(
      { shareCredentialsVersion: 1, endpoint: 'http://provider', bearerToken: 't' },
      { retry: { retries: 0 }, fetch: () => new Promise(() => {}) },
    )
    const ahead = askAhead(silent, SQL)
    const name = { share: 'share', schema: 'main', table: 't' }
    await expect(ahead.metadata(name, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})

describe('what is asked about ahead', () => {
  it.each([
    ['lake.sales.orders', ['lake.sales.orders']],
    [
      'SELECT * FROM lake.sales.orders o JOIN "lake"."sales"."c d" USING (id)',
      ['lake.sales.orders', 'lake.sales.c d'],
    ],
    [
      'WITH c AS (FROM lake.sales.orders) SELECT a.b.c FROM c WHERE c.d.e = 1',
      ['lake.sales.orders'],
    ],
    ["SELECT 'FROM my.own.text' FROM lake.sales.orders -- FROM a.b.c", ['lake.sales.orders']],
    ['SELECT a FROM t WHERE a IS DISTINCT FROM b.c.d', []],
    ["ATTACH 'own.db' AS own; SELECT * FROM own.main.t", []],
    ['USE lake.sales; FROM a.b.c', []],
    ['FROM memory.main.salaries JOIN lake.sales.orders USING (id)', ['lake.sales.orders']],
    ['FROM TEMP.main.salaries, "system".main.x', []],
    ['SELECT 1', []],
    ['FROM orders, main.orders', []],
  ])('of %s', async (sql, names) => {
    const paths = await askedAhead(sql)
    const asked = paths.map(path => {
      const [, share, schema, table] =
        /^\/shares\/(.*)\/schemas\/(.*)\/tables\/(.*)\/metadata$/.exec(decodeURIComponent(path))!
      return `${share}.${schema}.${table}`
    })
    expect(asked).toEqual(names)
  })

  it('is at most eight tables', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `lake.sales.t${i}`)
    expect(await askedAhead(names.map(name => `FROM ${name}`).join(' UNION ALL '))).toHaveLength(8)
  })
})

it('tells names of tables from words and columns', () => {
  expect(spelledTables('SELECT a.b FROM c.d, e JOIN f')).toEqual([['c', 'd'], ['f']])
})
