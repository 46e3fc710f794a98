import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cut, cutting } from './support/cutting.js'
import { type Running, startServer, TOKEN, tablePath } from './support/serve.js'

let server: Running
beforeAll(async () => {
  server = await startServer({ wrapEngine: cutting })
})
afterAll(() => server.close())

/** Both requests on one connection, the second sent behind the first; every byte that came back until it was closed. */
function twoRequests(headers: readonly string[]): Promise<Buffer> {
  const { hostname, port } = new URL(server.origin)
  const one = (path: string, method: string, body: string, more: readonly string[] = []) =>
    [
      `${method} /delta-sharing${path} HTTP/1.1`,
      'Host: localhost',
      `Authorization: Bearer ${TOKEN}`,
      `Content-Length: ${body.length}`,
      ...headers,
      ...more,
      '',
      body,
    ].join('\r\n')
  return new Promise((resolve, reject) => {
    const received: Buffer[] = []
    const socket = connect(Number(port), hostname, () => {
      socket.write(one(`${tablePath('partitioned')}/query`, 'POST', '{}'))
      socket.write(one('/shares', 'GET', '', ['Connection: close']))
    })
    socket.on('data', bytes => received.push(bytes))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(received)))
  })
}

/** The chunks of the first answer's body (RFC 9112, 7.1), and whether the last chunk came. */
function firstBody(bytes: Buffer): { body: Buffer; ended: boolean; rest: Buffer } {
  let at = bytes.indexOf('\r\n\r\n') + 4
  const chunks: Buffer[] = []
  for (;;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return { body: Buffer.concat(chunks), ended: false, rest: Buffer.alloc(0) }
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (size === 0) {
      return { body: Buffer.concat(chunks), ended: true, rest: bytes.subarray(line + 4) }
    }
    chunks.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}

describe('on a connection that is kept alive', () => {
  it.each([1, 2, 3, 4, 5])(
    'an answer cut after %i lines never ends, and takes the connection with it',
    async after => {
      cut.after = after
      for (const headers of [[], ['Accept-Encoding: gzip']]) {
        const bytes = await twoRequests(headers)
        expect(bytes.toString('latin1', 0, 15)).toBe('HTTP/1.1 200 OK')
        const { body, ended, rest } = firstBody(bytes)
        expect([headers, ended, rest.length]).toEqual([headers, false, 0])
        // Nor does the compressed body: its trailer is missing.
        if (headers.length > 0) expect(() => gunzipSync(body)).toThrow()
        else expect(body.toString().split('\n').length).toBeLessThanOrEqual(2 + after + 1)
      }
    },
  )

  it('an answer that is whole ends, and the next one follows', async () => {
    cut.after = Number.POSITIVE_INFINITY
    const { body, ended, rest } = firstBody(await twoRequests([]))
    expect(ended).toBe(true)
    expect(body.toString().trimEnd().split('\n')).toHaveLength(2 + 5)
    expect(rest.toString('latin1', 0, 15)).toBe('HTTP/1.1 200 OK')
  })

  it('an answer with an end of its own ends with the fault, and the next one follows', async () => {
    cut.after = 3
    const header = 'delta-sharing-capabilities: includeendstreamaction=true'
    const { body, ended, rest } = firstBody(await twoRequests([header]))
    expect(ended).toBe(true)
    expect(body.toString().trimEnd().split('\n').at(-1)).toContain('errorMessage')
    expect(rest.toString('latin1', 0, 15)).toBe('HTTP/1.1 200 OK')
  })
})
