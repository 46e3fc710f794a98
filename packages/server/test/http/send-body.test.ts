import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { countedBody } from '../../src/downloads/counted-body.js'
import type { AccessRecord } from '../../src/http/access-log.js'
import { sendBody } from '../../src/http/send-body.js'

const BYTES = randomBytes(3_000_000)

/** Fills what the reader brings, by no more than `step` at a time. */
function filling(
  step: number,
  { failAt = BYTES.length + 1 }: { readonly failAt?: number } = {},
): { body: ReadableStream<Uint8Array>; buffers: Set<number>; cancelled: () => boolean } {
  let at = 0
  let isCancelled = false
  const buffers = new Set<number>()
  const body = new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      await new Promise(turn => setImmediate(turn))
      if (at >= failAt) throw new Error('the disk has gone')
      const asked = controller.byobRequest
      if (asked === null) {
        controller.enqueue(new Uint8Array(BYTES.subarray(at, at + step)))
        at += step
      } else {
        const into = asked.view as Uint8Array
        buffers.add(into.buffer.byteLength)
        const length = Math.min(step, into.byteLength, BYTES.length - at)
        new Uint8Array(into.buffer, into.byteOffset).set(BYTES.subarray(at, at + length))
        at += length
        asked.respond(length)
      }
      if (at >= BYTES.length) controller.close()
    },
    cancel() {
      isCancelled = true
    },
  })
  return { body, buffers, cancelled: () => isCancelled }
}

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** The answer of a server that sends `bodies`, one for each request, read a little at a time. */
async function received(
  bodies: readonly ReadableStream<Uint8Array>[],
  { length, pauses = 0 }: { readonly length?: number; readonly pauses?: number } = {},
): Promise<Buffer> {
  let next = 0
  const gone = new AbortController()
  server = createServer(async (_, outgoing) => {
    const body = bodies[next++]!
    outgoing.writeHead(200, { 'content-length': BYTES.length })
    await sendBody(body, outgoing, { stallMs: 10_000, length, gone: gone.signal })
  })
  await new Promise<void>(listening => server!.listen(0, '127.0.0.1', listening))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const request = 'GET / HTTP/1.1\r\nhost: x\r\n'
  const last = `${request}connection: close\r\n\r\n`
  socket.write(`${request}\r\n`.repeat(bodies.length - 1) + last)
  const chunks: Buffer[] = []
  let paused = 0
  for await (const chunk of socket) {
    chunks.push(chunk)
    // So long that the system takes nothing more meanwhile.
    if (paused++ < pauses) await new Promise(later => setTimeout(later, 20))
  }
  return Buffer.concat(chunks)
}

function bodiesIn(answers: Buffer, count: number): readonly Buffer[] {
  const found: Buffer[] = []
  for (let i = 0, at = 0; i < count; i++) {
    const start = answers.indexOf('\r\n\r\n', at) + 4
    at = start + BYTES.length
    found.push(answers.subarray(start, at))
  }
  return found
}

describe('a body that fills the buffers of its reader', () => {
  it.each([6000, 65_536, 262_144, 5_000_000])(
    'is sent as it is, %i bytes at a time',
    async step => {
      const { body, buffers } = filling(step)
      const [found] = bodiesIn(await received([body], { pauses: 5 }), 1)
      expect(found!.equals(BYTES)).toBe(true)
      expect([...buffers]).toEqual([262_144])
    },
  )

  it('has no larger a buffer than it needs', async () => {
    const { body, buffers } = filling(1000)
    await received([body], { length: 20_000 })
    expect([...buffers]).toEqual([20_000])
  })

  it('is sent behind another of its connection', async () => {
    const all = [filling(200_000), filling(70_000), filling(300_000)]
    const answers = await received(
      all.map(({ body }) => body),
      { pauses: 10 },
    )
    for (const found of bodiesIn(answers, all.length)) expect(found.equals(BYTES)).toBe(true)
  })

  it('breaks off the connection where it breaks off', async () => {
    const { body } = filling(100_000, { failAt: 1_000_000 })
    const [found] = bodiesIn(await received([body]).catch(() => Buffer.alloc(0)), 1)
    expect(found!.length).toBeLessThan(BYTES.length)
  })
})

describe('a body that is counted', () => {
  const counting = () => {
    const record = { bytesSent: 0 } as AccessRecord
    const outcomes: string[] = []
    const finish = (outcome: string) => void outcomes.push(outcome)
    return { record, outcomes, counting: { record, finish, isShared: async () => true } }
  }

  it('fills the buffers of its reader, and is on record', async () => {
    const { record, outcomes, counting: each } = counting()
    const { body, buffers } = filling(100_000)
    const [found] = bodiesIn(await received([countedBody(body, each)]), 1)
    expect(found!.equals(BYTES)).toBe(true)
    expect([...buffers]).toEqual([262_144])
    expect([record.bytesSent, outcomes]).toEqual([BYTES.length, ['complete']])
  })

  it('comes to a reader without a buffer', async () => {
    const { record, outcomes, counting: each } = counting()
    const body = countedBody(filling(100_000).body, each)
    const bytes = await new Response(body).arrayBuffer()
    expect(Buffer.from(bytes).equals(BYTES)).toBe(true)
    expect([record.bytesSent, outcomes]).toEqual([BYTES.length, ['complete']])
  })

  it('is passed on where it fills nothing', async () => {
    const { record, outcomes, counting: each } = counting()
    const plain = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(BYTES)
        controller.close()
      },
    })
    const [found] = bodiesIn(await received([countedBody(plain, each)]), 1)
    expect(found!.equals(BYTES)).toBe(true)
    // What made it may hold it still.
    expect(BYTES.length).toBe(3_000_000)
    expect([record.bytesSent, outcomes]).toEqual([BYTES.length, ['complete']])
  })

  it('is on record where it fails, and where nobody takes it', async () => {
    const failed = counting()
    const broken = countedBody(filling(100_000, { failAt: 500_000 }).body, failed.counting)
    await expect(new Response(broken).arrayBuffer()).rejects.toThrowError('the disk has gone')
    expect(failed.outcomes).toEqual(['failed'])
    const left = counting()
    const { body, cancelled } = filling(100_000)
    const reader = countedBody(body, left.counting).getReader({ mode: 'byob' })
    await reader.read(new Uint8Array(1000))
    await reader.cancel()
    expect([left.outcomes, cancelled()]).toEqual([['cancelled'], true])
    expect(left.record.bytesSent).toBe(1000)
  })

  it('breaks off where its file is no longer shared', async () => {
    const { outcomes, counting: each } = counting()
    const { body, cancelled } = filling(1000)
    const reader = countedBody(body, { ...each, isShared: async () => false }).getReader({
      mode: 'byob',
    })
    await reader.read(new Uint8Array(10))
    await new Promise(later => setTimeout(later, 1010))
    await expect(reader.read(new Uint8Array(10))).rejects.toThrowError('no longer shared')
    expect([outcomes, cancelled()]).toEqual([['failed'], true])
  })
})
