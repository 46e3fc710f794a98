// What a recipient of a large share pays: `node measure.mjs FOLDER QUESTION [TURNS]`, FOLDER from generate.mjs.
//   selective  a query of few columns and one day: this package, the official Python client, DuckDB on the same files
//   scan       every column of every row as they come, and an aggregate over all of them, also of DuckDB on the same files: time and
//              peak memory
// Each contender runs in a process of its own, TURNS times (3) by turns, and goes through a proxy that counts the bytes on the wire.
// Milliseconds by the clock and of the processor, of the first query of a process and the median of its later ones; where there are
// several turns, the medians of them all. Of a share, attaching it is a line of its own.
import { fork, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { nodeFetchFiles } from '@spillway/client/node'
import { attachShare } from '@spillway/duckdb'
import { tokenHash } from '@spillway/server'
import { peakMemory } from '@spillway/testkit/peak-memory'
import { parseConfig, startServer } from 'spillway'

const DAY = '2026-02-11'
const WHERE = `day = DATE '${DAY}' AND amount < 100`
const SELECT = 'SELECT count(*) AS n, sum(amount)::DECIMAL(18,2) AS s, max(seen) AS m'
const ROUNDS = 7
const PEERS = fileURLToPath(new URL('../peers', import.meta.url))
const [folder, question = 'selective', turns = '3', role, ...rest] = process.argv.slice(2)

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
        ? [['rows', 'ranges'], ['aggregate', 'ranges'], ['aggregate', 'httpfs'], ['localAggregate']]
        : [
            ['shared', 'ranges'],
            ['shared', 'httpfs'],
            ['shared', 'download'],
            ['local'],
            ['python'],
          ]
    const able = contenders.filter(
      ([, transport]) => transport !== 'httpfs' || process.env.SPILLWAY_HTTPFS !== undefined,
    )
    const answers = able.map(() => [])
    const missing = new Map()
    for (let turn = 0; turn < Number(turns); turn++) {
      for (const [i, [name, transport]] of able.entries()) {
        proxy.bytes = 0
        const answer = await child(name, profile, transport ?? '').catch(error => {
          missing.set(i, error.message)
        })
        if (answer !== undefined) answers[i].push({ ...answer, wireBytes: proxy.bytes })
      }
    }
    for (const [i, [name, transport]] of able.entries()) {
      const found = missing.has(i) ? { missing: missing.get(i) } : medians(answers[i])
      console.log(JSON.stringify({ name, transport, ...found }))
    }
  } finally {
    await server.close(1000)
    proxy.close()
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Of each number in the answers of one contender the median; of what is no number, what the last said. */
function medians(answers) {
  const last = answers.at(-1)
  const middle = (value, key) => {
    const all = answers.map(answer => answer[key])
    if (typeof value === 'number') return median(all)
    if (typeof value !== 'object' || Array.isArray(value)) return value
    return Object.fromEntries(
      Object.keys(value).map(part => [part, median(all.map(each => each[part]))]),
    )
  }
  return Object.fromEntries(Object.entries(last).map(([key, value]) => [key, middle(value, key)]))
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
}

function child(name, profile, transport) {
  if (name === 'python') return python(profile)
  return new Promise((settle, reject) => {
    const self = fileURLToPath(import.meta.url)
    const started = fork(self, [folder, question, turns, name, profile, transport])
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
    started, cpu = time.perf_counter(), time.process_time()
    frame = delta_sharing.load_as_pandas(sys.argv[1] + '#big.main.t', jsonPredicateHints=sys.argv[2])
    frame = frame[(frame.day.astype(str) == '${DAY}') & (frame.amount < 100)]
    answer = [len(frame), round(float(frame.amount.sum()), 2)]
    times.append({'ms': (time.perf_counter() - started) * 1000, 'cpuMs': (time.process_time() - cpu) * 1000})
later = {key: sorted(each[key] for each in times[1:])[0] for key in times[0]}
print(json.dumps({'answer': answer, 'first': times[0], 'later': later, 'rssMb': peak_memory()}))
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
  return attachShare(connection, profile, { transport, fetchFiles: nodeFetchFiles() })
}

/** One piece of work by the clock and the processor. */
async function spent(work) {
  const started = performance.now()
  const before = process.cpuUsage()
  const answer = await work()
  const { user, system } = process.cpuUsage(before)
  const rounded = value => Math.round(value * 10) / 10
  return {
    answer,
    ms: rounded(performance.now() - started),
    cpuMs: rounded((user + system) / 1000),
  }
}

/** A first query, and the medians of later ones. */
async function timed(work) {
  const { answer, ...first } = await spent(work)
  const later = []
  for (let round = 1; round < ROUNDS; round++) later.push(await spent(work))
  const of = key => median(later.map(each => each[key]))
  return {
    answer: answer.map(String),
    first,
    later: { ms: of('ms'), cpuMs: of('cpuMs') },
    ...memory(),
  }
}

function memory() {
  return { rssMb: Math.round(peakMemory() / 2 ** 20) }
}

function aggregateSql(table) {
  const texts = Array.from({ length: 10 }, (_, i) => `max(t${i})`).join(', ')
  return `SELECT count(*), sum(id), max(seen), sum(amount), ${texts} FROM ${table}`
}

const ROLES = {
  async shared(profile, transport) {
    const { answer: share, ...attach } = await spent(() => attached(profile, transport))
    let fetched = 0
    const result = await timed(async () => {
      const rows = await share.query(`${SELECT} FROM big.main.t WHERE ${WHERE}`)
      for await (const [row] of rows.rawRows()) {
        fetched = rows.explanation.scans[0].fetchedBytes()
        return row
      }
    })
    process.send({ ...result, attach, fetchedBytes: fetched })
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
  async localAggregate() {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const files = `read_parquet('${resolve(folder)}/day=*/*.parquet', hive_partitioning = true)`
    const { answer, ms, cpuMs } = await spent(() =>
      connection.runAndReadAll(aggregateSql(files)).then(reader => reader.getRows()),
    )
    process.send({ rows: String(answer[0][0]), ms, cpuMs, ...memory() })
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
    const { answer, ms, cpuMs } = await spent(async () => {
      const rows = []
      const result = await share.query(aggregateSql('big.main.t'))
      for await (const block of result.rawRows()) rows.push(...block)
      return rows
    })
    process.send({ rows: String(answer[0][0]), ms, cpuMs, ...memory() })
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
