// TPC-H through a share: `node tpch.mjs FOLDER`, FOLDER from peers/tpch_generate.py. Its 22 queries, once each, by this package
// over a share of a server beside it, and by DuckDB over the same files, each in a process of its own, which takes the queries
// in their order. Answers are compared with those of the generator. Prints a line of JSON for each contender.
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { nodeFetchFiles } from '@spillway/client/node'
import { attachShare } from '@spillway/duckdb'
import { tokenHash } from '@spillway/server'
import { peakMemory } from '@spillway/testkit/peak-memory'
import { parseConfig, startServer } from 'spillway'

const self = fileURLToPath(import.meta.url)
const [given, role, profile] = process.argv.slice(2)
if (given === undefined) throw new Error('expected the folder of the tables')
const folder = resolve(given)
const { tables, queries } = JSON.parse(readFileSync(join(folder, 'queries.json'), 'utf8'))

/** The server is a process of its own, as it is for a recipient. */
async function measure() {
  const server = fork(self, [folder, 'serve'])
  try {
    const path = await answerOf(server)
    for (const name of ['shared', 'local']) {
      console.log(JSON.stringify({ name, ...(await answerOf(fork(self, [folder, name, path]))) }))
    }
  } finally {
    server.kill()
  }
}

function answerOf(child) {
  return new Promise((settle, reject) => {
    child.once('message', settle)
    child.once('exit', code => reject(new Error(`${child.spawnargs.at(-1)} ended with ${code}`)))
  })
}

async function serve() {
  const scratch = mkdtempSync(join(tmpdir(), 'spillway-tpch-'))
  process.once('exit', () => rmSync(scratch, { recursive: true }))
  process.once('SIGTERM', () => process.exit(0))
  const token = randomBytes(16).toString('hex')
  const located = tables.map(name => ({ name, location: join(folder, name) }))
  const config = {
    server: { port: 0 },
    shares: [{ name: 'tpch', schemas: [{ name: 'main', tables: located }] }],
    recipients: [
      { name: 'r', shares: ['tpch'], tokens: [{ sha256: tokenHash(token).toString('hex') }] },
    ],
  }
  const text = JSON.stringify(config)
  const { endpoint } = await startServer(parseConfig(text, { folder: scratch, path: 'bench' }))
  const path = join(scratch, 'tpch.share')
  const told = { shareCredentialsVersion: 1, endpoint, bearerToken: token }
  writeFileSync(path, JSON.stringify(told))
  process.send(path)
}

async function shared() {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const share = await attachShare(connection, profile, { fetchFiles: nodeFetchFiles() })
  await report(async sql => {
    const rows = []
    const result = await share.query(qualified(sql, 'tpch.main'))
    for await (const block of result.rawRows()) rows.push(...block)
    return rows
  })
  await share.close()
}

async function local() {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  for (const name of tables) {
    await connection.run(
      `CREATE VIEW ${name} AS SELECT * FROM read_parquet('${join(folder, name)}/*.parquet')`,
    )
  }
  await report(async sql => (await connection.runAndReadAll(sql)).getRows())
}

/** Values as DuckDB writes them, whatever a client makes of their types. */
function asText(sql) {
  return `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (${sql.trim().replace(/;$/, '')})`
}

/** A table behind FROM, JOIN or a comma; names of columns stand there nowhere else in these queries. */
function qualified(sql, schema) {
  const names = tables.join('|')
  return sql.replace(
    new RegExp(`(\\b(?:from|join)\\s+|,\\s*)(${names})\\b`, 'gi'),
    `$1${schema}.$2`,
  )
}

/** Milliseconds of each query, and the numbers of those whose rows are others, or that end in an error. */
async function report(run) {
  const found = { ms: [], other: [], failed: [] }
  const before = process.cpuUsage()
  for (const { number, sql, rows } of queries) {
    const start = performance.now()
    const answer = await run(asText(sql)).catch(error => {
      console.error(`query ${number}: ${error.message}`)
      found.failed.push(number)
    })
    found.ms.push(performance.now() - start)
    if (answer !== undefined && !isEqual(answer, rows)) found.other.push(number)
  }
  const { user, system } = process.cpuUsage(before)
  const cpuMs = Math.round((user + system) / 1000)
  process.send({ ...found, cpuMs, rssMb: Math.round(peakMemory() / 2 ** 20) })
}

/** Sums of doubles depend on their order in the last digits. */
function isEqual(answer, rows) {
  const isSame = (mine, theirs) => {
    if (mine === theirs) return true
    const [a, b] = [Number(mine), Number(theirs)]
    return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
  }
  return (
    answer.length === rows.length &&
    answer.every((row, i) => row.every((value, j) => isSame(String(value), rows[i][j])))
  )
}

const ROLES = { serve, shared, local }
if (role === undefined) await measure()
else await ROLES[role]()
