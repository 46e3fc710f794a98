import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

const ROWS = 3000
const TABLES = Array.from({ length: 2000 }, (_, i) => (i === 777 ? 't' : `other_${i}`))
let files: readonly ServedData[]
let server: ShareServer
let share: AttachedShare
let connection: DuckDBConnection

beforeAll(async () => {
  files = await sharedTable(1, ROWS)
})
afterEach(async () => {
  await share?.close()
  await server?.close()
})

async function attach(options: Partial<ShareServerOptions> = {}, own: AttachOptions = {}) {
  server = await shareServer({
    files,
    schemaString: SCHEMA,
    partitionColumns: ['day'],
    tables: TABLES,
    pageSize: 500,
    ...options,
  })
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  const client = createSharingClient(server.profile, { retry: { retries: 0 } })
  share = await attachShare(connection, client, own)
}

async function rowsOf(sql: string, parameters?: readonly number[]): Promise<unknown[]> {
  const rows: unknown[] = []
  for await (const block of (await share.query(sql, { parameters })).rawRows()) rows.push(...block)
  return rows
}

/** What was asked for. */
function asked(): readonly string[] {
  return server.requests.map(request => request.replace('/shares/', ''))
}

describe('a share of 2,000 tables', () => {
  it('is attached by one request, and SELECT 1 makes none', async () => {
    await attach()
    expect(await rowsOf('SELECT 1')).toEqual([[1]])
    expect(asked()).toEqual(['GET /shares'])
  })

  it('answers a query on one of them with the requests of a share of one', async () => {
    const requests = async (tables: readonly string[]) => {
      await attach({ tables })
      expect(await rowsOf('SELECT count(*) FROM share.main.t')).toEqual([[BigInt(ROWS)]])
      const all = [...asked(), server.sent.requests]
      await share.close()
      await server.close()
      return all
    }
    expect(await requests(TABLES)).toEqual(await requests(['t']))
  })

  it('is listed page by page, as far as whoever asks goes', async () => {
    await attach()
    let count = 0
    for await (const { sqlName } of share.tables()) {
      expect(sqlName).toMatch(/^"share"\."main"\."other_\d+"$/)
      if (++count === 600) break
    }
    expect(asked().length).toBeLessThanOrEqual(3 + 1)
    expect(asked().filter(each => each.includes('metadata'))).toEqual([])
  })
})

const WAYS: readonly (readonly [sql: string, before?: string])[] = [
  ['SELECT count(*) FROM share.main.t'],
  ['SELECT count(*) FROM "share"."main"."t"'],
  ['SELECT count(*) FROM SHARE.Main.T'],
  ['SELECT count(*) FROM share . main /* of it */ . t'],
  ['SELECT count(*) FROM share.t'],
  ['WITH c AS (FROM share.main.t) SELECT count(*) FROM c'],
  ['SELECT (SELECT count(*) FROM share.main.t)'],
  ['SELECT n FROM (SELECT count(*) AS n FROM share.main.t WHERE id >= 0)'],
  ['SELECT count(*) FROM range(1) r JOIN share.main.t ON true'],
  ['SELECT count(*) FROM share.main.t a JOIN share.main.t b USING (id)'],
  ["SELECT count(*) FROM query('FROM share.main.t')"],
  ["SELECT count(*) FROM query('FROM share.' || 'main.' || chr(116))"],
  ["SELECT count(*) FROM query_table('share.main.t')"],
  ['SELECT count(*) FROM x', 'CREATE TABLE x AS FROM share.main.t'],
  [
    'SELECT count(*) FROM x',
    'CREATE TABLE x AS FROM share.main.t LIMIT 0; INSERT INTO x FROM share.main.t',
  ],
  ['SELECT count(*) FROM v', 'CREATE VIEW v AS SELECT * FROM share.main.t'],
  ['SELECT count(*) FROM m()', 'CREATE MACRO m() AS TABLE FROM share.main.t'],
  ['EXECUTE p', 'PREPARE p AS SELECT count(*) FROM share.main.t'],
  ['SELECT count(*) FROM t', 'USE share.main'],
  ['SELECT count(*) FROM main.t', 'USE share'],
  ['SELECT count(*) FROM t', "SET search_path = 'memory.main,share.main'"],
  ['SELECT sum(n) FROM (SELECT count(*) AS n FROM share.main.t UNION ALL SELECT 0)'],
  [
    'SELECT a + b FROM (PIVOT (SELECT id % 2 AS k, id FROM share.main.t) ON k IN (0 AS a, 1 AS b) USING count(id))',
  ],
  ['SELECT count(*) FROM share.main.t WHERE id >= $1'],
]

