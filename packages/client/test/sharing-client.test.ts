import { afterEach, describe, expect, it } from 'vitest'
import { createSharingClient, parseTableName, type TableAnswer } from '../src/index.js'
import { startServer, type TestServer } from './support/server.js'

let server: TestServer
afterEach(() => server.close())

const table = parseTableName('lake.eu.sales.orders')
const header = [
  '{"protocol":{"minReaderVersion":1}}',
  '{"metaData":{"id":"m","format":{"provider":"parquet"},"schemaString":"{}","partitionColumns":[]}}',
]

function file(id: string, size: number | string = 1): string {
  return `{"file":{"url":"https://h/${id}","id":"${id}","partitionValues":{},"size":${size}}}`
}

function client() {
  const profile = { shareCredentialsVersion: 1, endpoint: server.url, bearerToken: 't' } as const
  return createSharingClient(profile, { retry: { retries: 0 }, poll: { intervalMs: 1 } })
}

type Answer = { readonly lines: readonly string[]; readonly headers?: Record<string, string> }

async function answering(answer: (count: number) => Answer) {
  server = await startServer((_request, response, count) => {
    const { lines, headers = {} } = answer(count)
    response.writeHead(200, { 'delta-table-version': '3', ...headers })
    response.end(`${lines.join('\n')}\n`)
  })
}

async function idsOf(answer: TableAnswer): Promise<string[]> {
  const ids: string[] = []
  for await (const action of answer.actions) if ('file' in action) ids.push(action.file.id)
  return ids
}

describe('lists', () => {
  it('follow pages, and take an empty token for the end', async () => {
    await answering(count => ({
      lines: [`{"items":[{"name":"s${count}"}],"nextPageToken":"${count === 1 ? 'a+b' : ''}"}`],
    }))
    const names: string[] = []
    for await (const share of client().shares()) names.push(share.name)
    expect(names).toEqual(['s1', 's2'])
    expect(server.requests.map(request => request.url)).toEqual([
      '/shares',
      '/shares?pageToken=a%2Bb',
    ])
  })

  it('end with an error when the server repeats a page', async () => {
    await answering(() => ({ lines: ['{"items":[],"nextPageToken":"again"}'] }))
    await expect(client().shares()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      message: expect.stringContaining('same page'),
    })
  })

  it.each([
    ['a page of HTML', '<html>login</html>'],
    ['an array', '[]'],
    ['an item without a name', '{"items":[{}]}'],
  ])('end with an error on %s', async (_name, body) => {
    await answering(() => ({ lines: [body] }))
    await expect(client().shares()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
  })
})

describe('queries', () => {
  it('keep every digit of 64-bit integers in both directions', async () => {
    await answering(() => ({
      lines: [...header, file('a', '9007199254740993')],
      headers: { 'delta-table-version': '9007199254740993' },
    }))
    const answer = await client().query(table, { version: 9007199254740993n })
    const actions: unknown[] = []
    for await (const action of answer.actions) actions.push(action)
    expect(actions).toMatchObject([{ kind: 'file', file: { size: 9007199254740993n } }])
    expect(server.requests[0]).toMatchObject({
      url: '/shares/lake.eu/schemas/sales/tables/orders/query',
      body: '{"version":9007199254740993}',
    })
  })

  it('follow pages of one version and keep the refresh token and the earliest expiry', async () => {
    await answering(count => ({
      lines: [
        ...header,
        file(`f${count}`),
        count === 1
          ? '{"endStreamAction":{"refreshToken":"r","nextPageToken":"p","minUrlExpirationTimestamp":20}}'
          : '{"endStreamAction":{"minUrlExpirationTimestamp":10}}',
      ],
    }))
    const answer = await client().query(table, { maxFiles: 1, includeRefreshToken: true })
    expect(await idsOf(answer)).toEqual(['f1', 'f2'])
    expect([answer.refreshToken(), answer.minUrlExpiration()]).toEqual(['r', 10])
    expect(server.requests[1]!.body).toBe('{"maxFiles":1,"pageToken":"p"}')
  })

  it('refuse a page of another version', async () => {
    await answering(count => ({
      lines: [...header, '{"endStreamAction":{"nextPageToken":"p"}}'],
      headers: { 'delta-table-version': String(count) },
    }))
    await expect(idsOf(await client().query(table))).rejects.toMatchObject({
      message: expect.stringContaining('version 2 follows one of version 1'),
    })
  })

  it('refuse a page of another schema, whatever its version says', async () => {
    await answering(count => ({
      lines: [
        header[0]!,
        count === 1 ? header[1]! : header[1]!.replace('"{}"', '"{ }"'),
        file(`f${count}`),
        '{"endStreamAction":{"nextPageToken":"p"}}',
      ],
    }))
    await expect(idsOf(await client().query(table))).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringContaining('another table or schema follows'),
    })
  })

  it('say where an answer came from that cannot be used', async () => {
    await answering(() => ({ lines: [...header, '{"file":{}}'] }))
    await expect(idsOf(await client().query(table))).rejects.toMatchObject({
      context: { line: 3, url: expect.stringContaining('/tables/orders/query') },
    })
  })

  it('fail when the answer stops without the end its header promises', async () => {
    const headers = {
      'delta-sharing-capabilities': 'responseformat=parquet;includeendstreamaction=true',
    }
    await answering(() => ({ lines: [...header, file('a')], headers }))
    await expect(idsOf(await client().query(table))).rejects.toMatchObject({
      message: expect.stringContaining('stops without the end'),
    })
  })

  it.each([
    [503, true],
    [501, false],
  ])(
    'fail with the words of an error that came after the first byte: %i',
    async (status, retryable) => {
      await answering(() => ({
        lines: [
          ...header,
          file('a'),
          `{"endStreamAction":{"errorMessage":"store is gone","httpStatusErrorCode":${status}}}`,
        ],
      }))
      await expect(idsOf(await client().query(table))).rejects.toMatchObject({
        message: expect.stringContaining('store is gone'),
        retryable,
      })
    },
  )

  it.each([
    ['an empty answer', []],
    ['an answer without metadata', header.slice(0, 1)],
    ['a file before the header', [file('a')]],
  ])('fail on %s', async (_name, lines) => {
    await answering(() => ({ lines }))
    await expect(client().query(table)).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })

  it('poll an asynchronous query until it has an answer', async () => {
    await answering(count => ({
      lines:
        count < 3
          ? ['{"queryStatus":{"queryId":"q/1","status":"pending"}}']
          : [...header, file('a')],
    }))
    expect(await idsOf(await client().query(table, { idempotencyKey: 'k' }))).toEqual(['a'])
    expect(server.requests.map(request => request.url.split('/').slice(-2).join('/'))).toEqual([
      'orders/query',
      'queries/q%2F1',
      'queries/q%2F1',
    ])
  })
})

describe('versions and metadata', () => {
  it('asks for the first version at or after a time', async () => {
    await answering(() => ({ lines: [] }))
    expect(await client().version(table, { startingTimestamp: '2026-01-01T00:00:00Z' })).toBe(3n)
    expect(server.requests[0]!.url).toContain('version?startingTimestamp=2026-01-01T00%3A00%3A00Z')
  })

  it('refuses metadata of more than two lines', async () => {
    await answering(() => ({ lines: [...header, file('a')] }))
    await expect(client().metadata(table)).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })
})
