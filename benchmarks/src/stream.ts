import { execFile } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import type { UrlSigner } from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { createBatchCache, createEngine } from '@spillway/engine'
import { nodeListener } from '@spillway/server/node'
import { localStore } from '@spillway/storage'
import { s3Signer } from '@spillway/storage/s3'
import type { GeneratedTable } from './delta-table.js'
import type { Measured } from './measure.js'
import { ordersQuestion, ordersServer, ordersShare } from './orders-share.js'

/** Signs local paths as if they were objects of a bucket: what signing and streaming cost, without a store. */
export function bucketSigner(): UrlSigner {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret that opens nothing' }
  const signer = s3Signer({ region: 'eu-west-1', credentials })
  return {
    covers: path => path.startsWith('file://'),
    sign: (paths, options) =>
      signer.sign(
        paths.map(path => path.replace('file:///', 's3://lake/')),
        options,
      ),
  }
}

/** So many times what a line takes that is written without any care: above, something is done for each line again. */
const MOST_PLAIN_LINES = 1.75
/** What an answer may hold near its end, above what was held before it began, however many lines it has. */
const MOST_MB = 64
/** Where that is looked at, of all lines. */
const NEAR_THE_END = 0.95
/** Of short answers several: code that is still being compiled for the first is part of what it takes. */
const ROUNDS = 6
const PLAIN_LINES = 100_000

/**
 * Every line of an unfiltered query, planned, signed, encoded and read by a recipient that keeps nothing, beside as many lines
 * written plainly, in turns. Fails where a line takes too many plain ones, or memory grows with the number of lines.
 */
export async function streamQuery(table: GeneratedTable): Promise<Measured> {
  const ask = ordersShare(streamEngine(), `file://${table.path}`)
  const answer = async () => {
    const start = performance.now()
    return read(await ask({}), table.files, start)
  }
  // The first answer loads the snapshot and fills the caches to their budgets; what is measured is the second.
  await answer()
  plainLines(PLAIN_LINES)
  const plain: number[] = []
  const streamed: number[] = []
  const ms: number[] = []
  const heldBeforeMb = heldMb()
  const rssBeforeMb = rssMb()
  let facts: Facts = {}
  for (let round = 0; round < (table.files > PLAIN_LINES ? 1 : ROUNDS); round++) {
    plain.push((await cpuOf(() => plainLines(PLAIN_LINES))) / PLAIN_LINES)
    const start = performance.now()
    const cpu = await cpuOf(async () => {
      facts = await answer()
    })
    ms.push(performance.now() - start)
    streamed.push(cpu / table.files)
    requireFlat(heldBeforeMb, facts)
  }
  const ratio = Math.min(...streamed) / Math.min(...plain)
  if (ratio > MOST_PLAIN_LINES) {
    throw new Error(`a line takes ${ratio.toFixed(2)} plain ones, more than ${MOST_PLAIN_LINES}`)
  }
  const cpu = { ...cpuFacts(streamed), plainLines: Number(ratio.toFixed(2)) }
  return { ms, facts: { ...facts, heldBeforeMb, rssBeforeMb, ...cpu } }
}

