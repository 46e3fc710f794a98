import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { profileText } from '@spillway/protocol'
import { duckDb } from '@spillway/rows'
import { tokenHash } from '@spillway/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig, type RunningServer, startServer } from '../src/index.js'
import { run } from './support/terminal.js'

const REAL = fileURLToPath(new URL('../../../test/fixtures/real', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'spillway-nanos-'))
const token = randomBytes(16).toString('hex')
const duckdb = duckDb()

interface Expected {
  readonly rows: readonly (readonly unknown[])[]
  readonly rebase?: readonly { readonly from: string }[]
}

const TABLES = ['parquet/nanos-pandas', 'parquet/nanos-mixed', 'parquet/nanos-zoned']
const PARTED = ['iceberg/nanos-day', 'iceberg/nanos-identity']
const CUT = ['parquet/nanos-cut', 'iceberg/nanos-cut']
const nameOf = (table: string) => table.replaceAll(/[/-]/g, '_')

function expectedOf(table: string): Expected {
  return JSON.parse(readFileSync(join(REAL, table, 'expect.json'), 'utf8')) as Expected
}

async function serve(staged: boolean): Promise<RunningServer> {
  const tables = [...TABLES, ...PARTED, ...CUT].map(table => ({
    name: nameOf(table),
    location: join(REAL, table, 'table'),
    ...(table.startsWith('iceberg') && {
      rebase: expectedOf(table).rebase!.map(({ from }) => ({ from, to: '' })),
    }),
  }))
  const config = {
    server: { port: 0 },
    ...(staged && { staging: { location: join(folder, 'staging') } }),
    shares: [{ name: 'lake', schemas: [{ name: 's', tables }] }],
    recipients: [
      { name: 'me', shares: ['*'], tokens: [{ sha256: tokenHash(token).toString('hex') }] },
    ],
  }
  return startServer(parseConfig(JSON.stringify(config), { folder, path: 'x.yaml' }))
}

const DELTA = 'responseformat=delta;readerfeatures=timestampntz,columnmapping'
const READERS = {
  python: ['Delta-Sharing-Python/1.4.2', DELTA],
  spark: ['Delta-Sharing-Spark/4.0.0', DELTA],
  'anybody in delta format': ['curl/8', DELTA],
  'anybody in parquet format': ['curl/8', ''],
} as const
type Reader = keyof typeof READERS

let staged: RunningServer
let plain: RunningServer
beforeAll(async () => {
  ;[staged, plain] = await Promise.all([serve(true), serve(false)])
})
afterAll(async () => {
  await Promise.all([staged.close(0), plain.close(0), duckdb.close()])
  rmSync(folder, { recursive: true, force: true })
})

async function ask(server: RunningServer, table: string, reader: Reader, body = '{}') {
  const [agent, capabilities] = READERS[reader]
  const answer = await fetch(
    `${server.endpoint}/shares/lake/schemas/s/tables/${nameOf(table)}/query`,
    {
      method: 'POST',
      body,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'user-agent': agent,
        'delta-sharing-capabilities': capabilities,
      },
    },
  )
  const text = await answer.text()
  return { status: answer.status, text, lines: text.trim().split('\n') }
}

interface Line {
  readonly metaData?: Record<string, unknown>
  readonly file?: {
    readonly url?: string
    readonly stats?: string
    readonly deltaSingleAction?: { readonly add: { readonly path: string; readonly stats: string } }
  }
}

/** The rows of the files that are sent, and which types of moments those hold. */
async function filesOf(lines: readonly string[]) {
  const connection = await duckdb.connect()
  const rows: (readonly string[])[] = []
  const types = new Set<string>()
  for (const [i, line] of lines.entries()) {
    const { file } = JSON.parse(line) as Line
    if (file === undefined) continue
    const url = file.url ?? file.deltaSingleAction!.add.path
    const path = join(folder, `${randomBytes(4).toString('hex')}-${i}.parquet`)
    writeFileSync(path, new Uint8Array(await (await fetch(url)).arrayBuffer()))
    const schema = await connection.all(
      `SELECT logical_type FROM parquet_schema('${path}') WHERE logical_type LIKE 'Timestamp%'`,
    )
    for (const [type] of schema) types.add(/NANOS=Nano/.test(String(type)) ? 'nanos' : 'micros')
    const found = await connection.all(
      `SELECT COLUMNS(c -> c = 'id'), COLUMNS(c -> c <> 'id')::VARCHAR FROM '${path}'`,
    )
    rows.push(...found.map(row => row.map(textOf)))
  }
  connection.close()
  return { rows: rows.sort(), types: [...types] }
}

