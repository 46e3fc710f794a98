import { afterEach, describe, expect, it } from 'vitest'
import { bearerAuthorization } from '../src/authorization.js'
import { type HttpOptions, httpSender } from '../src/http.js'
import { startServer, type TestServer } from './server.js'

const quick = { retries: 2, baseDelayMs: 1, maxDelayMs: 20 }
let server: TestServer

afterEach(() => server.close())

function sender(options: HttpOptions = {}) {
  return httpSender(`${server.url}/sharing/`, bearerAuthorization('t0ken'), {
    retry: quick,
    ...options,
  })
}

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of body) parts.push(chunk)
  return Buffer.concat(parts).toString()
}

describe('httpSender', () => {
  it('sends the token and the body below the endpoint without doubling its slash', async () => {
    server = await startServer((_request, response) => response.end('ok'))
    const answer = await sender()({ method: 'POST', path: '/shares/x', body: '{"a":1}' })
    expect(await text(answer.body)).toBe('ok')
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        url: '/sharing/shares/x',
        body: '{"a":1}',
        headers: { authorization: 'Bearer t0ken' },
      },
    ])
  })

  it.each([429, 500, 503])('tries again after %i', async status => {
    server = await startServer((_request, response, count) => {
      if (count < 3) response.writeHead(status, { 'retry-after': '0' }).end()
      else response.end('late')
    })
    const answer = await sender()({ method: 'GET', path: '/shares' })
    expect(await text(answer.body)).toBe('late')
  })

  it.each([
    [400, 'INVALID_REQUEST'],
    [401, 'UNAUTHENTICATED'],
    [403, 'PERMISSION_DENIED'],
    [404, 'NOT_FOUND'],
  ])(
    'does not repeat a request that was answered %i, and passes the words on',
    async (status, code) => {
      server = await startServer((_request, response) => {
        response.writeHead(status).end('{"errorCode":"X","message":"because of this"}')
      })
      await expect(sender()({ method: 'GET', path: '/' })).rejects.toMatchObject({
        code,
        message: expect.stringContaining('because of this'),
        context: { errorCode: 'X', status },
      })
      expect(server.requests).toHaveLength(1)
    },
  )

  it('gives up after its retries and says how many there were', async () => {
    server = await startServer((_request, response) => {
      response.writeHead(502).end('<html><body>Bad   Gateway</body></html>')
    })
    await expect(sender()({ method: 'GET', path: '/' })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringMatching(/Bad Gateway.*after 3 attempts/),
    })
  })

  it('tries again when the connection is reset before an answer', async () => {
    server = await startServer((request, response, count) => {
      if (count === 1) request.socket.destroy()
      else response.end('ok')
    })
    expect(await text((await sender()({ method: 'GET', path: '/' })).body)).toBe('ok')
  })

  it('fails, and never ends early, when the connection breaks within the body', async () => {
    server = await startServer((request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => request.socket.destroy())
    })
    const answer = await sender()({ method: 'GET', path: '/' })
    await expect(text(answer.body)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  it('ends a silence within the body with an error after the time-out', async () => {
    server = await startServer((_request, response) => {
      response.writeHead(200)
      response.write('and then nothing')
    })
    const answer = await sender({ timeoutMs: 50 })({ method: 'GET', path: '/' })
    await expect(text(answer.body)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('silent'),
    })
  })

  it('ends a silence before the answer with an error after the time-outs of its attempts', async () => {
    server = await startServer(() => undefined)
    const send = sender({ timeoutMs: 30 })
    await expect(send({ method: 'GET', path: '/' })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    })
    expect(server.requests).toHaveLength(3)
  })

  it('stops at once when the caller cancels', async () => {
    const stop = new AbortController()
    server = await startServer(() => stop.abort())
    const request = { method: 'GET', path: '/', signal: stop.signal } as const
    await expect(sender()(request)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(server.requests).toHaveLength(1)
  })

  it('does not follow a redirect, which would carry the token to another host', async () => {
    server = await startServer((_request, response) => {
      response.writeHead(302, { location: 'http://127.0.0.1:9/elsewhere' }).end()
    })
    await expect(sender()({ method: 'GET', path: '/' })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    })
  })
})
