import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readParquetFooter } from '@spillway/encoding'
import { profileText } from '@spillway/protocol'
import { duckDb } from '@spillway/rows'
import { tokenHash } from '@spillway/server'
import { memoryStore } from '@spillway/storage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig, type RunningServer, startServer } from '../src/index.js'
import { run } from './support/terminal.js'

const fixtures = fileURLToPath(new URL('../../../test/fixtures', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'spillway-redact-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Golden {
  readonly name: string
  readonly folder: string
  readonly rebase?: readonly { readonly from: string; readonly to?: string }[]
}

/** Tables whose older files still hold a column that was dropped. */
const golden = [
  ['delta', 'mapping-name'],
  ['iceberg', 'spark-v2-schema-evolution'],
].map(([format, name]) => {
  const root = `${fixtures}/${format}`
  const catalogue = JSON.parse(readFileSync(`${root}/catalogue.json`, 'utf8'))
  const found = (catalogue.tables as Golden[]).find(table => table.name === name)!
  return {
    name: name!.replaceAll('-', '_'),
    format,
    location: `${root}/${found.folder}`,
    history: true,
    ...(found.rebase && {
      rebase: found.rebase.map(({ from, to }) => ({ from, to: to ?? '' })),
    }),
  }
})

/** A Delta table mapped by id, of a file with one column too many. */
const byId = { name: 'by_id', format: 'delta', location: join(folder, 'by-id'), history: true }
const tables = [...golden, byId]

beforeAll(async () => {
  mkdirSync(join(byId.location, '_delta_log'), { recursive: true })
  const duckdb = duckDb()
  const connection = await duckdb.connect()
  await connection.run(
    `COPY (SELECT 1 AS "c-1", 'gone' AS "c-2") TO '${byId.location}/a.parquet' (FORMAT parquet, FIELD_IDS {'c-1': 1, 'c-2': 2})`,
  )
  connection.close()
  await duckdb.close()
  const mapping = { 'delta.columnMapping.id': 1, 'delta.columnMapping.physicalName': 'c-1' }
  const field = { name: 'id', type: 'integer', nullable: true, metadata: mapping }
  const { size } = statSync(join(byId.location, 'a.parquet'))
  const add = {
    path: 'a.parquet',
    partitionValues: {},
    size,
    modificationTime: 1,
    dataChange: true,
  }
  const actions = [
    { protocol: { minReaderVersion: 2, minWriterVersion: 5 } },
    {
      metaData: {
        id: 'by-id',
        format: { provider: 'parquet', options: {} },
        schemaString: JSON.stringify({ type: 'struct', fields: [field] }),
        partitionColumns: [],
        configuration: { 'delta.columnMapping.mode': 'id', 'delta.columnMapping.maxColumnId': '2' },
      },
    },
    { add },
  ]
  const log = actions.map(action => JSON.stringify(action)).join('\n')
  writeFileSync(join(byId.location, '_delta_log', `${'0'.repeat(20)}.json`), log)
})

const token = randomBytes(16).toString('hex')
const MODES = ['sent', 'rewrite', 'refuse'] as const

async function serve(staged: boolean): Promise<RunningServer> {
  const schemas = MODES.map(mode => ({
    name: mode,
    tables: tables.map(table => ({ ...table, ...(mode !== 'sent' && { redactDropped: mode }) })),
  }))
  const config = {
    server: { port: 0 },
    ...(staged && { staging: { location: join(folder, 'staging') } }),
    shares: [{ name: 'lake', schemas }],
    recipients: [
      { name: 'me', shares: ['*'], tokens: [{ sha256: tokenHash(token).toString('hex') }] },
    ],
  }
  return startServer(parseConfig(JSON.stringify(config), { folder, path: 'x.yaml' }))
}

describe.each([true, false])('with staging: %s', staged => {
  let server: RunningServer
  const profile = join(folder, `${staged}.share`)

  beforeAll(async () => {
    server = await serve(staged)
    const { endpoint } = server
    writeFileSync(
      profile,
      profileText({ shareCredentialsVersion: 1, endpoint, bearerToken: token } as never),
    )
  })
  afterAll(() => server.close(0))

  const DELTA = 'responseformat=delta;readerfeatures=deletionvectors,columnmapping,typewidening'

  const query = (mode: string, name: string, capabilities: string) =>
    fetch(`${server.endpoint}/shares/lake/schemas/${mode}/tables/${name}/query`, {
      method: 'POST',
      body: '{}',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'delta-sharing-capabilities': capabilities,
      },
    })

  /** Columns of the files that are sent which the answer's schema knows neither by name nor by id. */
  async function leftOver(mode: string, name: string, capabilities: string) {
    const answer = await query(mode, name, capabilities)
    const text = await answer.text()
    if (answer.status !== 200) return { status: answer.status, text }
    const lines = text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    const meta = lines[1].metaData
    const schema = JSON.parse((meta.deltaMetadata ?? meta).schemaString)
    const store = memoryStore()
    const known = new Set<unknown>()
    for (const { name: column, metadata = {} } of schema.fields) {
      const prefix = 'delta.columnMapping'
      known.add(column).add(metadata[`${prefix}.physicalName`]).add(metadata[`${prefix}.id`])
    }
    known.delete(undefined)
    const left = new Set<string>()
    for (const { file } of lines.slice(2)) {
      const url = file.url ?? file.deltaSingleAction.add.path
      const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer())
      await store.put('s3://b/f', bytes)
      const footer = await readParquetFooter(store, { path: 's3://b/f', size: bytes.length })
      for (const { name: column, fieldId } of footer.root.children) {
        if (!known.has(column) && !known.has(fieldId)) left.add(column)
      }
    }
    return { status: 200, left: [...left] }
  }

  const rows = async (mode: string, name: string) => {
    const sql = `SELECT * FROM lake.${mode}.${name}`
    const { status, stdout } = await run(['query', profile, sql, '--mode', 'json'])
    return { status, rows: stdout.trim().split('\n').sort() }
  }

  it.each(tables.map(({ name }) => [name]))(
    '%s is sent without them, or not at all',
    async name => {
      // Iceberg's local files are served without it: the bytes are there, and no footer says so.
      if (name !== 'spark_v2_schema_evolution') {
        expect((await leftOver('sent', name, DELTA)).left).toHaveLength(1)
      }
      const refused = { status: 400, text: expect.stringContaining('no longer in the table') }
      expect(await leftOver('refuse', name, DELTA)).toMatchObject(refused)
      if (!staged) return expect(await leftOver('rewrite', name, DELTA)).toMatchObject(refused)
      for (const capabilities of [DELTA, 'responseformat=parquet']) {
        expect(await leftOver('rewrite', name, capabilities)).toEqual({ status: 200, left: [] })
      }
      expect(await rows('rewrite', name)).toEqual(await rows('sent', name))
      return undefined
    },
  )

  it('what commits added is not sent with them either', async () => {
    const path = 'schemas/refuse/tables/by_id/query'
    const answer = await fetch(`${server.endpoint}/shares/lake/${path}`, {
      method: 'POST',
      body: JSON.stringify({ startingVersion: 0 }),
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'delta-sharing-capabilities': DELTA,
      },
    })
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('no longer in the table'),
    ])
  })
})
