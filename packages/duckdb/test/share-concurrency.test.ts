import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { createSharingClient } from '@spillway/client'
import { quickOr } from '@spillway/testkit'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type AttachedShare,
  type AttachOptions,
  attachShare,
  type ShareResult,
} from '../src/index.js'
import {
  type DataExchange,
  type ServedData,
  type ShareServer,
  type ShareServerOptions,
  shareServer,
} from './support/share-server.js'
import { SCHEMA, sharedTable } from './support/share-table.js'

const ROWS = quickOr(3000, 20_000)
const FILES = 4
const ALL = BigInt(FILES * ROWS)
let files: readonly ServedData[]
let connection: DuckDBConnection
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  files = await sharedTable(FILES, ROWS)
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function serve(options: Partial<ShareServerOptions> = {}): Promise<ShareServer> {
  const all = { files, schemaString: SCHEMA, partitionColumns: ['day'], ...options }
  const server = await shareServer(all)
  open.push(server)
  return server
}

async function attachTo(server: ShareServer, options: AttachOptions = {}): Promise<AttachedShare> {
  connection ??= await (await DuckDBInstance.create(':memory:')).connect()
  const client = createSharingClient(server.profile, { retry: { retries: 0 } })
  const share = await attachShare(connection, client, { timeoutMs: 2000, ...options })
  open.push(share)
  return share
}

async function rowsOf(result: ShareResult): Promise<(readonly unknown[])[]> {
  const rows: (readonly unknown[])[] = []
  for await (const block of result.rawRows()) rows.push(...block)
  return rows
}

async function all(share: AttachedShare, sql: string) {
  return rowsOf(await share.query(sql))
}

const COUNT = 'SELECT count(*) FROM share.main.t'
/** Comes batch by batch: each file is one under a LIMIT. */
const STREAM = `SELECT id FROM share.main.t LIMIT ${ALL}`

