import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { add, cdc, featureProtocol, ID, metaData, protocol, VECTOR } from './support/lake.js'
import { expectNoSecrets, logText } from './support/log-text.js'
import {
  failure,
  type Line,
  linesOf,
  type Running,
  startServer,
  TOKEN,
  tablePath,
} from './support/serve.js'

const DELTA = {
  'delta-sharing-capabilities': 'responseformat=delta;readerfeatures=deletionvectors',
}
const FEED = { configuration: { 'delta.enableChangeDataFeed': 'true' } }
const SECRET = 'the salaries of everybody'

/** No table lies here. */
const elsewhere = mkdtempSync(join(tmpdir(), 'spillway-elsewhere-'))
let server: Running
beforeAll(async () => {
  server = await startServer()
  writeTables()
})
afterAll(async () => {
  await server.close()
  rmSync(elsewhere, { recursive: true })
})
beforeEach(() => {
  server.log.length = 0
})

/** Logs, as whoever can write to a shared table may write them, that name what is not the table's. */
function writeTables(): void {
  const { lake } = server
  lake.table('secret').file('salaries.parquet', Buffer.from(SECRET))
  const secret = `file://${lake.root}/secret/salaries.parquet`
  const names = {
    absolute: secret,
    relative: '../secret/salaries.parquet',
    encoded: '..%2Fsecret%2Fsalaries.parquet',
    mixed: 'day=1/../../secret/salaries.parquet',
    bucket: 's3://other-bucket/salaries.parquet',
    host: 'file://other-host/etc/passwd',
    nul: 'a\u0000.parquet',
  }
  for (const [name, path] of Object.entries(names)) {
    lake.table(name).commit(protocol, metaData([ID]), add(path))
  }
  const vector = { ...VECTOR, storageType: 'p', pathOrInlineDv: secret }
  lake
    .table('vector')
    .commit(
      featureProtocol('deletionVectors'),
      metaData([ID]),
      add('a', { deletionVector: vector }),
    )
  lake.table('changed').commit(protocol, metaData([ID], FEED), cdc('../secret/salaries.parquet'))
  const linked = lake.table('linked')
  linked.commit(protocol, metaData([ID]), add('link.parquet'))
  writeFileSync(join(elsewhere, 'salaries.parquet'), SECRET)
  symlinkSync(join(elsewhere, 'salaries.parquet'), join(linked.location, 'link.parquet'))
  writePointer()
  shareAll([...Object.keys(names), 'vector', 'changed', 'linked', 'pointer'])
}

/** A checkpoint pointer whose parts are said to lie elsewhere. */
function writePointer(): void {
  const table = server.lake.table('pointer')
  table.commit(protocol, metaData([ID]), add('a'))
  const pointer = { version: 0, size: 1, checkpoint: '../../secret/salaries.parquet' }
  writeFileSync(join(table.location, '_delta_log/_last_checkpoint'), JSON.stringify(pointer))
  mkdirSync(join(table.location, '_delta_log/_sidecars'), { recursive: true })
}

function shareAll(names: readonly string[]): void {
  const tables = names.map(name => ({
    name,
    location: `file://${server.lake.root}/${name}`,
    history: true,
  }))
  server.shares.replace({
    ...server.config,
    shares: [
      { name: 'Lake', schemas: [{ name: 'Main', tables }] },
      { name: 'other' },
      { name: 'third' },
    ],
  })
}

it.each(['absolute', 'relative', 'mixed', 'bucket', 'host', 'nul', 'vector'])(
  'a log with the path of %s is refused, its paths are not told, and it is on record',
  async name => {
    const answer = await failure(await server.query(name, {}, DELTA))
    expect(answer.status).toBe(400)
    expect(answer.message).toMatch(/outside|must not|path|bitmap|deletion vector/)
    expect(answer.message).not.toMatch(/salaries|passwd|bucket/)
    expect(server.log[0]).toMatchObject({ table: name, status: 400, outcome: 'failed' })
    expect(logText(server.log)).toMatch(/salaries|passwd|parquet/)
    expectNoSecrets(server.log, [TOKEN, SECRET])
  },
)

it('a change feed with a path outside is refused as well', async () => {
  const path = `${tablePath('changed')}/changes?startingVersion=0`
  expect((await failure(await server.ask(path))).status).toBe(400)
  expectNoSecrets(server.log, [TOKEN, SECRET])
})

const urlOf = (line: Line | undefined) => String(line?.file?.url)

it('an encoded slash is part of a name: no folder is left by it', async () => {
  const response = await server.query('encoded')
  if (response.status !== 200) return expect(response.status).toBe(400)
  const file = await fetch(urlOf((await linesOf(response))[2]))
  expect(file.status).toBeGreaterThanOrEqual(400)
  return expect(await file.text()).not.toContain(SECRET)
})

it('a link out of the tables gives nothing of what it points to', async () => {
  const lines = await linesOf(await server.query('linked'))
  const file = await fetch(urlOf(lines[2]))
  expect(await file.text()).not.toContain(SECRET)
})

it('a pointer to a checkpoint elsewhere is not followed', async () => {
  const text = await (await server.query('pointer')).text()
  expect(text).not.toContain('salaries')
  expect(text).not.toContain(SECRET)
})

it('a URL of one table opens no other, whoever holds it', async () => {
  const own = await startServer()
  const [, , line] = await linesOf(await own.query('simple'))
  const url = new URL(urlOf(line))
  for (const path of ['partitioned/day=2026-01-01/p.parquet', 'simple/b.parquet']) {
    const other = new URL(url)
    other.pathname = other.pathname.replace('simple/a.parquet', path)
    expect((await fetch(other)).status).toBe(403)
  }
  await own.close()
})

it.each([
  ['a predicate', { predicateHints: ['id = 1\r\nset-cookie: a=b'] }],
  ['a column', { predicateHints: ['`x\r\nset-cookie: a=b` = 1'] }],
  ['a JSON hint', { jsonPredicateHints: '{"op":"x\\r\\nset-cookie: a=b"}' }],
])('a line break in %s stays out of the headers', async (_, body) => {
  const own = await startServer()
  const response = await own.query('simple', body)
  expect(response.status).toBe(200)
  expect(response.headers.has('set-cookie')).toBe(false)
  expect(response.headers.get('spillway-hints')).toMatch(/^[ -~]+$/)
  await own.close()
})

it.each([
  ['delta-sharing-capabilities', 'responseformat=parquet;x="\u00e9'],
  ['delta-sharing-capabilities', `${'a=b;'.repeat(2000)}`],
  ['accept-encoding', `${'gzip;q=0.5,'.repeat(1000)}`],
  ['x-request-id', `${'x'.repeat(65)}`],
])('an odd %s header is carried over into none', async (name, value) => {
  const own = await startServer()
  const response = await own.query('simple', {}, { [name]: value, 'accept-encoding': 'identity' })
  await response.text()
  for (const [, header] of response.headers) expect(header).toMatch(/^[ -~]{0,200}$/)
  await own.close()
})
