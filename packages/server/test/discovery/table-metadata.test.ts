import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FIRST_COMMIT, MINUTE } from '../support/lake.js'
import { failure, linesOf, type Running, startServer, tablePath } from '../support/serve.js'

let server: Running
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

function metadata(table: string, capabilities?: string, search = ''): Promise<Response> {
  const headers = capabilities ? { 'delta-sharing-capabilities': capabilities } : {}
  return server.ask(`${tablePath(table)}/metadata${search}`, { headers })
}

const responded = (response: Response) => response.headers.get('delta-sharing-capabilities')

it('21: without a header, two lines of parquet format', async () => {
  const response = await metadata('simple')
  expect(responded(response)).toBe('responseformat=parquet')
  expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
  expect(response.headers.get('spillway-sql-hints')).toBe('1')
  expect(response.headers.get('delta-table-version')).toBe('2')
  const text = await response.text()
  expect(text.split('\n')).toHaveLength(3)
  expect(text.endsWith('\n')).toBe(true)
  const [protocol, { metaData }] = text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(protocol).toEqual({ protocol: { minReaderVersion: 1 } })
  expect(metaData).toMatchObject({
    format: { provider: 'parquet' },
    partitionColumns: [],
    size: 200,
    numFiles: 2,
  })
})

it('22: in delta format, the table’s own protocol and metadata', async () => {
  const response = await metadata('simple', 'responseformat=delta')
  expect(responded(response)).toBe('responseformat=delta')
  const [protocol, line] = await linesOf(response)
  expect(protocol).toEqual({
    protocol: { deltaProtocol: { minReaderVersion: 1, minWriterVersion: 2 } },
  })
  expect(line?.metaData).toMatchObject({ version: 2, deltaMetadata: { createdTime: FIRST_COMMIT } })
})

it.each([
  ['delta,parquet', 'parquet'],
  ['parquet,delta', 'parquet'],
  ['DELTA', 'delta'],
  ['delta;unknownkey=1', 'delta'],
])('23-25: asked for %s, a plain table is answered in %s', async (asked, format) => {
  expect(responded(await metadata('simple', `ResponseFormat=${asked}`))).toBe(
    `responseformat=${format}`,
  )
})

describe('26: versions', () => {
  it('answers the schema of the version asked for', async () => {
    const response = await metadata('simple', undefined, '?version=0')
    expect(response.headers.get('delta-table-version')).toBe('0')
    const [, line] = await linesOf(response)
    expect(JSON.parse(String(line?.metaData?.schemaString)).fields).toEqual([
      { name: 'id', type: 'long', nullable: true, metadata: { comment: 'the key' } },
    ])
  })

  it.each([
    ['?version=99', /version 99/i],
    ['?version=-1', /non-negative/],
    ['?version=x', /non-negative/],
    ['?version=99999999999999999999', /non-negative|64-bit/],
    ['?version=1&timestamp=2026-01-01T00:01:00Z', /only provide one/],
  ])('%s is a 400 that says why', async (search, message) => {
    const answer = await failure(await metadata('simple', undefined, search))
    expect(answer.status).toBe(400)
    expect(answer.message).toMatch(message)
  })
})

it('27: a time means the version that was current then', async () => {
  const at = new Date(FIRST_COMMIT + MINUTE + 1).toISOString()
  const response = await metadata('simple', undefined, `?timestamp=${at}`)
  expect(response.headers.get('delta-table-version')).toBe('1')
})

it.each(['2025-12-31T00:00:00Z', '2030-01-01T00:00:00Z', 'notatime'])(
  '27: the time %s, when there was no such version, is a 400',
  async time => {
    expect((await metadata('simple', undefined, `?timestamp=${time}`)).status).toBe(400)
  },
)

it('28: of a change feed a parquet client learns only that there is one', async () => {
  const [, line] = await linesOf(await metadata('changing'))
  expect(line?.metaData?.configuration).toEqual({ enableChangeDataFeed: 'true' })
})

describe('29: tables that take reader features', () => {
  it.each([
    ['vectors', undefined],
    ['vectors', 'responseformat=delta'],
    ['vectors', 'responseformat=parquet;readerfeatures=deletionvectors'],
    ['mapped', undefined],
    ['mapped', 'responseformat=delta;readerfeatures=deletionvectors'],
    ['zoneless', 'responseformat=parquet'],
  ])(
    '%s asked with %s is a 400 that names the feature and how to ask',
    async (table, capabilities) => {
      const answer = await failure(await metadata(table, capabilities))
      expect(answer).toMatchObject({ status: 400, errorCode: 'UNSUPPORTED_FEATURE' })
      expect(answer.message).toMatch(
        /(deletionVectors|columnMapping|timestampNtz).*responseformat=delta;readerfeatures=/,
      )
    },
  )

  it('vectors, asked with the feature, come with version 3 and 7 and its name', async () => {
    const response = await metadata(
      'vectors',
      'responseformat=parquet,delta;readerfeatures=deletionVectors',
    )
    expect(responded(response)).toBe('responseformat=delta')
    const [protocol] = await linesOf(response)
    expect(protocol?.protocol?.deltaProtocol).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['deletionVectors'],
      writerFeatures: ['deletionVectors'],
    })
  })

  it('58: a zone-less timestamp is answered in delta format only', async () => {
    const response = await metadata(
      'zoneless',
      'responseformat=parquet,delta;readerfeatures=timestampntz',
    )
    expect(responded(response)).toBe('responseformat=delta')
  })
})

it('30: two calls, and a query, give the same bytes', async () => {
  for (const capabilities of ['responseformat=parquet', 'responseformat=delta']) {
    const first = await (await metadata('partitioned', capabilities)).text()
    const second = await (await metadata('partitioned', capabilities)).text()
    const query = await server.query(
      'partitioned',
      {},
      { 'delta-sharing-capabilities': capabilities },
    )
    expect(second).toBe(first)
    expect((await query.text()).startsWith(first)).toBe(true)
  }
})

it('46, 47: history that is not shared is a 400', async () => {
  expect((await metadata('guarded.limited', undefined, '?version=0')).status).toBe(400)
  const early = await failure(await metadata('guarded.started', undefined, '?version=1'))
  expect(early).toMatchObject({
    status: 400,
    message: 'You can only query table data since version 2.',
  })
  expect((await metadata('guarded.started', undefined, '?version=2')).status).toBe(200)
})
