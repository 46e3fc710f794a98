import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failure, OTHER_TOKEN, type Running, startServer } from '../support/serve.js'

let server: Running
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

async function list(path: string) {
  const response = await server.ask(path)
  expect(response.status).toBe(200)
  return (await response.json()) as {
    readonly items?: readonly { readonly name: string; readonly [key: string]: unknown }[]
    readonly nextPageToken?: string
  }
}

describe('who asks', () => {
  it.each([
    ['no token', {}],
    ['a wrong token', as('wrong')],
    ['another scheme', { headers: { authorization: 'Basic YTpi' } }],
    ['an empty token', { headers: { authorization: 'Bearer ' } }],
    ['a token of 10,000 characters', as('x'.repeat(10_000))],
  ])('1: %s is a 401 in JSON that says how to authenticate', async (_, init) => {
    const response = await fetch(`${server.origin}/delta-sharing/shares`, init)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /)
    expect(await failure(response)).toMatchObject({ status: 401, errorCode: 'UNAUTHENTICATED' })
  })

  it('2: an expired token is a 401, a superseded one works until its grace ends', async () => {
    expect((await server.ask('/shares', as('an-expired-token'))).status).toBe(401)
    expect((await server.ask('/shares', as('superseded'))).status).toBe(200)
    server.time.now = Date.UTC(2101, 0, 1)
    expect((await server.ask('/shares', as('superseded'))).status).toBe(401)
    server.time.now = Date.now()
  })

  it('takes the scheme in any case', async () => {
    const init = { headers: { authorization: 'bearer token-of-acme' } }
    expect((await server.ask('/shares', init)).status).toBe(200)
  })
})

describe('shares', () => {
  it('3: lists the granted shares only, in a stable order, as one compact line of JSON', async () => {
    const response = await server.ask('/shares')
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const text = await response.text()
    expect(text).not.toContain('\n')
    expect(JSON.parse(text)).toEqual({
      items: [
        { name: 'Lake', id: expect.any(String), comment: 'demo' },
        { name: 'other', id: expect.any(String) },
        { name: 'third', id: expect.any(String) },
      ],
    })
  })

  it('3: a recipient without grants sees an empty list', async () => {
    const response = await server.ask('/shares', as('token-of-nobody'))
    expect(await response.json()).toEqual({ items: [] })
  })

  it('4: pages of one visit every share once, and the last has no token', async () => {
    const names: string[] = []
    let token: string | undefined
    do {
      const page = await list(`/shares?maxResults=1${token ? `&pageToken=${token}` : ''}`)
      names.push(...(page.items ?? []).map(share => share.name))
      token = page.nextPageToken
    } while (token !== undefined)
    expect(names).toEqual(['Lake', 'other', 'third'])
  })

  it('5: a page of nothing has a token that starts from the beginning', async () => {
    const page = await list('/shares?maxResults=0')
    expect(page.items).toEqual([])
    const next = await list(`/shares?pageToken=${page.nextPageToken}`)
    expect(next.items).toHaveLength(3)
  })

  it.each(['-1', 'string', '1.5', '3000000000', ''])('6: maxResults=%s is a 400', async given => {
    const response = await server.ask(`/shares?maxResults=${given}`)
    expect(await failure(response)).toMatchObject({
      status: 400,
      errorCode: 'INVALID_PARAMETER_VALUE',
    })
  })

  it('6: more than the server’s own limit is capped', async () => {
    expect((await list('/shares?maxResults=100000')).items).toHaveLength(3)
  })

  it.each([':', 'bm90IGEgdG9rZW4', 'x'.repeat(9000)])(
    '7: the page token %.20s is a 400',
    async token => {
      const response = await server.ask(`/shares?pageToken=${encodeURIComponent(token)}`)
      expect(await failure(response)).toMatchObject({ status: 400 })
    },
  )

  it('7: a token of one list does not open another, nor for another recipient', async () => {
    const { nextPageToken } = await list('/shares?maxResults=1')
    for (const path of ['/shares/Lake/schemas', '/shares/Lake/all-tables']) {
      expect((await server.ask(`${path}?pageToken=${nextPageToken}`)).status).toBe(400)
    }
    const other = await server.ask(`/shares?pageToken=${nextPageToken}`, as(OTHER_TOKEN))
    expect(other.status).toBe(400)
    const tables = await list('/shares/Lake/schemas/Main/tables?maxResults=1')
    const elsewhere = `/shares/Lake/schemas/guarded/tables?pageToken=${tables.nextPageToken}`
    expect((await server.ask(elsewhere)).status).toBe(400)
  })

  it('8: gets a share wrapped, by its name in any case', async () => {
    const answers = await Promise.all(
      ['Lake', 'lake', 'LAKE'].map(async name => (await server.ask(`/shares/${name}`)).text()),
    )
    expect(JSON.parse(answers[0]!)).toMatchObject({ share: { name: 'Lake' } })
    expect(new Set(answers).size).toBe(1)
  })
})

