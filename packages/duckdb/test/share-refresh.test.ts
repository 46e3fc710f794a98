import { DuckDBInstance } from '@duckdb/node-api'
import { quickOr } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { attachShare } from '../src/index.js'
import { shareServer } from './support/share-server.js'
import { SCHEMA, sharedTable } from './support/share-table.js'

// Ten minutes of 15-second URLs: SPILLWAY_SCAN_SECONDS=600 SPILLWAY_URL_SECONDS=15 npx vitest run ...
const SCAN_SECONDS = Number(process.env.SPILLWAY_SCAN_SECONDS ?? quickOr(2, 4))
const URL_SECONDS = Number(process.env.SPILLWAY_URL_SECONDS ?? 1)
// No request waits for longer than two seconds.
const FILES = Math.max(20, Math.ceil(SCAN_SECONDS / 2))
const ROWS = 2048
const AT_ONCE = 2

const QUERIES = {
  'rows as they come': 'SELECT id, name FROM share.main.t',
  'an aggregate of all': 'SELECT id, min(name) FROM share.main.t GROUP BY id',
}

describe.each(['ranges', 'download'] as const)('over %s', transport => {
  it.each(Object.entries(QUERIES))(
    `a scan of ${SCAN_SECONDS} seconds completes with URLs of ${URL_SECONDS}: %s`,
    async (_, sql) => {
      const files = await sharedTable(FILES, ROWS)
      const requests = transport === 'ranges' ? 2 : 1
      const delay = (SCAN_SECONDS * 1000 * AT_ONCE) / (FILES * requests)
      const server = await shareServer({
        files,
        schemaString: SCHEMA,
        partitionColumns: ['day'],
        urlLifeMs: URL_SECONDS * 1000,
        async onData() {
          await new Promise(resolve => setTimeout(resolve, delay))
          return false
        },
      })
      const instance = await DuckDBInstance.create(':memory:')
      const connection = await instance.connect()
      const options = { transport, concurrency: AT_ONCE }
      const attached = await attachShare(connection, server.profile, options)
      const started = Date.now()
      try {
        const ids = new Set<unknown>()
        const result = await attached.query(sql)
        for await (const block of result.rawRows()) for (const row of block) ids.add(row[0])
        expect(ids.size).toBe(FILES * ROWS)
        expect(server.queries.length).toBeGreaterThan(1)
        const seconds = ((Date.now() - started) / 1000).toFixed(1)
        const { refused } = server.sent
        console.info(`${seconds} s, ${server.queries.length} answers, ${refused} refusals`)
      } finally {
        await attached.close()
        await server.close()
      }
    },
    SCAN_SECONDS * 3000 + 60_000,
  )
})
