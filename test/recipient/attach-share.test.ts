import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { type AttachedShare, attachShare, type ShareTransport } from '@spillway/duckdb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GoldenShare, goldenShare, goldenTables } from './golden-share.js'
import { httpfsPath } from './httpfs.js'
import { randomQueries, type SampledColumn } from './random-queries.js'

const httpfs = httpfsPath()
const transports: readonly ShareTransport[] = [
  'ranges',
  'download',
  ...(httpfs ? ['httpfs' as const] : []),
]

let share: GoldenShare
let connection: DuckDBConnection
const attached = new Map<ShareTransport, AttachedShare>()

beforeAll(async () => {
  share = await goldenShare()
  const instance = await DuckDBInstance.create(':memory:')
  connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  for (const transport of transports) {
    const options = { transport, catalogOf: () => transport, ...(httpfs && { httpfs }) }
    attached.set(transport, await attachShare(connection, share.profile, options))
  }
}, 300_000)
afterAll(async () => {
  for (const each of attached.values()) await each.close()
  await share.close()
})

/** Sorted, as text: SQL promises no order. */
async function expectedRows(sql: string): Promise<readonly string[]> {
  const reader = await connection.runAndReadAll(sql)
  return reader
    .getRowsJson()
    .map(row => JSON.stringify(row))
    .sort()
}

async function sharedRows(transport: ShareTransport, sql: string): Promise<readonly string[]> {
  const result = await attached.get(transport)!.query(sql)
  const table = await result.relation()
  const rows = await expectedRows(`FROM ${table}`)
  await connection.run(`DROP TABLE ${table}`)
  return rows
}

/** What a table function's answer says that the wire cannot: a UUID travels as its bytes. */
const AS_SHARED = `SELECT * REPLACE (REPLACEMENTS) FROM read_parquet('PATH')`

async function expectedTable(name: string, path: string): Promise<void> {
  const described = await connection.runAndReadAll(`DESCRIBE FROM read_parquet('${path}')`)
  const uuids = described
    .getRowsJson()
    .filter(row => row[1] === 'UUID')
    .map(row => `"${row[0]}"`)
  const replacements = uuids.map(
    column => `from_hex(replace(${column}::VARCHAR, '-', '')) AS ${column}`,
  )
  const select =
    uuids.length === 0
      ? `FROM read_parquet('${path}')`
      : AS_SHARED.replace('REPLACEMENTS', replacements.join(', ')).replace('PATH', path)
  await connection.run(`CREATE OR REPLACE TABLE memory.main."${name}" AS ${select}`)
}

const LITERAL_TYPES =
  /^(BOOLEAN|INTEGER|BIGINT|FLOAT|DOUBLE|VARCHAR|DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE|DECIMAL\(.*\)|BLOB)$/

async function sampled(name: string): Promise<readonly SampledColumn[]> {
  const described = await connection.runAndReadAll(`DESCRIBE memory.main."${name}"`)
  const columns: SampledColumn[] = []
  for (const [column, type] of described.getRowsJson() as [string, string][]) {
    const quoted = `"${column.replaceAll('"', '""')}"`
    const literals = LITERAL_TYPES.test(type)
      ? await connection.runAndReadAll(
          `SELECT DISTINCT '''' || replace(${quoted}::VARCHAR, '''', '''''') || '''::${type}' FROM memory.main."${name}" WHERE ${quoted} IS NOT NULL ORDER BY 1 LIMIT 6`,
        )
      : undefined
    columns.push({
      name: column,
      type,
      literals: literals?.getRowsJson().map(row => String(row[0])) ?? [],
    })
  }
  return columns
}

describe('a query over shares gives what DuckDB gives over the rows themselves', () => {
  it.each(goldenTables)(
    '$format/$name',
    async table => {
      const path = `${share.folder}/${table.name}.parquet`
      const known = attached.get('ranges')!.tables.find(each => each.table === table.name)!
      if (!(await share.writeRows(table, path))) {
        const query = attached.get('ranges')!.query(`FROM ${known.sqlName}`)
        await expect(query).rejects.toMatchObject({ name: 'TableError' })
        return
      }
      await expectedTable(table.name, path)
      const columns = await sampled(table.name)
      const queries = randomQueries(columns, { seed: hash(table.name), count: 12 })
      for (const sql of queries) {
        const expected = await expectedRows(sql.replaceAll('TABLE', `memory.main."${table.name}"`))
        for (const transport of transports) {
          const found = await sharedRows(
            transport,
            sql.replaceAll('TABLE', `"${transport}"."all"."${table.name}"`),
          )
          expect(found, `${transport}: ${sql}`).toEqual(expected)
        }
      }
    },
    300_000,
  )
})

function hash(text: string): number {
  return [...text].reduce(
    (sum, character) => (Math.imul(sum, 31) + character.codePointAt(0)!) >>> 0,
    7,
  )
}