/** Without a zone and digits that say nothing. */
function textOf(value: unknown): string {
  const text = String(value).replace('T', ' ').replace(/\+00$/, '')
  return text.replace(/(:\d\d)(?:\.(\d*?)0*)?$/, (_, time, digits) =>
    digits ? `${time}.${digits}` : time,
  )
}

const rowsOf = (table: string) =>
  expectedOf(table)
    .rows.map(row => row.map(textOf))
    .sort()

describe('moments in nanoseconds', () => {
  it.each([
    ['spark', ['micros']],
    ['anybody in delta format', ['micros']],
    ['python', ['nanos']],
  ] as const)('reach %s with every row', async (reader, types) => {
    for (const table of [...TABLES, ...PARTED]) {
      const { status, lines } = await ask(staged, table, reader)
      expect([table, status]).toEqual([table, 200])
      const found = await filesOf(lines)
      expect([table, found.rows]).toEqual([table, rowsOf(table)])
      if (table !== 'parquet/nanos-mixed') expect([table, found.types]).toEqual([table, types])
    }
  })

  it('are declared in microseconds, and so are the bounds of files', async () => {
    const { lines } = await ask(staged, 'iceberg/nanos-day', 'python')
    const { schemaString } = JSON.parse(lines[1]!).metaData.deltaMetadata
    const types = JSON.parse(schemaString).fields.map((field: { type: string }) => field.type)
    expect(types).toEqual(['long', 'timestamp_ntz', 'timestamp'])
    const stats = lines
      .map(line => (JSON.parse(line) as Line).file?.deltaSingleAction?.add.stats)
      .filter(text => text !== undefined)
      .map(text => JSON.parse(text).maxValues)
    expect(stats).toContainEqual({
      id: 1,
      t: '2024-01-01T00:00:00.000001',
      z: '2024-01-01T00:00:00.000001Z',
    })
  })

  it('are pruned by predicates in microseconds, also beyond the years that they reach', async () => {
    const counts = async (predicate: string) => {
      const body = JSON.stringify({ predicateHints: [predicate] })
      const { lines } = await ask(staged, 'iceberg/nanos-day', 'python', body)
      return (await filesOf(lines)).rows.map(([id]) => id)
    }
    expect(await counts("t > '2024-01-01T06:00:00'")).toEqual(['4'])
    expect(await counts("t >= '2024-01-01T00:00:00.000001'")).toEqual(['1', '4'])
    expect(await counts("t < '9999-12-31T00:00:00'")).toEqual(['1', '2', '4'])
    expect(await counts("t > '9999-12-31T00:00:00'")).toEqual([])
  })

  it('with a zone go out as they are in parquet format; without, its schema has no type', async () => {
    const zoned = await ask(plain, 'parquet/nanos-zoned', 'anybody in parquet format')
    expect(zoned.status).toBe(200)
    expect((await filesOf(zoned.lines)).rows).toEqual(rowsOf('parquet/nanos-zoned'))
    const { status, text } = await ask(plain, 'parquet/nanos-pandas', 'anybody in parquet format')
    expect([status, text]).toEqual([400, expect.stringContaining('timestampNtz')])
  })

  it.each(['spark', 'anybody in delta format'] as const)(
    'need staging for %s, who may not read them',
    async reader => {
      const { status, text } = await ask(plain, 'parquet/nanos-pandas', reader)
      expect([status, text]).toEqual([400, expect.stringContaining('configure staging')])
    },
  )

  it('are refused before the first file where one is no whole number of microseconds', async () => {
    for (const server of [staged, plain]) {
      for (const table of CUT) {
        for (const reader of ['python', 'spark', 'anybody in delta format'] as const) {
          if (server === plain && reader !== 'python') continue
          const { status, text } = await ask(server, table, reader)
          expect([table, reader, status, text]).toEqual([
            table,
            reader,
            400,
            expect.stringMatching(/column [tz] is 2024-01-01T(?:00|12):00:00\.000000001 in it/),
          ])
          expect(text).not.toContain(REAL)
        }
      }
    }
  })

  it('are read by our own client without staging', async () => {
    const profile = join(folder, 'me.share')
    const { endpoint } = plain
    const text = { shareCredentialsVersion: 1, endpoint, bearerToken: token }
    writeFileSync(profile, profileText(text as never))
    for (const table of [...TABLES, ...PARTED]) {
      const sql = `SELECT id, COLUMNS(c -> c <> 'id')::VARCHAR FROM lake.s.${nameOf(table)}`
      const { stdout } = await run(['query', profile, sql, '--mode', 'json'])
      const rows = stdout
        .trim()
        .split('\n')
        .map(line => Object.values(JSON.parse(line) as object).map(textOf))
      expect([table, rows.sort()]).toEqual([table, rowsOf(table)])
    }
  })
})
