import { execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { profileText } from '@spillway/protocol'
import { duckDb } from '@spillway/rows'
import { tokenHash } from '@spillway/server'
import { parseConfig, startServer } from 'spillway'
import { writeSampleTables } from '../../packages/spillway/src/demo/sample-tables.js'
import { type DeltaTable, writeDelta } from '../../packages/spillway/src/demo/write-delta.js'
import { repository } from './blocks.js'

/** What the documents talk about: tables, a server that shares them, and a folder for whoever reads along. */
export interface Stage {
  /** A fresh folder with the files that the documents name, and `text` with the paths and ports of this machine. */
  enter(text: string): Promise<{ readonly folder: string; readonly text: string }>
  /** The folder of a sample table. */
  location(table: string): string
  close(): Promise<void>
}

/** Names of the documents, and the sample table in their place. */
const TABLES = {
  '/data/orders': 'orders',
  'file:///lake/orders': 'sales',
  's3://lake/sales': 'sales',
  's3://acme/visits': 'visits',
  's3://acme/orders': 'orders',
  'file:///lake/trips': 'accounts',
  'file:///data/events/year=2026/**/*.parquet': 'weather/*/*.parquet',
} as const

const TOKEN = 'the token of the documents'.replaceAll(' ', '-')

export async function openStage(): Promise<Stage> {
  const root = await mkdtemp(join(tmpdir(), 'spillway-documents-'))
  const tables = join(root, 'tables')
  await mkdir(tables)
  const samples = await writeTables(tables)
  const lake = ['orders', 'visits'].map(name => ({
    name,
    location: join(tables, name),
    history: true,
  }))
  const document = {
    server: { port: 0 },
    staging: { location: join(root, 'staging') },
    shares: [
      { name: 'lake', schemas: [{ name: 'sales', tables: lake }] },
      { name: 'city', schemas: [{ name: 'public', tables: samples }] },
    ],
    recipients: [
      {
        name: 'partner',
        shares: ['*'],
        tokens: [{ sha256: tokenHash(TOKEN).toString('hex') }],
      },
    ],
  }
  const server = await startServer(
    parseConfig(JSON.stringify(document), { folder: root, path: 'documents' }),
  )
  const profile = profileText({ endpoint: server.endpoint, bearerToken: TOKEN })
  let entered = 0
  return {
    location: table => join(tables, table),
    async enter(text) {
      const folder = join(root, `block-${++entered}`)
      await mkdir(folder)
      const port = await freePort()
      const local = (words: string) => localized(words, { tables, port })
      for (const name of ['partner.share', 'demo.share', 'me.share'])
        if (!text.includes('spillway token')) await writeFile(join(folder, name), profile)
      await writeFile(join(folder, 'spillway.yaml'), local(await sampleConfig()))
      await writeFile(join(folder, 'secret.txt'), 'a secret of sixteen bytes or more')
      await writeFile(join(folder, 'report.sql'), 'SELECT count(*) FROM city.public.trips;\n')
      return { folder, text: local(text) }
    },
    async close() {
      await server.close(0)
      await rm(root, { recursive: true, force: true })
    },
  }
}

function localized(
  text: string,
  { tables, port }: { readonly tables: string; readonly port: number },
): string {
  let local = text.replaceAll('$PWD', repository.replace(/\/$/, ''))
  for (const [name, table] of Object.entries(TABLES)) {
    const path = join(tables, table)
    local = local.replaceAll(name, name.startsWith('file:') ? pathToFileURL(path).href : path)
  }
  return local.replace(/\b8420\b/g, String(port))
}

/** The configuration that the README begins with. */
async function sampleConfig(): Promise<string> {
  const readme = await readFile(join(repository, 'README.md'), 'utf8')
  return /```yaml\n(# spillway\.yaml[\s\S]*?)```/.exec(readme)![1]!
}

async function writeTables(folder: string) {
  const duckdb = duckDb()
  const samples = await writeSampleTables(duckdb, folder)
  const connection = await duckdb.connect()
  await writeDelta(connection, ordersTable(join(folder, 'orders'), [1, 7]))
  await writeDelta(connection, ordersTable(join(folder, 'sales'), []))
  connection.close()
  await duckdb.close()
  // With a feed of changes.
  await cp(join(repository, 'test/fixtures/delta/cdf'), join(folder, 'visits'), { recursive: true })
  return samples.map(({ note: _, ...table }) => table)
}

/** With `deleted` rows it is answered in delta format to whoever can read that. */
function ordersTable(folder: string, deleted: readonly number[]): DeltaTable {
  const days = ['2025-12-31', '2026-01-01', '2026-01-03', '2026-01-31']
  return {
    folder,
    id: '6f1d3c1e-6c7b-4b1f-9c2a-000000000003',
    columns: [
      { name: 'id', type: 'long' },
      { name: 'amount', type: 'decimal(8,2)' },
      { name: 'customer', type: 'string' },
      { name: 'day', type: 'date' },
    ],
    partitionColumn: 'day',
    files: days.map((day, i) => ({
      path: `day=${day}/part-0.parquet`,
      partition: day,
      ...(deleted.length > 0 && { deleted }),
      select: `SELECT (${i * 100} + i)::BIGINT AS id, (i * 1.5)::DECIMAL(8,2) AS amount, 'anna' AS customer FROM range(100) t(i)`,
    })),
  }
}

/** The port that the documents' own server takes: their 8420 may be somebody's. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Runs `command` to its end, or until it listens: whoever serves does so until stopped. What it says is the error. */
export function runs(
  command: string,
  args: readonly string[],
  { cwd, port }: { readonly cwd: string; readonly port?: number | undefined },
): Promise<string> {
  if (port === undefined) {
    return new Promise((resolve, reject) => {
      const options = {
        cwd,
        encoding: 'utf8',
        timeout: 120_000,
        maxBuffer: 64 * 1024 ** 2,
      } as const
      const child = execFile(command, args, options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new Error(`${error.message}\n${stdout}\n${stderr}`))
      })
      child.stdin?.end()
    })
  }
  return servesAt(command, args, { cwd, port })
}

async function servesAt(
  command: string,
  args: readonly string[],
  { cwd, port }: { readonly cwd: string; readonly port: number },
): Promise<string> {
  // A group of its own, so that what a shell has started ends with it.
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let said = ''
  child.stdout.on('data', bytes => (said += bytes))
  child.stderr.on('data', bytes => (said += bytes))
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const until = Date.now() + 120_000
  try {
    for (;;) {
      if (child.exitCode !== null || Date.now() > until)
        throw new Error(`nothing listens (exit ${child.exitCode}):\n${said}`)
      const answer = await fetch(`http://127.0.0.1:${port}/delta-sharing/shares`).catch(() => null)
      // Nobody without a token is told anything.
      if (answer?.status === 401) return said
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
    await ended
  }
}
