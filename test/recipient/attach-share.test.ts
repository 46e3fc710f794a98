import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { type AttachedShare, attachShare, type ShareTransport } from '@spillway/duckdb'
import { spreadOf } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportedTables } from '../golden/reported-tables.js'
import { expectedTable, sampledColumns, sortedRows } from './expected-table.js'
import { type GoldenShare, goldenShare, goldenTables } from './golden-share.js'
import { randomQueries } from './random-queries.js'

/** DuckDB's httpfs, where the environment says where it is: `pip download duckdb-extension-httpfs`. */
const httpfs = process.env.SPILLWAY_HTTPFS
const transports: readonly ShareTransport[] = ['ranges', 'download']
/** A hundred queries a table are for a quiet machine: SPILLWAY_QUERIES=100. */
const QUERIES = Number(process.env.SPILLWAY_QUERIES ?? 4)

let share: GoldenShare
let connection: DuckDBConnection
const attached = new Map<ShareTransport, AttachedShare>()

beforeAll(async () => {
  share = await goldenShare([...goldenTables, ...reportedTables])
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run("SET TimeZone = 'UTC'")
  for (const transport of [...transports, ...(httpfs ? (['httpfs'] as const) : [])]) {
    const options = { transport, catalogOf: () => transport, ...(httpfs && { httpfs }) }
    attached.set(transport, await attachShare(connection, share.profile, options))
  }
}, 300_000)
afterAll(async () => {
  for (const each of attached.values()) await each.close()
  await share.close()
})

async function sharedRows(transport: ShareTransport, sql: string): Promise<readonly string[]> {
  const relation = await (await attached.get(transport)!.query(sql)).relation()
  const rows = await sortedRows(connection, `FROM ${relation}`)
  await connection.run(`DROP TABLE ${relation}`)
  return rows
}

/** What the wire cannot say: their rows are refused to recipients. */
const UNSAID = new Set(['iceberg_n-empty-text', 'parquet_nanos-cut'])
/** DuckDB has no nanoseconds with a zone, nor the wire UUIDs: both sides have the value, in types of their own. */
const OTHER_TYPES = new Set([
  'iceberg_nanos-identity',
  'parquet_nanos-nested',
  'parquet_nanos-pandas',
  'parquet_nanos-zoned',
  'parquet_types-fixed-lists',
])
const reported = reportedTables.filter(({ name }) => !OTHER_TYPES.has(name))

describe('a query over shares gives what DuckDB gives over the rows themselves', () => {
  it.each([...spreadOf(goldenTables, 5), ...spreadOf(reported, 5)])(
    '$format/$name',
    async table => {
      const path = `${share.folder}/${table.name}.parquet`
      if (UNSAID.has(table.name) || !(await share.writeRows(table, path))) {
        const query = attached.get('ranges')!.query(`FROM ranges."all"."${table.name}"`)
        await expect(query).rejects.toMatchObject({ name: 'TableError' })
        return
      }
      await expectedTable(connection, table.name, path)
      const columns = await sampledColumns(connection, table.name)
      for (const sql of randomQueries(columns, { seed: hash(table.name), count: QUERIES })) {
        const own = sql.replaceAll('TABLE', `memory.main."${table.name}"`)
        const expected = await sortedRows(connection, own).catch(() => undefined)
        // A cast that overflows, or a type that takes no such condition.
        if (expected === undefined) continue
        for (const transport of attached.keys()) {
          const shared = sql.replaceAll('TABLE', `"${transport}"."all"."${table.name}"`)
          expect(await sharedRows(transport, shared), shared).toEqual(expected)
        }
      }
    },
    300_000,
  )
})

it.skipIf(httpfs === undefined)('httpfs is one of the transports compared', () => {
  expect([...attached.keys()]).toContain('httpfs')
})

it('httpfs that cannot be loaded is refused with its path', async () => {
  const options = { transport: 'httpfs', httpfs: '/nowhere/httpfs.duckdb_extension' } as const
  await expect(attachShare(connection, share.profile, options)).rejects.toThrow(/\/nowhere/)
})

/** Where in its list of shapes a table begins: few queries a table still are all shapes together. */
function hash(text: string): number {
  return [...text].reduce(
    (sum, character) => (Math.imul(sum, 31) + character.codePointAt(0)!) >>> 0,
    7,
  )
}
