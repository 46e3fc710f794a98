import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { createSharingClient } from '@spillway/client'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AttachedShare, type AttachOptions, attachShare } from '../src/index.js'
import {
  type ServedData,
  type ShareServer,
  type ShareServerOptions,
  shareServer,
} from './support/share-server.js'
import { SCHEMA, sharedTable } from './support/share-table.js'

let files: readonly ServedData[]
let server: ShareServer
let attached: AttachedShare
let connection: DuckDBConnection

const ROWS = 20_000
const TRANSPORTS = ['ranges', 'download'] as const

beforeAll(async () => {
  files = await sharedTable(4, ROWS)
})
afterEach(async () => {
  await attached?.close()
  await server?.close()
})

async function attach(
  options: Partial<ShareServerOptions>,
  attachOptions: AttachOptions = {},
): Promise<void> {
  server = await shareServer({ files, schemaString: SCHEMA, partitionColumns: ['day'], ...options })
  const instance = await DuckDBInstance.create(':memory:')
  connection = await instance.connect()
  const client = createSharingClient(server.profile, {
    retry: { retries: 0 },
    timeouts: { connectMs: 2000, idleMs: 2000 },
  })
  attached = await attachShare(connection, client, { timeoutMs: 1500, ...attachOptions })
}

async function sum(): Promise<unknown> {
  const result = await attached.query('SELECT count(*), sum(id), max(name) FROM share.main.t')
  for await (const [row] of result.rawRows()) return row
  return undefined
}

const WHOLE = [
  BigInt(4 * ROWS),
  BigInt((4 * ROWS * (4 * ROWS - 1)) / 2),
  expect.stringMatching(/^fff/),
]

it('leaves nothing on the connection where attaching breaks off', async () => {
  server = await shareServer({ files, schemaString: SCHEMA, partitionColumns: ['day'] })
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  const databases = async () =>
    (await connection.runAndReadAll('SELECT database_name FROM duckdb_databases()')).getRows()
  const before = await databases()
  const client = createSharingClient(server.profile)
  const listing = (last: () => string): typeof client => ({
    ...client,
    async *shares(own) {
      for await (const each of client.shares(own)) yield each
      yield { name: last() }
    },
  })
  const gone = listing(() => {
    throw new Error('gone')
  })
  await expect(attachShare(connection, gone)).rejects.toThrow('gone')
  expect(await databases()).toEqual(before)
  const other = listing(() => 'other')
  // Of two shares the second can have no catalog, which is found out when the first has one.
  const catalogOf = (share: string) => (share === 'other' ? '' : share)
  await expect(attachShare(connection, other, { catalogOf })).rejects.toThrow(/zero-length/)
  expect(await databases()).toEqual(before)
})