describe('9: an unknown and an ungranted share are told apart by nobody', () => {
  const routes: readonly [string, string][] = [
    ['GET', ''],
    ['GET', '/schemas'],
    ['GET', '/all-tables'],
    ['GET', '/schemas/x/tables'],
    ['GET', '/schemas/x/tables/y'],
    ['GET', '/schemas/x/tables/y/version'],
    ['GET', '/schemas/x/tables/y/metadata'],
    ['GET', '/schemas/x/tables/y/changes?startingVersion=0'],
    ['POST', '/schemas/x/tables/y/query'],
  ]
  it.each(routes)('%s /shares/…%s', async (method, route) => {
    const answers = []
    for (const share of ['missing', 'nobodys', 'other']) {
      const init = { ...as(OTHER_TOKEN), method, ...(method === 'POST' && { body: '{}' }) }
      const answer = await failure(await server.ask(`/shares/${share}${route}`, init))
      answers.push({ ...answer, message: answer.message.replaceAll(share, 'S') })
    }
    expect(answers[0]).toMatchObject({ status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST' })
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
  })
})

describe('schemas and tables', () => {
  it('10: lists schemas by name and share, and none for an empty share', async () => {
    expect((await list('/shares/lake/schemas')).items).toEqual([
      { name: 'bare', share: 'Lake' },
      { name: 'guarded', share: 'Lake' },
      { name: 'Main', share: 'Lake' },
    ])
    expect((await list('/shares/third/schemas')).items).toEqual([])
  })

  it('11: lists tables with all their names and ids', async () => {
    const { items } = await list('/shares/lake/schemas/guarded/tables')
    expect(items?.map(table => table.name)).toEqual(['gone', 'limited', 'started'])
    expect(items?.[1]).toEqual({
      name: 'limited',
      schema: 'guarded',
      share: 'Lake',
      shareId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect((await list('/shares/lake/schemas/bare/tables')).items).toEqual([])
  })

  it('11: an unknown schema is a 404', async () => {
    expect((await server.ask('/shares/lake/schemas/missing/tables')).status).toBe(404)
  })

  it('12: all tables of a share, page by page across its schemas', async () => {
    const whole = (await list('/shares/lake/all-tables')).items?.map(
      ({ schema, name }) => `${schema}.${name}`,
    )
    expect(whole).toHaveLength(12)
    const paged: string[] = []
    let token: string | undefined
    do {
      const page = await list(
        `/shares/lake/all-tables?maxResults=5${token ? `&pageToken=${token}` : ''}`,
      )
      paged.push(...(page.items ?? []).map(({ schema, name }) => `${schema}.${name}`))
      token = page.nextPageToken
    } while (token !== undefined)
    expect(paged).toEqual(whole)
  })

  it('14: names are in any case on every route', async () => {
    const path = '/shares/LAKE/schemas/MAIN/tables/SIMPLE'
    expect((await server.ask(`${path}/version`)).status).toBe(200)
    expect((await server.ask(`${path}/metadata`)).status).toBe(200)
    expect((await server.ask(`${path}/query`, { method: 'POST' })).status).toBe(200)
    expect((await server.ask(`${path}/changes?startingVersion=9`)).status).toBe(400)
    expect((await list('/shares/LAKE/schemas/GUARDED/tables')).items).toHaveLength(3)
  })

  it('81: gets a table unwrapped, with the API sets it can be read with', async () => {
    const response = await server.ask('/shares/lake/schemas/main/tables/simple')
    expect(await response.json()).toEqual({
      name: 'simple',
      schema: 'Main',
      share: 'Lake',
      shareId: expect.any(String),
      id: expect.any(String),
      format: 'delta',
    })
  })
})

describe('what is not a route', () => {
  it.each([
    '/',
    '/shares//schemas',
    '/nothing',
    '/shares/a/b/c',
    '/shares/Lake/schemas/Main/tables//metadata',
  ])('GET %s is a 404 in JSON', async path => {
    expect(await failure(await server.ask(path))).toMatchObject({
      status: 404,
      errorCode: 'RESOURCE_DOES_NOT_EXIST',
    })
  })

  it.each([
    ['POST', '/shares', 'GET'],
    ['DELETE', '/shares/Lake', 'GET'],
    ['GET', '/shares/Lake/schemas/Main/tables/simple/query', 'POST'],
    ['PUT', '/shares/Lake/schemas/Main/tables/simple', 'GET, HEAD'],
  ])('%s %s is a 405 that names what is allowed', async (method, path, allowed) => {
    const response = await server.ask(path, { method })
    expect(response.headers.get('allow')).toBe(allowed)
    expect(await failure(response)).toMatchObject({ status: 405, errorCode: 'METHOD_NOT_ALLOWED' })
  })

  it('outside its prefix there is nothing', async () => {
    const response = await fetch(`${server.origin}/elsewhere/shares`, as('token-of-acme'))
    expect(response.status).toBe(404)
  })
})
