// What is followed: one query of a share, cold and warm, one SQL statement, and the commits of a table to the files they leave.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { recorded } from './recorder.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Written by Spark: partitioned by `p`, a checkpoint at version 4 and two commits behind it. */
const TABLE = join(root, 'test/fixtures/delta/checkpoint-classic')

/** Three commits by Spark, a file each, and no checkpoint. */
const COMMITS = join(root, 'test/fixtures/delta/plain')

const TOKEN = 'tour-token'

/** What `spillway serve` reads. Within an hour nobody looks at the log again: the second query is answered from memory. */
const CONFIG = {
  server: { port: 0, freshnessSeconds: 3600 },
  shares: [{ name: 'lake', schemas: [{ name: 'all', tables: [{ name: 't', location: TABLE }] }] }],
  recipients: [
    {
      name: 'reader',
      shares: ['lake'],
      tokens: [{ sha256: createHash('sha256').update(TOKEN).digest('hex') }],
    },
  ],
}

/**
 * Every tour by its name: its trace, `when` the chain of callers in it is taken, and how many stops it may have at `most`, to
 * whose rooms it may come back so many times.
 */
export async function traceAll() {
  const starting = serveApart()
  try {
    const { cold, warm } = await queryTours()
    const signed = 'the URL is signed'
    return {
      cold: { trace: cold, when: signed, most: 20, returns: 2 },
      warm: { trace: warm, when: signed, most: 12, returns: 2 },
      sql: {
        trace: await sqlTour(await starting),
        when: 'a file is fetched',
        most: 20,
        returns: 2,
      },
      commit: { trace: await commitTour(), when: 'a column is pruned', most: 20, returns: 2 },
    }
  } finally {
    await (await starting).close()
  }
}

/** POST …/query with a predicate on the partition and on a column: one file of twelve is left. */
async function queryTours() {
  const { parseConfig, startServer } = await import('spillway')
  const server = await startServer(
    parseConfig(JSON.stringify(CONFIG), { folder: root, path: 'tour' }),
  )
  const query = async () => {
    const response = await fetch(`${server.endpoint}/shares/lake/schemas/all/tables/t/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ predicateHints: ['p = 1', 'id >= 20'] }),
    })
    const lines = linesOf(await response.text())
    expectOne(lines.filter(line => 'file' in line))
  }
  const until = 'packages/storage/src/signing/sign-in-turns.ts'
  try {
    const cold = await recorded(query, { until })
    return { cold, warm: await recorded(query, { until }) }
  } finally {
    await server.close(0)
  }
}

/** The first statement of a connection over a share that another process serves. */
async function sqlTour({ endpoint }) {
  const { attachShare } = await import('@spillway/duckdb')
  const connection = await (await DuckDBInstance.create()).connect()
  const share = await attachShare(connection, {
    shareCredentialsVersion: 1,
    endpoint,
    bearerToken: TOKEN,
  })
  try {
    return await recorded(
      async () => {
        const result = await share.query('SELECT name FROM lake."all".t WHERE p = 1 AND id = 21')
        const all = []
        for await (const rows of result.rawRows()) all.push(...rows)
        expectOne(all)
      },
      { until: 'packages/duckdb/src/fetch/range-response.ts' },
    )
  } finally {
    await share.close()
  }
}

/** `spillway serve`, in a process of its own: of a statement only what the recipient runs is followed. */
async function serveApart() {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-tour-'))
  const config = join(folder, 'tour.yaml')
  writeFileSync(config, JSON.stringify(CONFIG))
  const main = join(root, 'packages/spillway/dist/main.js')
  const server = spawn(process.execPath, [main, 'serve', '--config', config, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  process.once('exit', () => server.kill())
  const ended = new Promise(resolve => server.once('exit', resolve))
  for await (const line of createInterface({ input: server.stdout })) {
    const { event, text } = JSON.parse(line)
    if (event !== 'listening') continue
    return {
      endpoint: text.split(' ')[0],
      async close() {
        server.kill()
        await ended
        rmSync(folder, { recursive: true })
      },
    }
  }
  throw new Error('the server ended before it listened')
}

/** The commits of a table, read and planned: one file of three is left. */
async function commitTour() {
  const { deltaReader } = await import('@spillway/delta')
  const { createBatchCache } = await import('@spillway/engine')
  const { planScan } = await import('@spillway/planner')
  const { localStore } = await import('@spillway/storage')
  const { eq } = await import('@spillway/core')
  const cache = createBatchCache({ maxBytes: 1024 ** 2 })
  const reader = deltaReader({ store: localStore(), cache })
  return recorded(
    async () => {
      const snapshot = await reader.snapshot({ location: COMMITS })
      const files = []
      const plan = planScan(snapshot, { predicate: eq('id', 5), zonelessLiterals: 'utc' })
      for await (const { files: batch, selection } of plan) {
        files.push(...(await batch.files(selection)))
      }
      expectOne(files)
    },
    { until: 'packages/planner/src/prune/kernels.ts' },
  )
}

function linesOf(text) {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

/** A tour that came to another end would be another tour. */
function expectOne(found) {
  if (found.length === 1) return
  throw new Error(`expected one file or row, found ${found.length}: ${JSON.stringify(found)}`)
}
