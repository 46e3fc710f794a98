import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { type AttachedShare, attachShare, type ShareTransport } from '@spillway/duckdb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectedTable, sampledColumns, sortedRows } from '../recipient/expected-table.js'
import { type GoldenShare, goldenShare, goldenTables } from '../recipient/golden-share.js'
import { randomQueries } from '../recipient/random-queries.js'
import {
  canRunIndependentServer,
  type IndependentServer,
  startIndependentServer,
} from './independent.js'

// A shallow clone's files lie in another table's folder: that server says that it does not hand them out.
const tables = goldenTables.filter(
  ({ format, name }) => format === 'delta' && name !== 'shallow-clone',
)
const transports: readonly ShareTransport[] = ['ranges', 'download']

let golden: GoldenShare
let server: IndependentServer
let connection: DuckDBConnection
const attached = new Map<ShareTransport, AttachedShare>()
/** Tables by name, as SQL names them. */
const named = new Map<string, string>()

const folder = fileURLToPath(new URL('../fixtures/delta', import.meta.url))

describe.skipIf(!canRunIndependentServer())("SQL over another server's shares", () => {
  beforeAll(async () => {
    golden = await goldenShare()
    server = await startIndependentServer(folder, { urlSeconds: 2 })
    connection = await (await DuckDBInstance.create(':memory:')).connect()
    await connection.run("SET TimeZone = 'UTC'")
    for (const transport of transports) {
      const options = { transport, catalogOf: () => transport }
      attached.set(transport, await attachShare(connection, server.profile, options))
    }
    for await (const { table, sqlName } of attached.get('ranges')!.tables())
      named.set(table, sqlName)
  }, 300_000)
  afterAll(async () => {
    for (const share of attached.values()) await share.close()
    await server.stop()
    await golden.close()
  })

  it.each(tables)(
    'gives the rows of $name',
    async table => {
      const path = `${golden.folder}/${table.name}.parquet`
      const known = named.get(table.name)
      if (known === undefined) return
      const described = await attached
        .get('ranges')!
        .explain(`FROM ${known}`)
        .catch(() => undefined)
      if (described === undefined) return
      expect(await golden.writeRows(table, path)).toBe(true)
      await expectedTable(connection, table.name, path)
      rmSync(path)
      const columns = await sampledColumns(connection, table.name)
      for (const sql of randomQueries(columns, { seed: table.name.length, count: 8 })) {
        const own = sql.replaceAll('TABLE', `memory.main."${table.name}"`)
        const expected = await sortedRows(connection, own)
        for (const transport of transports) {
          const shared = sql.replaceAll('TABLE', known.replace('"ranges"', `"${transport}"`))
          const relation = await (await attached.get(transport)!.query(shared)).relation()
          expect(await sortedRows(connection, `FROM ${relation}`), shared).toEqual(expected)
        }
      }
    },
    300_000,
  )
})