describe('calls that overlap', () => {
  it.each([
    ['aggregates', (i: number) => `SELECT count(*), sum(id) FROM share.main.t WHERE id >= ${i}`],
    ['rows', (i: number) => `SELECT id FROM share.main.t WHERE id >= ${i} LIMIT ${ALL}`],
    ['time travel', (i: number) => `SELECT id + ${i} FROM share_at('share.main.t', version := 3)`],
  ])('give each its rows: %s', async (_, sql) => {
    const share = await attachTo(await serve())
    // Rows are told apart by what they add up to: they are many.
    const summed = async (i: number) => {
      const rows = await all(share, sql(i))
      return [rows.length, rows.reduce((sum, row) => sum + BigInt(String(row.at(-1))), 0n)]
    }
    const alone: unknown[] = []
    for (let i = 0; i < quickOr(3, 5); i++) alone.push(await summed(i))
    expect(await Promise.all(alone.map((_, i) => summed(i)))).toEqual(alone)
  })

  it('give each its rows in whatever order they are read', async () => {
    const share = await attachTo(await serve())
    const results = await Promise.all([0, 1, 2, 3].map(() => share.query(STREAM)))
    const readers = results.map(result => result.rawRows()[Symbol.asyncIterator]())
    const counts = [0, 0, 0, 0]
    for (let running = 4; running > 0; ) {
      for (const [i, reader] of readers.entries()) {
        if (counts[i]! >= Number(ALL)) continue
        const { value, done } = await reader.next()
        if (done === true) throw new Error(`${i} ended after ${counts[i]} rows`)
        counts[i]! += value.length
        if (counts[i] === Number(ALL)) running--
      }
    }
    for (const reader of readers) expect(await reader.next()).toMatchObject({ done: true })
  })

  it('with one that is cancelled leave the others whole, and their connection in use', async () => {
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    const server = await serve({
      onData: async () => {
        await held
        return false
      },
    })
    const share = await attachTo(server)
    const stop = new AbortController()
    const cancelled = share.query(`${COUNT} WHERE id > 1`, { signal: stop.signal })
    const others = [all(share, COUNT), all(share, STREAM), all(share, 'SELECT 1')]
    // It waits for data by now, and one that waits for its turn does too.
    expect(await others[2]).toEqual([[1]])
    const waiting = share.query('CREATE TABLE never AS SELECT 1', { signal: stop.signal })
    stop.abort()
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
    release()
    expect(await others[0]).toEqual([[ALL]])
    expect(await others[1]).toHaveLength(Number(ALL))
    await expect(share.query('FROM never')).rejects.toThrow(/does not exist/)
  })

  it('with one that runs long and is cancelled interrupt no other', async () => {
    const share = await attachTo(await serve())
    for (let round = 0; round < quickOr(2, 5); round++) {
      const stop = new AbortController()
      const long = `SELECT sum(a.range * b.range) FROM range(100000) a, range(100000) b`
      const cancelled = share.query(long, { signal: stop.signal })
      const others = [1, 2, 3].map(i => all(share, `SELECT count(*) + ${i} FROM share.main.t`))
      setTimeout(() => stop.abort(), 20 * round)
      await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' })
      expect(await Promise.all(others)).toEqual([[[ALL + 1n]], [[ALL + 2n]], [[ALL + 3n]]])
    }
  })

  it('with a provider that fails in one give the others their rows, and it its error', async () => {
    // Only file 3 is broken, and only two of the statements read it.
    const server = await serve({
      onData: ({ file, response }) => {
        if (file !== 3) return false
        response.writeHead(500).end()
        return true
      },
    })
    const share = await attachTo(server, { concurrency: 2 })
    const fine = `SELECT id FROM share.main.t WHERE day < DATE '2026-01-04'`
    const outcomes = await Promise.allSettled([
      all(share, STREAM),
      all(share, fine),
      all(share, COUNT),
      all(share, 'SELECT 1'),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ name: 'TableError' })
    }
    expect((outcomes[1] as { value?: unknown }).value).toHaveLength(3 * ROWS)
  })

  it('go on beside a result that nobody reads, and leave no table of it', async () => {
    const share = await attachTo(await serve())
    const unread = [await share.query(STREAM), await share.query(COUNT)]
    expect(await all(share, COUNT)).toEqual([[ALL]])
    await all(share, 'CREATE OR REPLACE TABLE own AS SELECT 1 AS a')
    await share.close()
    const left = await connection.runAndReadAll(
      "SELECT table_name FROM duckdb_tables() WHERE temporary OR table_name LIKE 'share\\_%'",
    )
    expect(left.getRows()).toEqual([])
    await expect(rowsOf(unread[0]!)).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('change the connection in their order: a statement sees what was called before it', async () => {
    const share = await attachTo(await serve())
    const outcomes = await Promise.all([
      all(share, 'CREATE OR REPLACE TABLE own AS SELECT id FROM share.main.t WHERE id < 10'),
      all(share, 'SELECT count(*) FROM own'),
      all(share, 'INSERT INTO own SELECT id FROM share.main.t WHERE id < 5'),
      all(share, 'SELECT count(*) FROM own'),
      all(share, 'BEGIN; DELETE FROM own; ROLLBACK'),
      all(share, 'SELECT count(*) FROM own'),
    ])
    expect([1, 3, 5].map(i => outcomes[i])).toEqual([[[10n]], [[15n]], [[15n]]])
  })

  it('change nothing about a result that is being read', async () => {
    const share = await attachTo(await serve())
    await all(share, 'CREATE OR REPLACE TABLE memory.main.t AS SELECT 7 AS id')
    await all(share, 'USE share.main')
    let count = 0
    for await (const rows of (await share.query(`SELECT id FROM t LIMIT ${ALL}`)).rawRows()) {
      // The name means another table from here on.
      if (count === 0) await all(share, 'USE memory.main')
      count += rows.length
    }
    expect(count).toBe(Number(ALL))
    expect(await all(share, 'SELECT id FROM t')).toEqual([[7]])
  })

  it('end with CANCELLED when the share is closed during several, and take nothing with them', async () => {
    const server = await serve({ onData: () => true })
    const share = await attachTo(server, { timeoutMs: 60_000 })
    const calls = [COUNT, STREAM, 'CREATE TABLE late AS FROM share.main.t', 'SELECT 1'].map(sql =>
      all(share, sql),
    )
    const outcomes = Promise.allSettled(calls)
    await new Promise(resolve => setTimeout(resolve, 100))
    await share.close()
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CANCELLED' } })
    }
    await expect(share.query('SELECT 1')).rejects.toThrow(/the share was closed/)
    expect((await connection.runAndReadAll('SELECT 5')).getRows()).toEqual([[5]])
  })
})