/** The same over a socket, to another process: the processor of the server alone. */
export async function streamOverSocket(table: GeneratedTable): Promise<Measured> {
  const server = createServer(nodeListener(ordersServer(streamEngine(), `file://${table.path}`)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const answer = () => readElsewhere(`http://127.0.0.1:${port}`, table.files)
  await answer()
  const streamed: number[] = []
  const ms: number[] = []
  for (let round = 0; round < (table.files > PLAIN_LINES ? 1 : ROUNDS); round++) {
    const start = performance.now()
    streamed.push((await cpuOf(answer)) / table.files)
    ms.push(performance.now() - start)
  }
  server.close()
  return { ms, facts: { lines: table.files, ...cpuFacts(streamed) } }
}

type Facts = Readonly<Record<string, number>>

function streamEngine() {
  const store = localStore()
  const cache = createBatchCache({ maxBytes: 2 ** 31 })
  return createEngine({ readers: [deltaReader({ store, cache })], signers: [bucketSigner()] })
}

/** Microseconds of this process, all its threads, that `work` takes. */
async function cpuOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function cpuFacts(microseconds: readonly number[]): Facts {
  const least = Math.min(...microseconds)
  return { cpuNsPerLine: Math.round(least * 1000), linesPerCpuSecond: Math.round(1e6 / least) }
}

/** What is reachable: resident memory has garbage besides, and what the allocator keeps. */
function heldMb(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return Math.round((heapUsed + arrayBuffers) / 2 ** 20)
}

function rssMb(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20)
}

function requireFlat(before: number, { heldMb: held = 0 }: Facts): void {
  if (held - before <= MOST_MB) return
  throw new Error(`near its end an answer holds ${held - before} MB, more than ${MOST_MB}`)
}

/** A signature, an id and a line as Node's own objects make them: what the lines of an answer are held against. */
function plainLines(count: number): number {
  const key = Buffer.alloc(32, 1)
  const stats = JSON.stringify({ numRecords: 1000, minValues: MIN, maxValues: MIN, nullCount: MIN })
  let bytes = 0
  for (let i = 0; i < count; i++) {
    const path = `/tables/orders/day=2026-01-01/part-${i}-${'0123456789abcdef'.repeat(2)}.parquet`
    const query = 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential='.padEnd(170, 'x')
    const request = createHash('sha256').update(`GET\n${path}\n${query}\nhost:lake`).digest('hex')
    const signature = createHmac('sha256', key).update(`AWS4${request}`.padStart(133)).digest('hex')
    const id = createHash('md5').update(path).digest('hex')
    const url = `https://lake.s3.eu-west-1.amazonaws.com${path}?${query}&X-Amz-Signature=${signature}`
    const file = { url, id, partitionValues: { day: '2026-01-01' }, size: i, stats }
    bytes += Buffer.byteLength(JSON.stringify({ file }))
  }
  return bytes
}

const MIN = { id: 123_000, name: 'customer-000000123000', amount: 4711.25 }

const READER = `
const http = require('node:http')
const { url, headers } = JSON.parse(process.argv[1])
http.request(url, { method: 'POST', headers }, answer => {
  let lines = 0
  answer.on('data', chunk => { for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++ })
  answer.on('end', () => console.log(lines))
}).end('{}')`

/** Every line, counted by a process of its own that keeps none. */
async function readElsewhere(origin: string, files: number): Promise<void> {
  const { url, headers } = ordersQuestion({}, {}, origin)
  const asked = JSON.stringify({ url, headers: Object.fromEntries(headers) })
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', READER, asked])
  // The protocol and the metadata have a line each.
  if (Number(stdout) !== files + 2) throw new Error(`${files} files were ${stdout} lines`)
}

async function read(response: Response, files: number, start: number): Promise<Facts> {
  if (!response.ok) throw new Error(await response.text())
  let lines = 0
  let bytes = 0
  let firstByteMs = 0
  let early = 0
  let peak = 0
  let held = 0
  for await (const chunk of response.body!) {
    if (bytes === 0) firstByteMs = performance.now() - start
    bytes += chunk.length
    lines += newlinesIn(chunk)
    const rss = rssMb()
    peak = Math.max(peak, rss)
    if (early === 0 && lines >= files / 10) early = rss
    if (held === 0 && lines >= files * NEAR_THE_END) held = heldMb()
  }
  return {
    lines,
    mb: Math.round(bytes / 2 ** 20),
    firstByteMs: Math.round(firstByteMs),
    rssAfterTenthMb: early,
    rssPeakMb: peak,
    heldMb: held,
  }
}

function newlinesIn(chunk: Uint8Array): number {
  let count = 0
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++
  return count
}
