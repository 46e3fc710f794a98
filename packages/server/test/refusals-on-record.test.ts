import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type AccessRecord, fileDownloads } from '../src/index.js'
import { type Running, startServer, TOKEN, tablePath } from './support/serve.js'

let server: Running
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
beforeEach(() => {
  server.log.length = 0
})

it('a method that is not allowed is on record as a refusal', async () => {
  expect((await server.ask('/shares', { method: 'DELETE' })).status).toBe(405)
  expect(server.log[0]).toMatchObject({
    status: 405,
    outcome: 'failed',
    error: { code: 'INVALID_REQUEST', message: 'only GET is allowed here' },
  })
})

it('a client that goes away within its body is on record as gone', async () => {
  const { hostname, port } = new URL(server.origin)
  const socket = connect(Number(port), hostname).on('error', () => undefined)
  socket.write(
    `POST /delta-sharing${tablePath('simple')}/query HTTP/1.1\r\nHost: x\r\n` +
      `Authorization: Bearer ${TOKEN}\r\nContent-Length: 100\r\n\r\n{`,
  )
  await new Promise(resolve => setTimeout(resolve, 100))
  socket.destroy()
  await expect.poll(() => server.log.length).toBe(1)
  expect(server.log[0]).toMatchObject({
    status: 499,
    outcome: 'cancelled',
    error: { code: 'CANCELLED' },
  })
})

it.each([
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [405, 'INVALID_REQUEST'],
  [503, 'STORAGE_UNAVAILABLE'],
])('a download that is refused with %s is on record as %s', async (status, code) => {
  const log: AccessRecord[] = []
  const headers = { 'spillway-error': 'WORD; why' }
  const gateway = { handle: async () => new Response(null, { status, headers }) }
  const files = fileDownloads({
    gateway,
    catalog: server.shares,
    secrets: ['k'],
    log: record => log.push(record),
  })
  await files.fetch(new Request('http://x/files/y'))
  expect(log[0]).toMatchObject({ status, outcome: 'failed', error: { code, message: 'why' } })
})

it.each([
  ['NaN', '1'],
  ['-1', '1'],
  ['1e9', '1'],
  ['99999999999', '1'],
  ['7', '7'],
  ['Fri, 31 Dec 2027 23:59:59 GMT', 'Fri, 31 Dec 2027 23:59:59 GMT'],
])('a gateway that says to wait %s says what clients can wait for', async (said, told) => {
  const headers = { 'spillway-error': `WORD; ${'x'.repeat(100_000)}`, 'retry-after': said }
  const gateway = { handle: async () => new Response(null, { status: 503, headers }) }
  const files = fileDownloads({ gateway, catalog: server.shares, secrets: ['k'] })
  const answer = await files.fetch(new Request('http://x/files/y'))
  expect(answer.headers.get('retry-after')).toBe(told)
  expect(answer.headers.get('spillway-error')!.length).toBeLessThan(1100)
})
