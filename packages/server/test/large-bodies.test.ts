import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Running, startServer, TOKEN, tablePath } from './support/serve.js'

const MB = 1024 ** 2

let server: Running
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
beforeEach(() => {
  server.log.length = 0
})

interface Client {
  readonly socket: Socket
  /** Everything received so far. */
  received(): string
  readonly closed: Promise<void>
}

function client(): Promise<Client> {
  const { hostname, port } = new URL(server.origin)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    const chunks: Buffer[] = []
    socket.on('data', chunk => chunks.push(chunk)).once('error', reject)
    const closed = new Promise<void>(done => socket.once('close', () => done()))
    socket.once('connect', () => {
      socket.off('error', reject).on('error', () => undefined)
      resolve({ socket, closed, received: () => Buffer.concat(chunks).toString('latin1') })
    })
  })
}

const head = (method: string, path: string, ...headers: readonly string[]) =>
  [
    `${method} /delta-sharing${path} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${TOKEN}`,
    ...headers,
    '',
    '',
  ].join('\r\n')
const query = (...headers: readonly string[]) =>
  head('POST', `${tablePath('simple')}/query`, ...headers)
const statuses = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)

it('100 MB are refused before they are sent, and the connection ends', async () => {
  const { socket, received, closed } = await client()
  socket.write(query(`Content-Length: ${100 * MB}`))
  // The answer comes although no byte of the body does.
  await expect
    .poll(received, { timeout: 20_000 })
    .toMatch(/^HTTP\/1\.1 400[\s\S]*connection: close[\s\S]*larger than/i)
  socket.end()
  await closed
})

it('a client that sends all of its 100 MB before it reads still reads the refusal', async () => {
  const { socket, received, closed } = await client()
  socket.write(query(`Content-Length: ${100 * MB}`))
  const block = Buffer.alloc(MB, 'x')
  for (let i = 0; i < 100; i++) {
    if (!socket.write(block)) await new Promise(resolve => socket.once('drain', resolve))
  }
  await closed
  expect(statuses(received())).toEqual(['400'])
}, 30_000)

it.each([
  ['of a stated length', `Content-Length: ${5 * MB}`, ''],
  ['in chunks', 'Transfer-Encoding: chunked', `${(3 * MB).toString(16)}\r\n`],
])('no part of a refused body %s is a request', async (_, framing, lead) => {
  const { socket, received, closed } = await client()
  const smuggled = head('GET', '/shares')
  socket.write(query(framing) + lead)
  socket.write(Buffer.alloc(2.5 * MB, 'x'))
  for (let i = 0; i < 20; i++) socket.write(smuggled)
  await expect.poll(received).toMatch(/larger than/)
  socket.end()
  await closed
  expect(statuses(received())).toEqual(['400'])
  expect(server.log.map(({ route }) => route)).toEqual([expect.stringMatching(/query$/)])
})

it('chunks are cut at the limit', async () => {
  const { socket, received } = await client()
  socket.write(query('Transfer-Encoding: chunked'))
  const chunk = Buffer.concat([
    Buffer.from('10000\r\n'),
    Buffer.alloc(65_536, 'x'),
    Buffer.from('\r\n'),
  ])
  for (let i = 0; i < 40; i++) socket.write(chunk)
  await expect.poll(received).toMatch(/^HTTP\/1\.1 400[\s\S]*larger than/)
  socket.destroy()
})

it('after a refusal whose body is short the same connection serves the next request', async () => {
  const { socket, received } = await client()
  const body = 'x'.repeat(1000)
  // Refused before its body is read: nothing lies at this path.
  socket.write(head('POST', '/nowhere', `Content-Length: ${body.length}`) + body)
  socket.write(head('GET', '/shares'))
  await expect.poll(() => statuses(received())).toEqual(['404', '200'])
  socket.destroy()
})

it('a client that asks whether its body is wanted is told no before it sends', async () => {
  const { socket, received } = await client()
  socket.write(query(`Content-Length: ${100 * MB}`, 'Expect: 100-continue'))
  await expect.poll(received).toMatch(/400 Bad Request/)
  socket.destroy()
  const other = await client()
  other.socket.write(query('Content-Length: 2', 'Expect: 100-continue'))
  await expect.poll(other.received).toMatch(/100 Continue/)
  other.socket.write('{}')
  await expect.poll(() => statuses(other.received()).at(-1)).toBe('200')
  other.socket.destroy()
})

it.each(['1e9', '-1', '0x10', '5, 5', ' '])('a length of "%s" is no length', async length => {
  const { socket, received } = await client()
  socket.write(query(`Content-Length: ${length}`))
  socket.write('{}')
  socket.end(head('GET', '/shares'))
  await expect.poll(() => statuses(received())[0]).toBe('400')
  expect(statuses(received())).not.toContain('200')
  socket.destroy()
})