describe('a query whose rows come batch by batch', () => {
  const LIMITED = ROWS * FILES - 1
  const streamed = (value: string) => `SELECT id, ${value} AS v FROM share.main.t LIMIT ${LIMITED}`

  it.each([
    'now()',
    'current_timestamp',
    'get_current_time()',
    'localtimestamp',
    'localtime',
    'transaction_timestamp()',
    'txid_current()',
    "age(TIMESTAMP '2020-01-01') + (now() - now())",
    'mine()',
    'CASE WHEN id < 0 THEN NULL ELSE (SELECT now()) END',
  ])('has one %s', async value => {
    const share = await attachTo(await serve())
    await all(share, 'CREATE OR REPLACE MACRO mine() AS now()')
    const rows = await (await share.query(streamed(`(${value})::VARCHAR`))).all()
    expect(rows).toHaveLength(LIMITED)
    expect(new Set(rows.map(({ v }) => v)).size).toBe(1)
  })

  it('has one time through a view', async () => {
    const share = await attachTo(await serve())
    await all(
      share,
      'CREATE OR REPLACE VIEW timed AS SELECT id, now()::VARCHAR AS v FROM share.main.t',
    )
    const rows = await (await share.query(`FROM timed LIMIT ${LIMITED}`)).all()
    expect(new Set(rows.map(({ v }) => v)).size).toBe(1)
  })

  it('counts a sequence for its own rows and no others', async () => {
    const share = await attachTo(await serve())
    await all(share, 'CREATE OR REPLACE SEQUENCE counted')
    const rows = await (await share.query(streamed("nextval('counted')"))).all()
    expect(new Set(rows.map(({ v }) => v)).size).toBe(LIMITED)
  })

  it.each(['id + 1', 'random()', "strftime(day, '%Y') || upper(name)", "{'a': [id, hash(id)]}"])(
    'reads no more files than it has rows of: %s',
    async value => {
      const read = new Set<number>()
      const onData = ({ file }: DataExchange) => {
        read.add(file)
        return false
      }
      const share = await attachTo(await serve({ onData }))
      const rows = (await share.query(streamed(value))).rows()[Symbol.asyncIterator]()
      expect(await rows.next()).toMatchObject({ done: false })
      // The first file is one batch, and while it is read the next two are fetched.
      expect(read.size).toBeLessThan(FILES)
      await rows.return?.()
    },
  )
})

describe('two attachments of one connection', () => {
  it('are read in one statement, beside local tables and files, by either', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-two-'))
    open.push({ close: async () => rmSync(folder, { recursive: true }) })
    const csv = join(folder, 'own.csv')
    writeFileSync(csv, 'id,word\n1,one\n2,two\n')
    const first = await attachTo(await serve())
    const second = await attachTo(await serve({ tables: ['u', 't'] }))
    expect([...second.catalogs]).toEqual([['share', 'share_share']])
    await all(first, 'CREATE OR REPLACE TABLE own AS SELECT 2 AS id')
    await all(first, `COPY (SELECT 2 AS id, 'x' AS p) TO '${folder}/own.parquet'`)
    const sql = `SELECT a.id, word, p FROM share.main.t a JOIN share_share.main.u b USING (id)
      JOIN own USING (id) JOIN '${csv}' USING (id) JOIN '${folder}/*.parquet' USING (id)`
    for (const share of [first, second]) {
      const result = await share.query(sql)
      expect(await rowsOf(result)).toEqual([[2n, 'two', 'x']])
      expect(result.explanation.scans).toHaveLength(2)
    }
  })

  it('have time travel each, also after one was closed', async () => {
    const first = await attachTo(await serve())
    const second = await attachTo(await serve({ tables: ['u'], files: files.slice(0, 1) }))
    const at = (name: string) => `SELECT count(*) FROM share_at('${name}', version := 3)`
    const both = async () => {
      expect(await all(first, at('share.main.t'))).toEqual([[ALL]])
      expect(await all(second, at('share_share.main.u'))).toEqual([[BigInt(ROWS)]])
    }
    await both()
    await both()
    const [one, two] = await Promise.all([
      all(second, at('share.main.t')),
      all(first, at('share_share.main.u')),
    ])
    expect([one, two]).toEqual([[[ALL]], [[BigInt(ROWS)]]])
    await first.close()
    expect(await all(second, at('share_share.main.u'))).toEqual([[BigInt(ROWS)]])
    await expect(second.query(at('lake.main.t'))).rejects.toThrow(/attached are share_share/)
    await second.close()
    await expect(connection.run(at('share.main.u'))).rejects.toThrow(/share_at does not exist/)
  })

  it('are closed one by one, and a statement over the other goes on', async () => {
    const first = await attachTo(await serve())
    const second = await attachTo(await serve())
    await all(second, 'USE share.main')
    const reading = (await second.query(`SELECT id FROM share_share.main.t LIMIT ${ALL}`)).rawRows()
    const closing = first.close()
    let count = 0
    for await (const rows of reading) count += rows.length
    await closing
    expect(count).toBe(Number(ALL))
    await expect(second.query('FROM share.main.t')).rejects.toThrow(
      /no share is attached as share;/,
    )
  })
})

