import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { add, ID, metaData, protocol } from './support/lake.js'
import { failure, linesOf, OTHER_TOKEN, type Running, startServer } from './support/serve.js'

let server: Running
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const DELTA = {
  'delta-sharing-capabilities': 'responseformat=delta;readerfeatures=deletionvectors,columnmapping',
}

interface End {
  readonly nextPageToken?: string
  readonly refreshToken?: string
  readonly minUrlExpirationTimestamp?: number
}

async function page(table: string, body: object, headers = {}) {
  const response = await server.query(table, body, headers)
  const version = response.headers.get('delta-table-version')
  const text = await response.clone().text()
  const lines = await linesOf(response)
  return {
    version,
    head: text.split('\n').slice(0, 2).join('\n'),
    ids: lines.filter(line => line.file).map(line => String(line.file?.id)),
    end: lines.at(-1)?.endStreamAction as End | undefined,
    lines,
  }
}

async function pages(table: string, body: object, headers = {}) {
  const all = []
  let pageToken: string | undefined
  do {
    const next = await page(table, { ...body, ...(pageToken && { pageToken }) }, headers)
    all.push(next)
    pageToken = next.end?.nextPageToken
  } while (pageToken !== undefined)
  return all
}

describe('52, 53: refresh tokens', () => {
  it('52: give the same files of the same version', async () => {
    const first = await page('optimized', { includeRefreshToken: true })
    const refreshed = await page('optimized', { refreshToken: first.end?.refreshToken })
    expect(refreshed.ids).toEqual(first.ids)
    expect(refreshed.version).toBe(first.version)
    expect(refreshed.head).toBe(first.head)
  })

  it('53: are refused where they do not belong', async () => {
    const { end } = await page('simple', { includeRefreshToken: true })
    const token = end?.refreshToken
    const refusals: readonly [string, object, Record<string, string>?][] = [
      ['simple', { refreshToken: 'garbage' }],
      ['partitioned', { refreshToken: token }],
      ['simple', { refreshToken: token }, { authorization: `Bearer ${OTHER_TOKEN}` }],
      ['simple', { refreshToken: token, version: 1 }],
      ['simple', { refreshToken: token, pageToken: 'x' }],
      ['simple', { includeRefreshToken: true, version: 1 }],
      ['simple', { includeRefreshToken: true, pageToken: 'x' }],
      ['simple', { includeRefreshToken: true, startingVersion: 0 }],
    ]
    for (const [table, body, headers] of refusals) {
      const answer = await failure(await server.query(table, body, headers))
      expect([JSON.stringify(body), answer.status]).toEqual([JSON.stringify(body), 400])
    }
  })

  it('53: expire', async () => {
    const { end } = await page('simple', { includeRefreshToken: true })
    server.time.now += 24 * 3600_000
    const answer = await failure(await server.query('simple', { refreshToken: end?.refreshToken }))
    server.time.now = Date.now()
    expect(answer).toMatchObject({ status: 400, message: expect.stringMatching(/expired/) })
  })
})

describe('54-56: pages of a query', () => {
  it('54: repeat protocol and metadata byte for byte, and together are the whole', async () => {
    const whole = await page('simple', {})
    const paged = await pages('simple', { maxFiles: 1 })
    expect(paged.map(({ lines }) => lines.length)).toEqual([4, 4])
    expect(new Set([whole.head, ...paged.map(({ head }) => head)]).size).toBe(1)
    expect(new Set(paged.map(({ version }) => version))).toEqual(new Set(['2']))
    expect(paged.flatMap(({ ids }) => ids).sort()).toEqual([...whole.ids].sort())
    expect(paged.at(-1)?.end).not.toHaveProperty('nextPageToken')
  })

  it('54: work with hints, in delta format, with vectors and mapped columns', async () => {
    for (const table of ['vectors', 'mapped']) {
      const whole = await page(table, {}, DELTA)
      const paged = await pages(table, { maxFiles: 1 }, DELTA)
      expect(paged).toHaveLength(2)
      expect(paged.flatMap(({ ids }) => ids).sort()).toEqual([...whole.ids].sort())
    }
    const hinted = await pages('partitioned', { maxFiles: 2, predicateHints: ['id >= 10'] })
    expect(hinted.flatMap(({ ids }) => ids)).toHaveLength(4)
  })

  it('54: may differ in size', async () => {
    const first = await page('changing', { maxFiles: 1 })
    const body = { maxFiles: 100, pageToken: first.end?.nextPageToken }
    const rest = await page('changing', body)
    const whole = await page('changing', {})
    expect([...first.ids, ...rest.ids].sort()).toEqual([...whole.ids].sort())
  })

  it('55: are refused with a token that is not theirs', async () => {
    const { end } = await page('partitioned', { maxFiles: 1, predicateHints: ['id >= 0'] })
    const pageToken = end?.nextPageToken
    const body = { maxFiles: 1, predicateHints: ['id >= 0'], pageToken }
    expect((await server.query('partitioned', body)).status).toBe(200)
    expect((await server.query('partitioned', { ...body, maxFiles: 2 })).status).toBe(200)
    const refusals: readonly [string, object, Record<string, string>?][] = [
      ['partitioned', { ...body, pageToken: 'garbage' }],
      ['partitioned', { ...body, pageToken: `${pageToken}x` }],
      ['partitioned', { ...body, predicateHints: ['id >= 1'] }],
      ['partitioned', { ...body, limitHint: 1 }],
      ['partitioned', { ...body, version: 1 }],
      ['simple', body],
      ['partitioned', body, DELTA],
      ['partitioned', body, { authorization: `Bearer ${OTHER_TOKEN}` }],
    ]
    for (const [table, changed, headers] of refusals) {
      const { status } = await server.query(table, changed, headers)
      expect([table, JSON.stringify(changed), status]).toEqual([
        table,
        JSON.stringify(changed),
        400,
      ])
    }
    server.time.now += 4 * 24 * 3600_000
    expect(await failure(await server.query('partitioned', body))).toMatchObject({
      status: 400,
      message: expect.stringMatching(/expired/),
    })
    server.time.now = Date.now()
  })

  it.each([0, -1, 3_000_000_000, '"two"'])('56: maxFiles %s is a 400', async maxFiles => {
    const response = await server.query('simple', `{"maxFiles":${maxFiles}}`)
    expect((await failure(response)).status).toBe(400)
  })
})

it('52, 55: tokens pin their version against later commits', async () => {
  const own = await startServer()
  const table = own.lake.table('late')
  table.commit(protocol, metaData([ID]), add('a'), add('b'))
  own.shares.replace({
    ...own.config,
    shares: [
      {
        name: 'Lake',
        schemas: [{ name: 'Main', tables: [{ name: 'late', location: table.location }] }],
      },
      { name: 'other' },
      { name: 'third' },
    ],
  })
  const ask = async (body: object) => {
    const response = await own.query('late', body)
    return { version: response.headers.get('delta-table-version'), lines: await linesOf(response) }
  }
  const first = await ask({ maxFiles: 1, includeRefreshToken: true })
  const end = first.lines.at(-1)?.endStreamAction as End
  table.commit(add('c'))
  expect((await ask({})).lines).toHaveLength(5)
  const second = await ask({ maxFiles: 9, pageToken: end.nextPageToken })
  expect([second.version, second.lines.length]).toEqual(['0', 4])
  const refreshed = await ask({ refreshToken: end.refreshToken })
  expect([refreshed.version, refreshed.lines.length]).toEqual(['0', 4])
  await own.close()
})
