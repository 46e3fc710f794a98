import { once } from 'node:events'
import { connect } from 'node:net'
import { deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failure, linesOf, type Running, startServer, TOKEN, tablePath } from './support/serve.js'

// What clients send that is not how PROTOCOL.md spells it: each gets a true answer, and none waits for one.

let running: Running
beforeAll(async () => {
  running = await startServer()
})
afterAll(() => running.close())

async function idsOf(response: Response): Promise<readonly unknown[]> {
  return (await linesOf(response)).flatMap(({ file }) => (file === undefined ? [] : [file.id]))
}

describe('64-bit integers as texts', () => {
  it('are versions and limits like numbers', async () => {
    const asked = await running.query('simple', '{"version":"1","limitHint":"1"}')
    expect(asked.headers.get('delta-table-version')).toBe('1')
    expect(await idsOf(asked)).toHaveLength(1)
    const text = await running.query('optimized', { startingVersion: '0', endingVersion: '3' })
    const number = await running.query('optimized', { startingVersion: 0, endingVersion: 3 })
    expect((await linesOf(text)).length).toBe((await linesOf(number)).length)
  })

  it('are sizes of pages', async () => {
    const lines = await linesOf(await running.query('partitioned', { maxFiles: '2' }))
    expect(lines.filter(({ file }) => file !== undefined)).toHaveLength(2)
  })

  it.each([
    '01',
    '+1',
    '-0',
    '1.0',
    '1e0',
    ' 1',
    '1 ',
    '0x1',
    '',
    '١',
    '1_0',
    '12345678901234567890',
  ])('are refused in another spelling: %j', async version => {
    const answer = await failure(await running.query('simple', { version }))
    expect(answer).toMatchObject({
      status: 400,
      message: expect.stringContaining('version: must be an integer, as a number or'),
    })
  })

  it.each([
    ['version', '-1'],
    ['version', '9223372036854775808'],
    ['maxFiles', '0'],
    ['maxFiles', '3000000000'],
  ])('keep the range of %s: %s', async (member, value) => {
    expect((await running.query('simple', { [member]: value })).status).toBe(400)
  })
})

describe('value types in other words', () => {
  const hint = (op: string, column: object, literal: object) =>
    JSON.stringify({
      op,
      children: [
        { op: 'column', ...column },
        { op: 'literal', ...literal },
      ],
    })

  it.each(['int', 'integer', 'INTEGER', 'bigint', 'long', 'smallint', 'short', 'tinyint', 'byte'])(
    '%s prunes',
    async valueType => {
      const jsonPredicateHints = hint(
        'equal',
        { name: 'id', valueType },
        { value: '15', valueType },
      )
      const answer = await running.query('partitioned', { jsonPredicateHints })
      // The file of ids 10 to 19, and the one without statistics.
      expect(await idsOf(answer)).toHaveLength(2)
    },
  )

  it.each([
    ['a smallint beyond its range', 'smallint', 'smallint', '40000'],
    ['two types', 'integer', 'string', '15'],
    ['an unknown type', 'interval', 'interval', '15'],
    ['no number', 'integer', 'integer', 'fifteen'],
  ])('%s prunes nothing', async (_name, column, literal, value) => {
    const jsonPredicateHints = hint(
      'equal',
      { name: 'id', valueType: column },
      { value, valueType: literal },
    )
    expect(await idsOf(await running.query('partitioned', { jsonPredicateHints }))).toHaveLength(5)
  })
})

