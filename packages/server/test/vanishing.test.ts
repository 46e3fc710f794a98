import { connect, type Socket } from 'node:net'
import type { Engine } from '@spillway/engine'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { add, ID, metaData, protocol } from './support/lake.js'
import { failure, type Running, startServer, TOKEN, tablePath } from './support/serve.js'

/** About 40 MB of lines: more than two sockets hold between them. */
const FILES = 15_000
const NAME = 'x'.repeat(220)
const LIMIT = 4

/** Files signed so far, and answers that are still being made. */
const work = { signed: 0, underWay: 0 }

function watched(engine: Engine): Engine {
  return {
    ...engine,
    signedFiles(snapshot, options) {
      const files = engine.signedFiles(snapshot, options)
      return {
        plan: files.plan,
        get expiresAt() {
          return files.expiresAt
        },
        async *[Symbol.asyncIterator]() {
          work.underWay++
          try {
            for await (const batch of files) {
              work.signed += batch.length
              yield batch
            }
          } finally {
            work.underWay--
          }
        },
      }
    },
  }
}

// Tens of megabytes over real sockets: on a busy machine they take their time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let server: Running
beforeAll(async () => {
  server = await startServer({
    limits: { requestsPerRecipient: LIMIT },
    wrapEngine: watched,
    stallSeconds: 0.5,
  })
  const big = server.lake.table('big')
  const files = Array.from({ length: FILES }, (_, index) => add(`${NAME}${index}`))
  big.commit(protocol, metaData([ID]), ...files)
  server.shares.replace({
    ...server.config,
    shares: [
      {
        name: 'Lake',
        schemas: [{ name: 'Main', tables: [{ name: 'big', location: big.location }] }],
      },
      { name: 'other' },
      { name: 'third' },
    ],
  })
  // Loads the table.
  await server.ask(`${tablePath('big')}/metadata`)
})
afterAll(() => server.close())
beforeEach(() => {
  server.log.length = 0
  work.signed = 0
})

/** Asks for every file, takes the first bytes of the answer and no more. */
function unread(): Promise<Socket> {
  const { hostname, port } = new URL(server.origin)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        [
          `POST /delta-sharing${tablePath('big')}/query HTTP/1.1`,
          'Host: localhost',
          `Authorization: Bearer ${TOKEN}`,
          'Content-Length: 2',
          '',
          '{}',
        ].join('\r\n'),
      )
    })
    socket.on('error', reject)
    socket.once('readable', () => {
      socket.removeAllListeners('error').on('error', () => undefined)
      resolve(socket)
    })
  })
}

const isIdle = async () => {
  await expect.poll(() => work.underWay, { timeout: 60_000 }).toBe(0)
  const answers = await Promise.all(Array.from({ length: LIMIT }, () => server.ask('/shares')))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: LIMIT }, () => 200))
}

it('answers are made no further ahead than a recipient reads', async () => {
  const socket = await unread()
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(work.signed).toBeGreaterThan(0)
  expect(work.signed).toBeLessThan(FILES / 2)
  socket.destroy()
  await isIdle()
})

it.each([
  ['closes its connection', (socket: Socket) => void socket.destroy()],
  ['resets its connection', (socket: Socket) => void socket.resetAndDestroy()],
  ['closes its half of the connection and reads no more', (socket: Socket) => void socket.end()],
  ['stays connected and takes nothing', () => undefined],
])('the work for a recipient who %s is freed', async (_, leave) => {
  const sockets = await Promise.all(Array.from({ length: LIMIT }, unread))
  const refused = await server.query('big')
  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  expect(await failure(refused)).toMatchObject({ status: 429 })
  for (const socket of sockets) leave(socket)
  await isIdle()
  const gone = server.log.filter(({ outcome }) => outcome === 'cancelled')
  expect(gone).toHaveLength(LIMIT)
  expect(work.signed).toBeLessThan(FILES * LIMIT)
  for (const socket of sockets) socket.destroy()
})

it('half of the recipients vanish, and the rest get everything', async () => {
  const sockets = await Promise.all(Array.from({ length: LIMIT }, unread))
  for (const socket of sockets.slice(0, LIMIT / 2)) socket.resetAndDestroy()
  const whole = await Promise.all(sockets.slice(LIMIT / 2).map(readToEnd))
  for (const lines of whole) expect(lines).toBe(FILES)
  await isIdle()
  const outcomes = server.log.map(({ outcome }) => outcome)
  expect(outcomes.filter(outcome => outcome === 'cancelled')).toHaveLength(LIMIT / 2)
})

/** Lines of the chunked body, once its last chunk has come. */
function readToEnd(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = []
    let tail = ''
    socket.on('close', () => reject(new Error('cut off')))
    socket.on('data', bytes => {
      received.push(bytes)
      tail = (tail + bytes.toString('latin1')).slice(-7)
      if (!tail.endsWith('\r\n0\r\n\r\n')) return
      resolve(Buffer.concat(received).toString('latin1').split('{"file":{').length - 1)
      socket.destroy()
    })
  })
}
