// What a recipient of a large share pays: `node measure.mjs FOLDER QUESTION`, FOLDER from generate.mjs.
//   selective  a query of few columns and one day: this package, the official Python client, DuckDB on the same files
//   scan       every column of every row as they come, and an aggregate over all of them: time and peak memory
// Each contender runs in a process of its own and goes through a proxy that counts the bytes on the wire.
import { fork, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { attachShare } from '@spillway/duckdb'
import { tokenHash } from '@spillway/server'
import { peakMemory } from '@spillway/testkit/peak-memory'
import { parseConfig, startServer } from 'spillway'

const DAY = '2026-02-11'
const WHERE = `day = DATE '${DAY}' AND amount < 100`
const SELECT = 'SELECT count(*) AS n, sum(amount)::DECIMAL(18,2) AS s, max(seen) AS m'
const ROUNDS = 5
const PEERS = fileURLToPath(new URL('../peers', import.meta.url))
const [folder, question = 'selective', role, ...rest] = process.argv.slice(2)

async function measure() {
  const scratch = mkdtempSync(join(tmpdir(), 'spillway-recipient-'))
  const token = randomBytes(16).toString('hex')
  const proxy = await countingProxy()
  const config = {
    server: { port: proxy.target, publicUrl: proxy.url },
    shares: [
      {
        name: 'big',
        schemas: [{ name: 'main', tables: [{ name: 't', location: resolve(folder) }] }],
      },
    ],
    recipients: [
      { name: 'r', shares: ['big'], tokens: [{ sha256: tokenHash(token).toString('hex') }] },
    ],
  }
  const server = await startServer(
    parseConfig(JSON.stringify(config), { folder: scratch, path: 'bench' }),
  )
  const profile = join(scratch, 'big.share')
  const { endpoint } = server
  writeFileSync(
    profile,
    JSON.stringify({ shareCredentialsVersion: 1, endpoint, bearerToken: token }),
  )
  try {
    const contenders =
      question === 'scan'
        ? [
            ['rows', 'ranges'],
            ['aggregate', 'ranges'],
            ['aggregate', 'httpfs'],
          ]
        : [
            ['shared', 'ranges'],
            ['shared', 'httpfs'],
            ['shared', 'download'],
            ['local'],
            ['python'],
          ]
    for (const [name, transport] of contenders) {
      if (transport === 'httpfs' && process.env.SPILLWAY_HTTPFS === undefined) continue
      proxy.bytes = 0
      const answer = await child(name, profile, transport ?? '')
      console.log(JSON.stringify({ name, transport, wireBytes: proxy.bytes, ...answer }))
    }
  } finally {
    await server.close(1000)
    proxy.close()
    rmSync(scratch, { recursive: true, force: true })
  }
}

function child(name, profile, transport) {
  if (name === 'python') return python(profile)
  return new Promise((settle, reject) => {
    const self = fileURLToPath(import.meta.url)
    const started = fork(self, [folder, question, name, profile, transport])
    started.on('message', settle)
    started.on('exit', code => code !== 0 && reject(new Error(`${name} exited with ${code}`)))
  })
}

function python(profile) {
  const interpreter = process.env.SPILLWAY_PYTHON ?? '.venv/interop/bin/python'
  const hint = JSON.stringify({
    op: 'equal',
    children: [
      { op: 'column', name: 'day', valueType: 'date' },
      { op: 'literal', value: DAY, valueType: 'date' },
    ],
  })
  const script = `
import json, sys, time, delta_sharing
sys.path.insert(0, sys.argv[3])
from peak_memory import peak_memory
times = []
for _ in range(3):
    started = time.perf_counter()
    frame = delta_sharing.load_as_pandas(sys.argv[1] + '#big.main.t', jsonPredicateHints=sys.argv[2])
    frame = frame[(frame.day.astype(str) == '${DAY}') & (frame.amount < 100)]
    answer = [len(frame), round(float(frame.amount.sum()), 2)]
    times.append((time.perf_counter() - started) * 1000)
print(json.dumps({'answer': answer, 'ms': sorted(times), 'rounds': 3, 'rssMb': peak_memory()}))
`
  return new Promise((settle, reject) => {
    const started = spawn(interpreter, ['-c', script, profile, hint, PEERS], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    started.stdout.on('data', chunk => {
      text += chunk
    })
    started.on('error', reject)
    started.on('exit', code =>
      code === 0 ? settle(JSON.parse(text)) : reject(new Error('python failed')),
    )
  })
}

const attached = async (profile, transport) => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  return attachShare(connection, profile, { transport })
}

/** Several rounds of `work`: the first is cold, the median is of all. */
async function timed(work) {
  const ms = []
  let answer
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    answer = await work()
    ms.push(performance.now() - started)
  }
  const rounded = ms.map(time => Math.round(time)).sort((a, b) => a - b)
  return { answer: answer.map(String), ms: rounded, rounds: ROUNDS, ...memory() }
}

function memory() {
  return { rssMb: Math.round(peakMemory() / 2 ** 20) }
}

const ROLES = {
  async shared(profile, transport) {
    const share = await attached(profile, transport)
    let fetched = 0
    const result = await timed(async () => {
      const rows = await share.query(`${SELECT} FROM big.main.t WHERE ${WHERE}`)
      for await (const [row] of rows.rawRows()) {
        fetched = rows.explanation.scans[0].fetchedBytes()
        return row
      }
    })
    process.send({ ...result, fetchedBytes: fetched })
    await share.close()
  },
  async local() {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const files = `read_parquet('${resolve(folder)}/day=*/*.parquet', hive_partitioning = true)`
    process.send(
      await timed(async () => {
        const reader = await connection.runAndReadAll(`${SELECT} FROM ${files} WHERE ${WHERE}`)
        return reader.getRowsJson()[0]
      }),
    )
  },
  async rows(profile, transport) {
    const share = await attached(profile, transport)
    const started = performance.now()
    const result = await share.query('SELECT * FROM big.main.t')
    let rows = 0
    for await (const block of result.rawRows()) rows += block.length
    process.send({ rows, seconds: (performance.now() - started) / 1000, ...memory() })
    await share.close()
  },
  async aggregate(profile, transport) {
    const share = await attached(profile, transport)
    const texts = Array.from({ length: 10 }, (_, i) => `max(t${i})`).join(', ')
    const started = performance.now()
    const result = await share.query(
      `SELECT count(*), sum(id), max(seen), sum(amount), ${texts} FROM big.main.t`,
    )
    const rows = []
    for await (const block of result.rawRows()) rows.push(...block)
    process.send({
      rows: String(rows[0][0]),
      seconds: (performance.now() - started) / 1000,
      ...memory(),
    })
    await share.close()
  },
}

async function countingProxy() {
  const proxy = { bytes: 0, target: await freePort(), url: '', close: () => server.close() }
  const server = createServer(client => {
    const upstream = connect(proxy.target, '127.0.0.1')
    upstream.on('data', chunk => {
      proxy.bytes += chunk.length
    })
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy())
  })
  await new Promise(settle => server.listen(0, '127.0.0.1', settle))
  server.unref()
  proxy.url = `http://127.0.0.1:${server.address().port}`
  return proxy
}

/** The public address has to be known before the server has a port of its own. */
async function freePort() {
  const server = createServer()
  await new Promise(settle => server.listen(0, '127.0.0.1', settle))
  const { port } = server.address()
  await new Promise(settle => server.close(settle))
  return port
}

if (role === undefined) await measure()
else await ROLES[role](...rest)
