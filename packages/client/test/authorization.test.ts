import { afterEach, describe, expect, it } from 'vitest'
import { clientCredentialsAuthorization } from '../src/authorization.js'
import { startServer, type TestServer } from './server.js'

let server: TestServer
afterEach(() => server.close())

function authorization(now: () => number = Date.now) {
  const secret = { tokenEndpoint: server.url, clientId: 'ü', clientSecret: 's:1', scope: 'all' }
  return clientCredentialsAuthorization(secret, { now })
}

describe('clientCredentialsAuthorization', () => {
  it('asks once for concurrent requests, with the credentials as RFC 6749 says', async () => {
    server = await startServer((_request, response) => {
      response.end('{"access_token":"abc","expires_in":"3600"}')
    })
    const auth = authorization()
    expect(await Promise.all([auth.header(), auth.header()])).toEqual(['Bearer abc', 'Bearer abc'])
    expect(server.requests).toMatchObject([
      {
        body: 'grant_type=client_credentials&scope=all',
        headers: { authorization: `Basic ${Buffer.from('ü:s:1').toString('base64')}` },
      },
    ])
  })

  it('renews when less than ten minutes are left', async () => {
    server = await startServer((_request, response, count) => {
      response.end(`{"access_token":"t${count}","expires_in":3600}`)
    })
    let now = 0
    const auth = authorization(() => now)
    expect(await auth.header()).toBe('Bearer t1')
    now = 3_000_001
    expect(await auth.header()).toBe('Bearer t2')
  })

  it.each([
    ['a refusal', 401, '{}'],
    ['an answer without a token', 200, '{"expires_in":3600}'],
    ['a page of HTML', 200, '<html></html>'],
  ])('turns %s into UNAUTHENTICATED and asks again next time', async (_name, status, body) => {
    server = await startServer((_request, response) => response.writeHead(status).end(body))
    const auth = authorization()
    await expect(auth.header()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(auth.header()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(server.requests).toHaveLength(2)
  })
})