describe('slashes too many', () => {
  it.each([
    '/delta-sharing//shares/Lake',
    '//delta-sharing/shares/Lake',
    '/delta-sharing/shares/Lake/',
    '/delta-sharing///shares//Lake//',
    '/delta-sharing/shares/Lake//?x=//',
  ])('%s is the share', async path => {
    const response = await fetch(`${running.origin}${path}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    })
    expect(await response.json()).toMatchObject({ share: { name: 'Lake' } })
  })

  it('reach a query, and no other table', async () => {
    const ask = (path: string) => running.ask(path, { method: 'POST', body: '{}' })
    expect(await idsOf(await ask(`/${tablePath('simple')}//query/`))).toHaveLength(2)
    expect((await ask('/shares/Lake/schemas//tables/simple/query')).status).toBe(404)
    expect((await running.ask('/shares/Lake/schemas/Main/tables/%2F/metadata')).status).toBe(404)
  })
})

describe('long bearer tokens', () => {
  it('are looked up, and known for what they are where they are too long', async () => {
    const ask = async (length: number) =>
      failure(
        await running.ask('/shares', {
          headers: { authorization: `Bearer ${'x'.repeat(length)}` },
        }),
      )
    expect(await ask(8000)).toEqual({
      status: 401,
      errorCode: 'UNAUTHENTICATED',
      message: 'the bearer token is unknown or has expired',
    })
    const pair = await head(
      `GET /delta-sharing/shares HTTP/1.1\r\nAuthorization: Bearer ${'x'.repeat(20_000)}`,
    )
    expect(pair).toMatch(/^HTTP\/1\.1 431 /)
  })
})

describe('encoded bodies', () => {
  const body = Buffer.from(JSON.stringify({ version: 1 }))
  const ask = (bytes: Uint8Array, encoding: string) =>
    running.ask(`${tablePath('simple')}/query`, {
      method: 'POST',
      body: bytes,
      headers: { 'content-encoding': encoding },
    })

  it.each([
    ['gzip', gzipSync(body)],
    ['x-gzip', gzipSync(body)],
    ['GZIP', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['identity', body],
    ['gzip', body],
  ])('are read: %s', async (encoding, bytes) => {
    const response = await ask(bytes, encoding)
    expect([response.status, response.headers.get('delta-table-version')]).toEqual([200, '1'])
    await response.body?.cancel()
  })

  it.each([
    ['br', gzipSync(body), 'send it as it is, or as one of gzip, x-gzip, deflate'],
    ['gzip, gzip', gzipSync(gzipSync(body)), 'send it as it is, or as one of'],
    ['gzip', gzipSync(body).subarray(0, 20), 'is not gzip, as it says'],
    ['gzip', deflateSync(body), 'is not gzip, as it says'],
    ['gzip', gzipSync(Buffer.alloc(256 * 1024 ** 2, 0x20)), 'is larger than'],
  ])('are refused where they cannot be: %s', async (encoding, bytes, reason) => {
    const answer = await failure(await ask(bytes, encoding))
    expect(answer).toMatchObject({ status: 400, message: expect.stringContaining(reason) })
  })
})

describe('clients that wait to be told to send', () => {
  const post = (token: string, expect: string) =>
    `POST /delta-sharing${tablePath('simple')}/query HTTP/1.1\r\nAuthorization: Bearer ${token}\r\nContent-Length: 2\r\nExpect: ${expect}`

  it('are refused at once where nobody wants the body', async () => {
    expect(await head(post('nobody', '100-continue'))).toMatch(/^HTTP\/1\.1 401 /)
  })

  it('are told to go on, and answered', async () => {
    const answer = await head(post(TOKEN, '100-continue'), '{}')
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
  })

  it('are told that nothing else can be expected', async () => {
    expect(await head(post(TOKEN, 'wonders'))).toMatch(/^HTTP\/1\.1 417 /)
  })
})

/** What a raw request is answered until its connection ends; `body` is sent once something has come. */
async function head(request: string, body = ''): Promise<string> {
  const socket = connect(Number(new URL(running.origin).port), '127.0.0.1')
  let received = ''
  socket.on('error', () => undefined)
  socket.on('data', bytes => {
    if (received === '' && body !== '') socket.write(body)
    received += bytes
    if (body === '' || received.includes('{"protocol"')) socket.destroy()
  })
  socket.write(`${request}\r\nHost: x\r\n\r\n`)
  await once(socket, 'close')
  return received
}