it('leaves no folder behind that was closed', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'spillway-parent-'))
  open.push({ close: async () => rmSync(parent, { recursive: true }) })
  const share = await attachTo(await serve(), { folder: parent })
  await share.query(STREAM)
  expect(readdirSync(parent)).toHaveLength(1)
  await share.close()
  await share.close()
  expect(existsSync(parent) && readdirSync(parent)).toEqual([])
})

describe('what the owner of the connection asks it meanwhile', () => {
  const FEW = 'SELECT sum(id) FROM share.main.t WHERE id < 5'
  const OWN = 'SELECT count(*) FROM share.main.t'
  /** DuckDB ends what was started and not read when the connection is asked for something else. */
  const REFUSED = ['shared', 'Catalog Error', 'closed pending query']

  type Ask = (own: DuckDBConnection) => Promise<{ getRows(): unknown }>
  it.each<readonly [string, Ask]>([
    ['run', own => own.runAndReadAll(OWN)],
    ['several statements', own => own.runAndReadAll(`SELECT 1; ${OWN}`)],
    ['with parameters', own => own.runAndReadAll(`${OWN} WHERE id >= ?`, [0])],
    ['a stream', own => own.streamAndReadAll(OWN)],
    ['started', own => own.startThenReadAll(OWN)],
    [
      'prepared',
      async own => {
        const statement = await own.prepare(`${OWN} WHERE id >= $1`)
        statement.bindInteger(1, 0)
        return statement.runAndReadAll()
      },
    ],
    [
      'extracted',
      async own => {
        const statements = await own.extractStatements(OWN)
        return (await statements.prepare(0)).runAndReadAll()
      },
    ],
    ['of a table that was never described', own => own.runAndReadAll('FROM share.main.other')],
  ])(
    'reads the files of no other statement: %s',
    async (_, ask) => {
      const share = await attachTo(await serve({ tables: ['t', 'other'] }))
      await all(share, FEW)
      const seen = new Set<string>()
      let isOver = false
      const asking = async () => {
        while (!isOver) {
          const found = await ask(connection).then(
            reader => JSON.stringify(reader.getRows(), (_key, value) => String(value)),
            (error: Error) =>
              /shared|Catalog Error|closed pending query/.exec(error.message)?.[0] ?? error.message,
          )
          seen.add(found)
          await new Promise(setImmediate)
        }
      }
      const asked = asking()
      for (let i = 0; i < quickOr(2, 5); i++) {
        await all(share, FEW)
        await all(share, `SELECT id FROM share.main.t WHERE id < 5 LIMIT ${ALL}`)
        if (i % 2 === 1) await share.refresh()
        await all(share, 'SHOW TABLES FROM share.main')
      }
      isOver = true
      await asked
      expect([...seen].filter(each => !REFUSED.includes(each))).toEqual([])
      expect(seen.size).toBeGreaterThan(0)
    },
    60_000,
  )

  it('is answered between two of ours, and as before once the share is closed', async () => {
    const share = await attachTo(await serve())
    const own = Array.from({ length: 20 }, (_, i) => connection.runAndReadAll(`SELECT ${i}`))
    const queries = [all(share, FEW), all(share, COUNT)]
    const answers = await Promise.all(own)
    expect(answers.map(reader => reader.getRows()[0]![0])).toEqual(own.map((_, i) => i))
    expect((await Promise.all(queries))[1]).toEqual([[ALL]])
    // Also from within a loop over rows, which it must not wait for.
    for await (const _ of (await share.query(STREAM)).rawRows()) await connection.run('SELECT 1')
    await expect(connection.run('SELEKT 1')).rejects.toThrow(/Parser Error/)
    await share.close()
    expect(Object.hasOwn(connection, 'run')).toBe(false)
    expect((await connection.runAndReadAll('SELECT 5')).getRows()).toEqual([[5]])
  })
})
