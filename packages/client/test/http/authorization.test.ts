import { afterEach, describe, expect, it, vi } from 'vitest'
import { bearerAuthorization, renewedAuthorization } from '../../src/http/authorization.js'
import { createSharingClient, parseProfile, profileFromEnvironment } from '../../src/index.js'
import { authorizationOf } from '../../src/profile/profile-authorization.js'
import { startServer, type TestServer } from '../support/server.js'

let server: TestServer
afterEach(() => server?.close())

function profile() {
  return {
    shareCredentialsVersion: 2,
    type: 'oauth_client_credentials',
    endpoint: `${server.url}/api`,
    tokenEndpoint: `${server.url}/token`,
    clientId: 'ü',
    clientSecret: 's:1',
    scope: 'all',
  } as const
}

const quick = { retry: { retries: 1, baseDelayMs: 1 } }

describe('a bearer profile', () => {
  it('is used until it expires', async () => {
    const expirationTime = '2026-01-01T00:00:00.0Z'
    const at = (now: number) =>
      bearerAuthorization({ bearerToken: 't', expirationTime }, () => now).header()
    expect(await at(Date.UTC(2025, 11, 31))).toBe('Bearer t')
    await expect(at(Date.UTC(2026, 0, 1))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringMatching(/expired at 2026-01-01.*ask the provider for a new one/),
    })
  })

  it('is never sent after that', async () => {
    server = await startServer((_request, response) => response.end('{}'))
    const client = createSharingClient({
      shareCredentialsVersion: 1,
      endpoint: server.url,
      bearerToken: 't',
      expirationTime: '2020-01-01T00:00:00Z',
    })
    await expect(client.share('x')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(server.requests).toEqual([])
  })
})

describe('a profile with client credentials', () => {
  it('asks once for concurrent requests, with the credentials as RFC 6749 says', async () => {
    server = await startServer((_request, response) => {
      response.end('{"access_token":"abc","expires_in":"3600"}')
    })
    const auth = authorizationOf(profile(), quick)
    expect(await Promise.all([auth.header(), auth.header()])).toEqual(['Bearer abc', 'Bearer abc'])
    expect(server.requests).toMatchObject([
      {
        url: '/token',
        body: 'grant_type=client_credentials&scope=all',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${Buffer.from('ü:s:1').toString('base64')}`,
        },
      },
    ])
  })

  it('asks for a token for the audience and the resource that the profile names', async () => {
    server = await startServer((_request, response) => {
      response.end('{"access_token":"abc","expires_in":"3600"}')
    })
    const named = { ...profile(), audience: 'https://lake.example/', resource: 'urn:lake' }
    const text = parseProfile(JSON.stringify(named))
    await authorizationOf(text, quick).header()
    const members = profileFromEnvironment({
      SPILLWAY_ENDPOINT: named.endpoint,
      SPILLWAY_TOKEN_ENDPOINT: named.tokenEndpoint,
      SPILLWAY_CLIENT_ID: 'c',
      SPILLWAY_CLIENT_SECRET: 's',
      SPILLWAY_AUDIENCE: 'lake',
    })
    await authorizationOf(members, quick).header()
    expect(server.requests.map(({ body }) => body)).toEqual([
      'grant_type=client_credentials&scope=all&audience=https%3A%2F%2Flake.example%2F&resource=urn%3Alake',
      'grant_type=client_credentials&audience=lake',
    ])
  })

  it.each([
    ['less than ten minutes', 3_600_000, 3_000_001],
    ['half its life, where that is short,', 60_000, 30_001],
  ])('renews a token when %s is left', async (_name, lifetimeMs, later) => {
    let now = 0
    let calls = 0
    const request = async () => ({ token: `t${++calls}`, lifetimeMs })
    const auth = renewedAuthorization(request, () => now)
    expect([await auth.header(), await auth.header()]).toEqual(['Bearer t1', 'Bearer t1'])
    now = later
    expect(await auth.header()).toBe('Bearer t2')
  })

  it('asks for another token once where the server refuses one before its time', async () => {
    let tokens = 0
    server = await startServer((request, response) => {
      if (request.url === '/token') {
        response.end(`{"access_token":"t${++tokens}","expires_in":3600}`)
      } else if (request.headers.authorization === 'Bearer t2') {
        response.end('{"items":[{"name":"lake"}]}')
      } else response.writeHead(401).end('{"message":"revoked"}')
    })
    const names: string[] = []
    for await (const { name } of createSharingClient(profile(), quick).shares()) names.push(name)
    expect(names).toEqual(['lake'])
    expect(server.requests.map(request => request.url)).toEqual([
      '/token',
      '/api/shares',
      '/token',
      '/api/shares',
    ])
  })

  it('fails with the words of the server where it refuses every token', async () => {
    server = await startServer((request, response) => {
      if (request.url === '/token') response.end('{"access_token":"t","expires_in":3600}')
      else response.writeHead(401).end('{"message":"who are you"}')
    })
    await expect(createSharingClient(profile(), quick).share('x')).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('who are you'),
    })
    expect(server.requests).toHaveLength(4)
  })

  it.each([
    [
      'a refusal',
      400,
      '{"error":"invalid_client","error_description":"no such client"}',
      /no such/,
    ],
    ['an answer without a token', 200, '{"expires_in":3600}', /found expires_in/],
    ['a page of HTML', 200, '<html></html>', /found neither/],
  ])(
    'turns %s into UNAUTHENTICATED and asks again next time',
    async (_name, status, body, words) => {
      server = await startServer((_request, response) => response.writeHead(status).end(body))
      const auth = authorizationOf(profile(), quick)
      const refused = { code: 'UNAUTHENTICATED', message: expect.stringMatching(words) }
      await expect(auth.header()).rejects.toMatchObject(refused)
      await expect(auth.header()).rejects.toMatchObject(refused)
      expect(server.requests).toHaveLength(2)
    },
  )

  it('tries the token endpoint again after a 503', async () => {
    server = await startServer((_request, response, count) => {
      if (count === 1) response.writeHead(503).end()
      else response.end('{"access_token":"abc","expires_in":3600}')
    })
    expect(await authorizationOf(profile(), quick).header()).toBe('Bearer abc')
  })

  it('does not follow the token endpoint elsewhere with the secret', async () => {
    const other = await startServer((_request, response) => response.end())
    server = await startServer((_request, response) => {
      response.writeHead(308, { location: other.url }).end()
    })
    await expect(authorizationOf(profile(), quick).header()).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('redirects to'),
    })
    expect(other.requests).toEqual([])
    await other.close()
  })

  it('ends a silence of the token endpoint within the time-out', async () => {
    server = await startServer(() => undefined)
    const options = { retry: { retries: 0 }, timeouts: { connectMs: 40 } }
    await expect(authorizationOf(profile(), options).header()).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('silent'),
    })
  })

  it('lets one request be cancelled without the others that wait for the same token', async () => {
    const stop = new AbortController()
    server = await startServer((_request, response) => {
      stop.abort()
      setTimeout(() => response.end('{"access_token":"abc","expires_in":3600}'), 30)
    })
    const auth = authorizationOf(profile(), quick)
    const cancelled = auth.header(stop.signal)
    const patient = auth.header(new AbortController().signal)
    await expect(cancelled).rejects.toBeDefined()
    expect(await patient).toBe('Bearer abc')
  })

  it('lets go of the token endpoint when nobody waits any more', async () => {
    const stop = new AbortController()
    server = await startServer(() => stop.abort())
    const client = createSharingClient(profile(), quick)
    await expect(client.share('x', stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    await vi.waitFor(() => expect(server.waiting()).toBe(0))
  })
})