describe('a table that is named for the first time', () => {
  it.each(WAYS.map(([sql, before]) => ({ sql, before })))('$sql ($before)', async each => {
    const { sql, before } = each
    await attach({ tables: ['u', 't'] })
    if (before !== undefined) await (await share.query(before)).close()
    const found = await rowsOf(sql, sql.includes('$1') ? [0] : undefined)
    expect(found.map(row => Number((row as unknown[])[0]))).toEqual([ROWS])
    expect(asked().filter(each => each.includes('/u/'))).toEqual([])
  })

  it.each(['DESCRIBE share.main.t', 'SUMMARIZE share.main.t', "PRAGMA table_info('share.main.t')"])(
    '%s has its columns',
    async sql => {
      await attach({ tables: ['u', 't'] })
      expect(await rowsOf(sql)).toHaveLength(4)
    },
  )

  it('is before whatever else an unqualified name could mean', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-lazy-'))
    try {
      const file = join(folder, 'own.csv')
      writeFileSync(file, 'a\n1\n')
      await attach({ tables: ['u', 't', file] })
      await (await share.query('CREATE TABLE memory.main.t AS SELECT 5 AS id')).close()
      for (const path of ['share.main,memory.main', 'memory.main,share.main']) {
        await (await share.query(`SET search_path = '${path}'`)).close()
        const own = path.startsWith('memory')
        expect(await rowsOf('SELECT count(*) FROM t')).toEqual([[own ? 1n : BigInt(ROWS)]])
        // A name like that of a file is the file's only where no table has it.
        expect(await rowsOf(`SELECT count(*) FROM "${file}"`)).toEqual([[BigInt(ROWS)]])
        const computed = `SELECT count(*) FROM query('FROM ' || 't')`
        expect(await rowsOf(computed)).toEqual([[own ? 1n : BigInt(ROWS)]])
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  /** Each in a way that does not spell it as a table of the statement. */
  const HIDDEN: readonly (readonly [sql: string, before?: string])[] = [
    ["CREATE OR REPLACE TABLE memory.main.x AS FROM 't'; SELECT count(*) FROM memory.main.x"],
    ["SET VARIABLE n = (SELECT count(*) FROM t); SELECT getvariable('n')"],
    ["SET /* of it */ VARIABLE n = (SELECT count(*) FROM t); SELECT getvariable('n')"],
    ['FROM m()', 'CREATE MACRO m() AS TABLE SELECT count(*) FROM t'],
    ['SELECT memory.main.f()', 'CREATE MACRO f() AS (SELECT count(*) FROM t)'],
    ['EXECUTE p', 'PREPARE p AS SELECT count(*) FROM t'],
    [`SELECT count(*) FROM "query"('FROM ' || chr(116))`],
    [`SELECT count(*) FROM query/**/('FROM ' || chr(116))`],
    ["SELECT 750 * count(*) FROM pragma_table_info('t')"],
    ["INSERT INTO memory.main.y SELECT count(*) FROM 't' RETURNING n", 'CREATE TABLE y (n BIGINT)'],
  ]

  it.each(HIDDEN.map(([sql, before]) => ({ sql, before })))(
    'is before an own one behind it on the search path: $sql',
    async ({ sql, before }) => {
      await attach({ tables: ['u', 't'] })
      await rowsOf('CREATE TABLE memory.main.t AS SELECT 7 AS id')
      if (before !== undefined) await rowsOf(before)
      await rowsOf("SET search_path = 'share.main,memory.main'")
      // What a name was made to mean is forgotten, which must not make it mean another one.
      for (const again of [false, true]) {
        if (again) await share.refresh()
        // A prepared statement goes on to mean what it did until its tables change.
        if (sql === 'EXECUTE p') await rowsOf(before!.replace('PREPARE', 'DEALLOCATE p; PREPARE'))
        const rows = (await rowsOf(sql)) as readonly unknown[][]
        expect(Number(rows.at(-1)![0])).toBe(ROWS)
      }
      expect(asked().filter(each => each.includes('/u/'))).toEqual([])
    },
  )

  it('is read in a prepared statement after it was forgotten', async () => {
    await attach({ tables: ['t'] })
    await rowsOf('CREATE TABLE memory.main.t AS SELECT 7 AS id')
    await rowsOf("SET search_path = 'share.main,memory.main'")
    await rowsOf('PREPARE p AS SELECT count(*) FROM t')
    for (let i = 0; i < 3; i++) {
      expect(await rowsOf('EXECUTE p')).toEqual([[BigInt(ROWS)]])
      await share.refresh()
    }
  })

  it('is on the search path before a transaction begins, whose own tables are read as ever', async () => {
    await attach({ tables: ['u', 't'] })
    await rowsOf('CREATE TABLE memory.main.own AS SELECT 7 AS id')
    await rowsOf("SET search_path = 'share.main,memory.main'")
    await rowsOf('BEGIN')
    expect(await rowsOf('FROM own')).toEqual([[7]])
    expect(await rowsOf('INSERT INTO memory.main.own VALUES (8); FROM own')).toEqual([[7], [8]])
    // Which table is meant is only seen when it is computed.
    await expect(rowsOf("FROM query('FROM ' || 't')")).rejects.toThrow(/inside a transaction/)
    await rowsOf('COMMIT')
  })

  it('is not looked for where statements only say where to look', async () => {
    await attach({ tables: ['t'], onTable: () => true })
    await rowsOf(
      "USE share.main; SET threads = 2; USE memory.main; BEGIN; COMMIT; SET search_path = ''",
    )
    expect(asked()).toEqual(['GET /shares'])
  })

  it('inside a transaction is refused, which goes on, unless all of it is given at once', async () => {
    await attach({ tables: ['t'] })
    await rowsOf('CREATE TABLE mine (id BIGINT)')
    await rowsOf('BEGIN')
    await rowsOf('INSERT INTO mine VALUES (1)')
    await expect(share.query('INSERT INTO mine SELECT id FROM share.main.t')).rejects.toMatchObject(
      {
        code: 'INVALID_REQUEST',
        message: expect.stringMatching(/"share"\."main"\."t" is named for the first time inside a/),
      },
    )
    await rowsOf('COMMIT')
    expect(await rowsOf('SELECT count(*) FROM mine')).toEqual([[1n]])
    await rowsOf('BEGIN; INSERT INTO mine SELECT id FROM share.main.t; COMMIT')
    expect(await rowsOf('SELECT count(*) FROM mine')).toEqual([[BigInt(ROWS + 1)]])
  })

  it('is none of the share where the provider has none of that name', async () => {
    await attach({ tables: ['t'] })
    await rowsOf('CREATE TABLE share.main.mine AS SELECT 7 AS a')
    for (let i = 0; i < 3; i++) expect(await rowsOf('FROM share.main.mine')).toEqual([[7]])
    expect(asked().filter(each => each.includes('/mine/'))).toHaveLength(1)
    await expect(share.query('FROM share.main.nothing')).rejects.toThrow(/nothing does not exist/)
    await expect(share.query('FROM nothing.main.t')).rejects.toThrow(/no share .* as nothing/)
  })

  it('is an error where a table of the connection has taken its name', async () => {
    await attach({ tables: ['t'] })
    await connection.run('CREATE TABLE share.main.t AS SELECT 7 AS id')
    await expect(share.query('FROM share.main.t')).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

describe('lists of tables', () => {
  it.each([
    ['SHOW TABLES FROM share.main', 2],
    ["SELECT view_name FROM duckdb_views() WHERE database_name = 'share' AND NOT internal", 2],
    ["SELECT 1 FROM information_schema.tables WHERE table_catalog = 'share'", 2],
  ])('%s asks about none of them', async (sql, count) => {
    await attach({ tables: ['u', 't'] })
    expect(await rowsOf(sql)).toHaveLength(count)
    expect(asked()).toEqual(['GET /shares', 'GET share/all-tables'])
  })

  it.each([
    "SELECT column_name FROM duckdb_columns() WHERE database_name = 'share'",
    "SELECT unnest(column_names) FROM (SHOW ALL TABLES) WHERE database = 'share'",
  ])('%s asks about all', async sql => {
    await attach({ tables: ['u', 't'] })
    expect(await rowsOf(sql)).toHaveLength(8)
  })

  it('are as they were until they are refreshed', async () => {
    const tables = ['t']
    await attach({ tables })
    const list = 'SHOW TABLES FROM share.main'
    expect(await rowsOf(list)).toEqual([['t']])
    tables.push('new')
    expect(await rowsOf('SELECT count(*) FROM share.main.new')).toEqual([[BigInt(ROWS)]])
    await share.refresh()
    expect(await rowsOf(list)).toEqual([['new'], ['t']])
  })
})

describe('a table beside one that', () => {
  it('is broken is read, and the broken one is asked about again when it is named again', async () => {
    let isBroken = true
    await attach({
      tables: ['t', 'broken'],
      onTable(table, response) {
        if (table !== 'broken' || !isBroken) return false
        response.writeHead(500).end('{}')
        return true
      },
    })
    expect(await rowsOf('SELECT count(*) FROM share.main.t')).toEqual([[BigInt(ROWS)]])
    await expect(share.query('FROM share.main.broken')).rejects.toThrow(
      /share\.main\.broken cannot be read: the server answered 500/,
    )
    // A name that is not read breaks nothing.
    expect(await rowsOf('SELECT 1 AS broken')).toEqual([[1]])
    expect(await rowsOf('DROP VIEW IF EXISTS share.main.broken; SELECT 2')).toEqual([[2]])
    isBroken = false
    expect(await rowsOf('SELECT count(*) FROM share.main.broken')).toEqual([[BigInt(ROWS)]])
  })

  it('is in a share that is not there is told with the shares that are', async () => {
    await attach()
    const refused = {
      code: 'NOT_FOUND',
      message: 'no share is attached as shar; attached are share',
    }
    for (const sql of [
      'FROM shar.main.t',
      'SELECT 1; SELECT * FROM shar.main.t',
      "FROM share_at('shar.main.t')",
    ])
      await expect(share.query(sql)).rejects.toMatchObject(refused)
    await expect(share.explain('FROM shar.main.t')).rejects.toMatchObject(refused)
  })

  it.each(['select', 'order', 'my-share', '2nd'])(
    'is in a share called %s is read by its name in quotes, which a refusal without them says',
    async catalog => {
      await attach({}, { catalogOf: () => catalog })
      const sql = `SELECT count(*) FROM "${catalog}".main.t`
      expect(await rowsOf(sql)).toEqual([[BigInt(ROWS)]])
      await expect(share.query(sql.replaceAll('"', ''))).rejects.toThrow(
        `write it in quotes, "${catalog}".schema.table`,
      )
      // Another mistake is told as what it is.
      const other = share.query(`SELEKT 1 FROM "${catalog}".main.t`)
      await expect(other).rejects.toThrow(/^((?!in quotes).)*$/)
    },
  )

  it('never answers is read meanwhile', async () => {
    await attach({ tables: ['t', 'silent'], onTable: table => table === 'silent' })
    const stop = new AbortController()
    const silent = share.query('FROM share.main.silent', { signal: stop.signal })
    expect(await rowsOf('SELECT count(*) FROM share.main.t')).toEqual([[BigInt(ROWS)]])
    stop.abort()
    await expect(silent).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

/** Lets callers go on two by two, and counts them; one that nobody joins goes on after a while. */
function pairs() {
  let join: (() => void) | undefined
  const met = { count: 0 }
  const wait = async () => {
    const other = join
    join = undefined
    if (other !== undefined) {
      met.count++
      return other()
    }
    await new Promise<void>(resolve => {
      join = resolve
      setTimeout(() => {
        join = undefined
        resolve()
      }, 1000).unref()
    })
  }
  return { met, wait }
}

describe('two tables of one statement', () => {
  it('are described, asked for and fetched side by side', async () => {
    const tables = pairs()
    const data = pairs()
    await attach({
      tables: ['t', 'u'],
      onTable: () => tables.wait().then(() => false),
      onData: ({ count }) => (count < 2 ? data.wait().then(() => false) : false),
    })
    const sql = 'SELECT count(*) FROM share.main.t JOIN share.main.u USING (id)'
    expect(await rowsOf(sql)).toEqual([[BigInt(ROWS)]])
    expect({ tables: tables.met.count, data: data.met.count }).toEqual({ tables: 2, data: 1 })
  })
})
