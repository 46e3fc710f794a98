import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { httpLimits, limitConnections } from '../../src/serve/connection-limits.js'

const LIMITS = { connections: 6, connectionsPerAddress: 3, headerSeconds: 1, requestSeconds: 1 }

let server: Server
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

async function start(more: Partial<typeof LIMITS> = {}, trustedProxies: readonly string[] = []) {
  const limits = { ...LIMITS, ...more }
  server = createServer(httpLimits(limits), (_, response) => response.end('ok'))
  limitConnections(server, { ...limits, trustedProxies })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
}

/** Sends `text`; what came back once the other side has closed, or so far. */
function open(text: string) {
  const { port } = server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  sockets.push(socket)
  let received = ''
  socket.on('data', chunk => {
    received += String(chunk)
  })
  socket.write(text)
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  return { socket, closed, received: () => received }
}

const WHOLE = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

it.each([
  ['a head', 'GET / HTTP/1.1\r\nHost: x\r\n'],
  ['nothing', ''],
  ['a body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc'],
])(
  'a client that goes on sending %s for ever is let go',
  async (_, text) => {
    await start()
    const { closed, socket } = open(text)
    const drip = setInterval(
      () => socket.write(text.includes('POST') ? 'd' : text === '' ? '' : 'x'),
      5000,
    )
    await closed
    clearInterval(drip)
  },
  10_000,
)

it('an address has no more connections than its share, and gets them back', async () => {
  await start()
  const held = [open(WHOLE), open(WHOLE), open(WHOLE)]
  await expect.poll(() => held.every(({ received }) => received().includes('200 OK'))).toBe(true)
  const refused = open(WHOLE)
  await refused.closed
  expect(refused.received()).toBe('')
  held[0]!.socket.destroy()
  await held[0]!.closed
  await expect.poll(() => answerOf(open(WHOLE))).toMatch(/200 OK/)
})

/** What comes first of an answer; nothing where the connection is closed without one. */
async function answerOf({ received, closed }: ReturnType<typeof open>): Promise<string> {
  let isClosed = false
  const ended = closed.then(() => {
    isClosed = true
  })
  while (received() === '' && !isClosed) {
    await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 20))])
  }
  return received()
}

it('a proxy that is trusted is as many as it speaks for', async () => {
  await start({}, ['127.0.0.1'])
  const held = Array.from({ length: 6 }, () => open(WHOLE))
  await expect.poll(() => held.every(({ received }) => received().includes('200 OK'))).toBe(true)
  const refused = open(WHOLE)
  await refused.closed
  expect(refused.received()).toBe('')
})

it('a head that is longer than any is refused', async () => {
  await start()
  const { received } = open(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`)
  await expect.poll(received).toMatch(/^HTTP\/1\.1 431/)
})