describe.each(TRANSPORTS)('over %s', transport => {
  it('reads on through URLs that expire', async () => {
    const slow = async () => {
      await new Promise(resolve => setTimeout(resolve, 120))
      return false
    }
    await attach({ urlLifeMs: 400, onData: slow }, { transport, concurrency: 1 })
    expect(await sum()).toEqual(WHOLE)
    expect(server.queries.length).toBeGreaterThan(1)
  })

  it('renews a URL that is refused before its time', async () => {
    let refused = 0
    await attach(
      {
        onData: ({ response, file }) => {
          if (file !== 2 || refused++ > 0) return false
          response.writeHead(403).end()
          return true
        },
      },
      { transport },
    )
    expect(await sum()).toEqual(WHOLE)
  })

  it('goes on where a broken connection stopped', async () => {
    let broken = 0
    await attach(
      {
        onData: ({ request, response, file }) => {
          const [start = 0, last = 0] =
            (request.headers.range ?? '').match(/\d+/g)?.map(Number) ?? []
          if (broken++ >= 2 || last - start < 2000) return false
          const { bytes } = files[file]!
          response.writeHead(206, {
            'content-length': last - start + 1,
            'content-range': `bytes ${start}-${last}/${bytes.length}`,
          })
          response.write(bytes.subarray(start, start + 1000), () => response.destroy())
          return true
        },
      },
      { transport },
    )
    expect(await sum()).toEqual(WHOLE)
    expect(broken).toBeGreaterThan(2)
  })

  it('waits for storage that pushes all of a round back, without a warning of Node', async () => {
    const warnings: Error[] = []
    const listen = (warning: Error) => warnings.push(warning)
    process.on('warning', listen)
    try {
      const many = Array.from({ length: 12 }, (_, i) => files[i % 4]!)
      await attach(
        {
          files: many,
          onData: ({ response, count }) => {
            if (count < 12) response.writeHead(503).end()
            return count < 12
          },
        },
        { transport },
      )
      const result = await attached.query('SELECT count(*) FROM share.main.t')
      expect(await result.all()).toEqual([{ 'count_star()': BigInt(12 * ROWS) }])
      expect(warnings).toEqual([])
    } finally {
      process.off('warning', listen)
    }
  })

  it('does not ask again whoever answers 501', async () => {
    const asked: (number | undefined)[] = []
    await attach(
      {
        onData: ({ response, file }) => {
          asked.push(file)
          response.writeHead(501).end()
          return true
        },
      },
      { transport },
    )
    await expect(sum()).rejects.toThrow(/answered 501/)
    expect(asked).toHaveLength(new Set(asked).size)
  })

  it('takes what it needs from whoever ignores ranges', async () => {
    await attach(
      {
        onData: ({ response, file }) => {
          response.end(files[file]!.bytes)
          return true
        },
      },
      { transport },
    )
    expect(await sum()).toEqual(WHOLE)
  })

  const spoiled: readonly (readonly [string, Partial<ShareServerOptions>, RegExp])[] = [
    ['a file that never comes', { onData: () => true }, /silent|no whole answer/],
    [
      'connections that are always reset',
      {
        onData: ({ response }) => {
          response.destroy()
          return true
        },
      },
      /no whole answer/,
    ],
    [
      'a page of HTML for a file',
      {
        onData: ({ response }) => {
          response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>')
          return true
        },
      },
      /bytes long, the share says|ends after|no Parquet/,
    ],
    [
      'bytes of another place',
      {
        onData: ({ response, file, request }) => {
          const { bytes } = files[file]!
          const [start = 0, last = 0] =
            (request.headers.range ?? '').match(/\d+/g)?.map(Number) ?? []
          response
            .writeHead(206, { 'content-range': `bytes ${start + 1}-${last}/${bytes.length}` })
            .end(bytes.subarray(start + 1, last + 1))
          return true
        },
      },
      /were asked for/,
    ],
    [
      'a file that changes while it is read',
      {
        onData: ({ response, file, request, count }) => {
          const { bytes } = files[file]!
          const [start = 0, last = 0] =
            (request.headers.range ?? '').match(/\d+/g)?.map(Number) ?? []
          const half = start + Math.ceil((last + 1 - start) / 2)
          response.writeHead(206, {
            etag: `"${count}"`,
            'content-range': `bytes ${start}-${half - 1}/${bytes.length}`,
          })
          response.end(bytes.subarray(start, half))
          return true
        },
      },
      /changed while it was read/,
    ],
  ]
  it.each(spoiled)('refuses %s, within the time-out', async (_, options, message) => {
    await attach(options, { transport })
    const started = Date.now()
    await expect(sum()).rejects.toThrow(message)
    expect(Date.now() - started).toBeLessThan(6000)
  })

  it.each([-1, 1, 100_000])('refuses a share that is %s bytes off about a file', async off => {
    const lying = files.map((file, i) =>
      i === 1 ? { ...file, statedSize: file.bytes.length + off } : file,
    )
    await attach({ files: lying }, { transport })
    await expect(sum()).rejects.toThrow(/bytes long|ends before|bytes .* came/)
  })

  it('asks again where too few files come for a LIMIT', async () => {
    await attach({ filesForLimit: 1 }, { transport })
    const count = async (limit: number) => {
      const result = await attached.query(`SELECT id FROM share.main.t LIMIT ${limit}`)
      let rows = 0
      for await (const block of result.rawRows()) rows += block.length
      return rows
    }
    expect(await count(ROWS)).toBe(ROWS)
    expect(server.queries).toHaveLength(1)
    expect(await count(ROWS + 5)).toBe(ROWS + 5)
    expect(server.queries).toHaveLength(3)
  })

  it('refuses an answer that breaks off', async () => {
    let first = true
    await attach(
      {
        onQuery: (_, response) => {
          if (!first) return false
          first = false
          response.writeHead(200, { 'content-length': 5000 })
          response.write('{"protocol":{"minReaderVersion":1}}\n', () => response.destroy())
          return true
        },
      },
      { transport },
    )
    await expect(sum()).rejects.toMatchObject({ name: 'TableError' })
  })

  it('refuses pages without an end', async () => {
    let page = 0
    await attach(
      {
        onQuery: (_, response) => {
          response.writeHead(200, { 'delta-table-version': '3' })
          response.write(`{"protocol":{"minReaderVersion":1}}\n`)
          response.write(
            `${JSON.stringify({ metaData: { id: 'a', format: { provider: 'parquet' }, schemaString: SCHEMA, partitionColumns: ['day'], numFiles: 4 } })}\n`,
          )
          response.end(`${JSON.stringify({ endStreamAction: { nextPageToken: `p${page++}` } })}\n`)
          return true
        },
      },
      { transport },
    )
    await expect(sum()).rejects.toMatchObject({ name: 'TableError' })
  })
})

describe('outside of query()', () => {
  it('a shared table is an error, never an empty table', async () => {
    await attach({})
    const outside = async (message: RegExp) => {
      for (const sql of ['FROM share.main.t', 'SELECT count(*) FROM share.main.t WHERE id = 5']) {
        await expect(connection.run(sql)).rejects.toThrow(message)
      }
    }
    // Nobody has named it, its name is listed, its columns are known.
    await outside(/Table with name t does not exist/)
    await (await attached.query('SHOW TABLES FROM share.main')).close()
    await outside(/share\.main\.t is shared: give the SQL to query\(\)/)
    expect(await sum()).toEqual(WHOLE)
    await outside(/This table is shared: give the SQL to query\(\)/)
  })

  it('another statement on the connection ends no result', async () => {
    await attach({})
    const result = await attached.query('SELECT id FROM share.main.t')
    let read = 0
    const reading = async () => {
      for await (const block of result.rawRows()) {
        read += block.length
        if (read === block.length) await connection.run('SELECT 1')
      }
    }
    await reading()
    expect(read).toBe(4 * ROWS)
  })
})
