import { afterEach, describe, expect, it, vi } from 'vitest'
import { bearerAuthorization } from '../../src/http/authorization.js'
import { type HttpOptions, httpSender, readText, type SharingRequest } from '../../src/http/http.js'
import { startServer, type TestServer } from '../support/server.js'

const quick = { retries: 2, baseDelayMs: 1, maxDelayMs: 20 }
let server: TestServer

afterEach(() => server.close())

/** What the server answers to a request, as text. */
function ask(request: Partial<SharingRequest> = {}, options: HttpOptions = {}): Promise<string> {
  const authorization = bearerAuthorization({ bearerToken: 't0ken' })
  const send = httpSender(`${server.url}/sharing/`, authorization, { retry: quick, ...options })
  return send({ method: 'GET', path: '/', ...request }, answer => readText(answer))
}

describe('httpSender', () => {
  it('gives up in time also where the time of day goes back', async () => {
    server = await startServer((_request, response) => response.writeHead(503).end())
    let hours = 0
    const now = Date.now.bind(Date)
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - 3600_000 * hours++)
    const retry = { retries: 40, baseDelayMs: 20, maxDelayMs: 20, giveUpAfterMs: 60 }
    await expect(ask({}, { retry })).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    clock.mockRestore()
    expect(server.requests.length).toBeLessThan(10)
  })

  it('sends the token and the body below the endpoint without doubling its slash', async () => {
    server = await startServer((_request, response) => response.end('ok'))
    expect(await ask({ method: 'POST', path: '/shares/x', body: '{"a":1}' })).toBe('ok')
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
    expect(await ask()).toBe('late')
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
      await expect(ask()).rejects.toMatchObject({
        code,
        message: expect.stringContaining('because of this'),
        context: { errorCode: 'X', status },
      })
      expect(server.requests).toHaveLength(1)
    },
  )

  it.each([501, 505, 511])(
    'does not repeat what is answered %i, whatever it is told to wait',
    async status => {
      server = await startServer((_request, response) => {
        response
          .writeHead(status, { 'retry-after': '0' })
          .end('{"errorCode":"X","message":"because"}')
      })
      await expect(ask()).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        retryable: false,
        message: `the server answered ${status}: because`,
      })
      expect(server.requests).toHaveLength(1)
    },
  )

  it('gives up after its retries and says how many there were', async () => {
    server = await startServer((_request, response) => {
      response.writeHead(502).end('<html><body>Bad   Gateway</body></html>')
    })
    await expect(ask()).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringMatching(/Bad Gateway.*after 3 attempts/),
    })
  })

  it('tries again when the connection is reset before an answer', async () => {
    server = await startServer((request, response, count) => {
      if (count === 1) request.socket.destroy()
      else response.end('ok')
    })
    expect(await ask()).toBe('ok')
  })

  it('tries again when the connection breaks within a body that nobody has seen', async () => {
    server = await startServer((request, response, count) => {
      response.writeHead(200, { 'content-length': '4' })
      if (count < 3) response.write('ha', () => request.socket.destroy())
      else response.end('half')
    })
    expect(await ask()).toBe('half')
  })

  it('waits as long as Retry-After says, in seconds or until a date', async () => {
    const inTwoSeconds = () => new Date(Date.now() + 2000).toUTCString()
    for (const wait of [() => '1', inTwoSeconds]) {
      server = await startServer((_request, response, count) => {
        if (count === 1) response.writeHead(429, { 'retry-after': wait() }).end()
        else response.end('ok')
      })
      const start = Date.now()
      expect(await ask()).toBe('ok')
      // A date is in whole seconds, so it may be up to one nearer than it was written.
      expect(Date.now() - start).toBeGreaterThan(900)
      await server.close()
    }
  })

  it('gives up at once where the server asks to wait longer than it may', async () => {
    server = await startServer((_request, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end('{"message":"slow down"}')
    })
    await expect(ask()).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      message: expect.stringMatching(/slow down.*after 1 attempt, asked to wait 3600 seconds/),
    })
  })

  it('begins no attempt after the time for them is over', async () => {
    server = await startServer((_request, response) => response.writeHead(503).end())
    const retry = { retries: 100, baseDelayMs: 40, maxDelayMs: 40, giveUpAfterMs: 150 }
    await expect(ask({}, { retry })).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(server.requests.length).toBeLessThan(9)
  })

  it('is not hurried by a reader who takes longer than the server may be silent', async () => {
    server = await startServer((_request, response) => {
      response.write('a')
      setTimeout(() => response.end('b'), 10)
    })
    const options = { timeouts: { idleMs: 60 }, retry: { retries: 0 } }
    const send = httpSender(server.url, bearerAuthorization({ bearerToken: 't' }), options)
    const slowly = await send({ method: 'GET', path: '/' }, async ({ body }) => {
      let text = ''
      for await (const chunk of body) {
        await new Promise(resolve => setTimeout(resolve, 150))
        text += Buffer.from(chunk).toString()
      }
      return text
    })
    expect(slowly).toBe('ab')
  })

  it('does not follow a redirect, which would carry the token to another host', async () => {
    const other = await startServer((_request, response) => response.end('taken'))
    server = await startServer((_request, response) => {
      response.writeHead(307, { location: `${other.url}/elsewhere?x=1` }).end()
    })
    await expect(ask({ method: 'POST', body: '{}' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining(`redirects to ${other.url}/elsewhere, where`),
    })
    expect([server.requests.length, other.requests.length]).toEqual([1, 0])
    await other.close()
  })

  it('does not take a mistake of the reader for a broken connection', async () => {
    server = await startServer((_request, response) => response.end('ok'))
    const send = httpSender(server.url, bearerAuthorization({ bearerToken: 't' }))
    const mistaken = async () => {
      throw new TypeError('x is not a function')
    }
    await expect(send({ method: 'GET', path: '/' }, mistaken)).rejects.toThrow(TypeError)
    expect(server.requests).toHaveLength(1)
  })

  it('stops reading an error page that never ends', async () => {
    server = await startServer((_request, response) => {
      response.writeHead(404)
      const more = () => response.write('x'.repeat(10_000), () => setImmediate(more))
      more()
    })
    await expect(ask()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await vi.waitFor(() => expect(server.waiting()).toBe(0))
  })
})
