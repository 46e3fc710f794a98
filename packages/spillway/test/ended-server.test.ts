import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duckDb } from '@spillway/rows'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { built, listeningAt, main } from './support/sample-share.js'

const folder = mkdtempSync(join(tmpdir(), 'ended-'))
const scratch = join(folder, 'tmp')
const config = join(folder, 'spillway.yaml')
const TOKEN = 'a-token-of-the-test-and-no-other'
const GRACE_SECONDS = 1

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

function writeLog(name: string, actions: readonly unknown[]): void {
  mkdirSync(join(folder, name, '_delta_log'), { recursive: true })
  const lines = actions.map(action => `${JSON.stringify(action)}\n`)
  writeFileSync(join(folder, name, '_delta_log/00000000000000000000.json'), lines.join(''))
}

function metadataOf(id: string, fields: readonly unknown[], configuration = {}) {
  const schemaString = JSON.stringify({ type: 'struct', fields })
  const format = { provider: 'parquet', options: {} }
  return { metaData: { id, format, schemaString, partitionColumns: [], configuration } }
}

/** Rows under another name than the table's: whoever takes plain Parquet is sent them rewritten, which takes seconds. */
async function writeRenamed(): Promise<void> {
  const named = {
    name: 'number',
    type: 'long',
    nullable: true,
    metadata: { 'delta.columnMapping.id': 1, 'delta.columnMapping.physicalName': 'col-1' },
  }
  const mapping = { 'delta.columnMapping.mode': 'name', 'delta.columnMapping.maxColumnId': '1' }
  mkdirSync(join(folder, 'renamed'))
  const file = join(folder, 'renamed/x.parquet')
  const duckdb = duckDb()
  const connection = await duckdb.connect()
  await connection.run(
    `COPY (SELECT (hash(i) >> 1)::BIGINT AS "col-1" FROM range(8000000) r(i)) TO '${file}' (field_ids {"col-1": 1})`,
  )
  connection.close()
  await duckdb.close()
  const add = { path: 'x.parquet', partitionValues: {}, size: statSync(file).size }
  writeLog('renamed', [
    { protocol: { minReaderVersion: 2, minWriterVersion: 5 } },
    metadataOf('renamed', [named], mapping),
    { add: { ...add, modificationTime: 1, dataChange: true, stats: '{"numRecords":8000000}' } },
  ])
}

/** More lines than the buffers between a server and a client that does not read take. */
function writeWide(): void {
  const adds = Array.from({ length: 60_000 }, (_, i) => ({
    add: {
      path: `part-${i}-${'x'.repeat(100)}.parquet`,
      partitionValues: {},
      size: 1,
      modificationTime: 1,
      dataChange: true,
      stats: '{"numRecords":1}',
    },
  }))
  const field = { name: 'n', type: 'long', nullable: true, metadata: {} }
  const protocol = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } }
  writeLog('wide', [protocol, metadataOf('wide', [field]), ...adds])
}

function start(): ChildProcess {
  return spawn(process.execPath, [main, 'serve', '--config', config], {
    env: { ...process.env, TMPDIR: scratch, TEMP: scratch },
    stdio: 'pipe',
  })
}

function ask(endpoint: string, table: string): Promise<Response> {
  return fetch(`${endpoint}/shares/s/schemas/d/tables/${table}/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: '{}',
  })
}

/** Files of rows below a folder, and how long they are. */
function filesBelow(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => entry.name)
}

describe.skipIf(!built || process.platform === 'win32')('a server that is ended', () => {
  beforeAll(async () => {
    mkdirSync(scratch)
    await writeRenamed()
    writeWide()
    const sha256 = createHash('sha256').update(TOKEN).digest('hex')
    const tables = ['renamed', 'wide'].map(name => ({ name, location: name }))
    writeFileSync(
      config,
      JSON.stringify({
        server: { port: 0, graceSeconds: GRACE_SECONDS },
        staging: { location: 'staging' },
        shares: [{ name: 's', schemas: [{ name: 'd', tables }] }],
        recipients: [{ name: 'r', tokens: [{ sha256 }], shares: ['s'] }],
      }),
    )
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('leaves rows when it is killed while it rewrites them, and finds them when it starts again', async () => {
    const first = start()
    const asked = ask(await listeningAt(first), 'renamed').catch(() => undefined)
    while (!filesBelow(scratch).some(name => name.endsWith('.parquet'))) await pause(5)
    first.kill('SIGKILL')
    await once(first, 'exit')
    await asked
    expect(filesBelow(scratch)).not.toEqual([])
    for (const name of readdirSync(scratch)) {
      expect(statSync(join(scratch, name)).mode & 0o777).toBe(0o700)
    }
    const second = start()
    await listeningAt(second)
    for (let i = 0; filesBelow(scratch).length > 0 && i < 200; i++) await pause(10)
    expect(filesBelow(scratch)).toEqual([])
    second.kill('SIGKILL')
    await once(second, 'exit')
  })

  it('exits within its grace when it is told to, though a recipient does not read on, whose answer breaks off', async () => {
    const server = start()
    const asked = await ask(await listeningAt(server), 'wide')
    expect(asked.status).toBe(200)
    const told = performance.now()
    server.kill('SIGTERM')
    const [status] = await once(server, 'exit')
    expect(status).toBe(0)
    // Room for a machine that does something else as well.
    expect(performance.now() - told).toBeLessThan(GRACE_SECONDS * 1000 + 20_000)
    await expect(asked.text()).rejects.toThrow()
  })

  it('exits within its grace though rows are being rewritten', async () => {
    rmSync(join(folder, 'staging'), { recursive: true, force: true })
    const server = start()
    const asked = ask(await listeningAt(server), 'renamed').then(
      answer => answer.text(),
      (error: Error) => error,
    )
    while (!filesBelow(scratch).some(name => name.endsWith('.parquet'))) await pause(5)
    server.kill('SIGTERM')
    const [status] = await once(server, 'exit')
    expect(status).toBe(0)
    await asked
  })
})
