// Many recipients at once, over real sockets, against one server process:
//   npx tsc -b benchmarks && node benchmarks/dist/server-load.js [--recipients 1,50,200] [--files 1000000] [--seconds 20]
// Prints, for each number of recipients, the server's memory, how soon answers began and what was left when they ended.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { deltaTable } from './delta-table.js'
import type { ServerState } from './load-server.js'

const here = dirname(fileURLToPath(import.meta.url))

const { values: options } = parseArgs({
  options: {
    recipients: { type: 'string', default: '1,50,200' },
    files: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '20' },
    /** How long the recipients take to arrive; 0: all in one moment. */
    arrival: { type: 'string', default: '4' },
  },
})

interface Recipient {
  /** Milliseconds from sending the request to the first byte of the body. */
  readonly firstByte: Promise<number>
  readonly bytes: () => number
  readonly leave: () => void
}

/** Reads and keeps nothing, until it leaves. */
function recipient(port: number, token: string): Recipient {
  let bytes = 0
  const start = performance.now()
  const post = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/delta-sharing/shares/lake/schemas/sales/tables/orders/query',
    headers: { authorization: `Bearer ${token}`, 'content-length': 2 },
    agent: false,
  })
  const firstByte = new Promise<number>((resolve, reject) => {
    post.on('error', reject)
    post.on('response', (response: IncomingMessage) => {
      response.on('data', (chunk: Buffer) => {
        if (bytes === 0) resolve(performance.now() - start)
        bytes += chunk.length
      })
      response.on('error', () => undefined)
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`))
    })
  })
  post.end('{}')
  return { firstByte, bytes: () => bytes, leave: () => void post.destroy() }
}

/** Asks the server for its state; `settle` collects garbage first. */
function ask(server: ChildProcess, what: 'sample' | 'settle'): Promise<ServerState> {
  return new Promise(resolve => {
    server.once('message', message => resolve(message as ServerState))
    server.send(what)
  })
}

const mb = (bytes: number) => Math.round(bytes / 2 ** 20)

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}

async function measure(count: number, table: { readonly path: string }): Promise<void> {
  const server = fork(join(here, 'load-server.js'), [table.path, String(count)], {
    execArgv: ['--expose-gc'],
  })
  const { port } = await ask(server, 'settle')
  // Loads the snapshot, and warms up what every answer runs.
  const first = recipient(port, 'token-0')
  await first.firstByte
  await sleep(3000)
  first.leave()
  await sleep(500)
  const before = await ask(server, 'settle')
  const recipients: Recipient[] = []
  const waiting: Promise<number>[] = []
  for (let index = 0; index < count; index++) {
    const one = recipient(port, `token-${index}`)
    recipients.push(one)
    waiting.push(one.firstByte)
    if (Number(options.arrival) > 0) await sleep((Number(options.arrival) * 1000) / count)
  }
  const firstBytes = await Promise.all(waiting)
  const started = performance.now()
  const sent = () => recipients.reduce((sum, { bytes }) => sum + bytes(), 0)
  const sentBefore = sent()
  let peak = 0
  const half = (Number(options.seconds) * 1000) / 2
  const watch = async (milliseconds: number) => {
    for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(250)) {
      peak = Math.max(peak, (await ask(server, 'sample')).rss)
    }
  }
  await watch(half)
  for (const { leave } of recipients.slice(0, Math.ceil(count / 2))) leave()
  await watch(half)
  const seconds = (performance.now() - started) / 1000
  const rate = mb((sent() - sentBefore) / seconds)
  for (const { leave } of recipients) leave()
  await sleep(1000)
  const after = await ask(server, 'settle')
  server.kill()
  console.log(
    [
      `${String(count).padStart(4)} recipients`,
      `RSS ${mb(before.rss)} before, ${mb(peak)} MB peak`,
      `first byte ${quantile(firstBytes, 0.5)} ms median, ${quantile(firstBytes, 0.95)} p95, ${quantile(firstBytes, 1)} max`,
      `${rate} MB/s`,
      `longest stall of the event loop ${Math.round(after.longestStallMs)} ms`,
      `left behind: heap ${mb(before.heap)} -> ${mb(after.heap)} MB, ${after.sockets} sockets, ${after.underWay} requests, ${after.handles} handles (${before.handles} before)`,
    ].join('\n      '),
  )
}

const data = join(here, '..', 'data')
mkdirSync(data, { recursive: true })
const table = await deltaTable(data, Number(options.files))
for (const count of options.recipients.split(',').map(Number)) await measure(count, table)
process.exit(0)
