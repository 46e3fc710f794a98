// The server process of server-load.ts: one Delta table, shared with as many recipients as it is told.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { deltaReader } from '@spillway/delta'
import { createBatchCache, createEngine } from '@spillway/engine'
import { createConfigShares, createSharingServer, tokenHash } from '@spillway/server'
import { nodeListener } from '@spillway/server/node'
import { localStore } from '@spillway/storage'
import { bucketSigner } from './stream.js'

/** What the server says of itself when asked. */
export interface ServerState {
  readonly port: number
  readonly rss: number
  readonly heap: number
  readonly sockets: number
  readonly handles: number
  /** Requests whose answer has not ended. */
  readonly underWay: number
  /** Since it was asked the last time to settle. */
  readonly longestStallMs: number
}

const [path, recipients] = process.argv.slice(2)
const store = localStore()
const engine = createEngine({
  readers: [deltaReader({ store, cache: createBatchCache({ maxBytes: 2 ** 30 }) })],
  signers: [bucketSigner()],
})
const catalog = createConfigShares({
  shares: [
    {
      name: 'lake',
      schemas: [{ name: 'sales', tables: [{ name: 'orders', location: `file://${path}` }] }],
    },
  ],
  recipients: Array.from({ length: Number(recipients) }, (_, index) => ({
    name: `recipient-${index}`,
    tokens: [{ sha256: tokenHash(`token-${index}`).toString('hex') }],
    shares: ['lake'],
  })),
})
let underWay = 0
const handler = createSharingServer({ engine, catalog, log: () => underWay-- })
const listener = nodeListener({
  fetch(request) {
    underWay++
    return handler.fetch(request)
  },
})
const server = createServer(listener)
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()

async function state(): Promise<ServerState> {
  const sockets = await new Promise<number>((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )
  const { rss, heapUsed, external } = process.memoryUsage()
  return {
    port: (server.address() as AddressInfo).port,
    rss,
    heap: heapUsed + external,
    sockets,
    handles: process.getActiveResourcesInfo().length,
    underWay,
    longestStallMs: delay.max / 1e6,
  }
}

process.on('message', async message => {
  if (message === 'settle') for (let i = 0; i < 3; i++) globalThis.gc?.()
  const answer = await state()
  if (message === 'settle') delay.reset()
  process.send!(answer)
})
server.listen(0, '127.0.0.1')
process.on('disconnect', () => process.exit(0))
