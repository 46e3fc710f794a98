import { afterEach, describe, expect, it } from 'vitest'
import { createSharingClient, parseTableName, type TableAnswer } from '../src/index.js'
import { startServer, type TestServer } from './support/server.js'

// Compliant servers differ in what they leave out, how they spell it and what they add.

let server: TestServer
afterEach(() => server.close())

const table = parseTableName('lake.sales.orders')
const METADATA =
  '{"metaData":{"id":"m","format":{"provider":"parquet"},"schemaString":"{}","partitionColumns":[]}}'
const HEADER = ['{"protocol":{"minReaderVersion":1}}', METADATA]
const DELTA_METADATA =
  '{"metaData":{"version":3,"deltaMetadata":{"id":"m","schemaString":"{}","partitionColumns":[]}}}'

function client() {
  const profile = { shareCredentialsVersion: 1, endpoint: server.url, bearerToken: 't' } as const
  return createSharingClient(profile, { retry: { retries: 0 }, poll: { intervalMs: 1 } })
}

function deltaProtocol(readerFeatures: readonly string[], minReaderVersion = 3): string {
  const protocol = { minReaderVersion, minWriterVersion: 7, readerFeatures }
  return JSON.stringify({ protocol: { deltaProtocol: protocol } })
}

function file(members: object): string {
  return JSON.stringify({ file: { url: 'https://h/a', id: 'a', size: 1, ...members } })
}

async function serve(
  answers: Readonly<Record<string, string | number>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  server = await startServer((request, response) => {
    const answer = answers[`${request.method} ${request.url}`] ?? answers['*'] ?? 404
    if (typeof answer === 'number') response.writeHead(answer).end('{"message":"no"}')
    else response.writeHead(200, headers).end(answer)
  })
}

async function filesOf(answer: TableAnswer): Promise<unknown[]> {
  const files: unknown[] = []
  for await (const action of answer.actions) files.push(action)
  return files
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('a server that knows no capabilities', () => {
  it('answers in parquet format without a version, and is read', async () => {
    await serve({ '*': [...HEADER, file({ partitionValues: {} })].join('\n') })
    const answer = await client().query(table)
    expect(answer).toMatchObject({ format: 'parquet', version: undefined })
    expect(await filesOf(answer)).toHaveLength(1)
    expect(server.requests[0]!.headers['delta-sharing-capabilities']).toBe(
      'responseformat=parquet,delta;readerfeatures=deletionvectors,columnmapping,timestampntz,typewidening,typewidening-preview,varianttype,varianttype-preview,variantshredding,variantshredding-preview;includeendstreamaction=true',
    )
  })

  it('tells the version to HEAD, where it is older than GET /version', async () => {
    server = await startServer((request, response) => {
      if (request.method !== 'HEAD') response.writeHead(405).end()
      else response.writeHead(200, { 'Delta-Table-Version': '9007199254740993' }).end()
    })
    expect(await client().version(table)).toBe(9007199254740993n)
  })

  it('is refused with the words of its first answer where the table is not there at all', async () => {
    server = await startServer((request, response) => {
      response.writeHead(404).end(request.method === 'HEAD' ? '' : '{"message":"no such table"}')
    })
    await expect(client().version(table)).rejects.toThrow(/no such table/)
  })

  it('lists tables schema by schema, where it has no list of all', async () => {
    await serve({
      'GET /shares/lake/schemas': '{"items":[{"name":"a"},{"name":"b","share":"lake"}]}',
      'GET /shares/lake/schemas/a/tables': '{"items":[{"name":"t"}]}',
      'GET /shares/lake/schemas/b/tables': '{"items":null}',
    })
    expect(await collect(client().tables('lake'))).toEqual([
      { share: 'lake', schema: 'a', name: 't' },
    ])
  })
})

describe('lists', () => {
  it.each([
    ['wrapped', '{"share":{"name":"lake","id":"i","extra":1}}'],
    ['bare', '{"name":"lake","id":"i"}'],
  ])('give a share that comes %s', async (_name, body) => {
    await serve({ 'GET /shares/lake': body })
    expect(await client().share('lake')).toMatchObject({ name: 'lake', id: 'i' })
  })

  it('follow a token in snake case, and put in the share that an item leaves out', async () => {
    await serve({
      'GET /shares/lake/schemas?maxResults=1':
        '{\n  "items": [{"name":"a"}],\n "next_page_token":"p"}',
      'GET /shares/lake/schemas?maxResults=1&pageToken=p': '{"items":[{"name":"b"}]}',
    })
    expect(await collect(client().schemas('lake', { maxResults: 1 }))).toEqual([
      { share: 'lake', name: 'a' },
      { share: 'lake', name: 'b' },
    ])
  })

  it('are empty where the server leaves the items out', async () => {
    await serve({ '*': '{}' })
    expect(await collect(client().shares())).toEqual([])
  })

  it('encode names, whatever is in them', async () => {
    await serve({ '*': '{}' })
    await collect(client().tables('a/b?c', { schema: 'ü#' }))
    expect(server.requests[0]!.url).toBe('/shares/a%2Fb%3Fc/schemas/%C3%BC%23/tables')
  })
})

describe('the lines of an answer', () => {
  it('may end in CRLF, follow a byte order mark, and have spaces in them', async () => {
    await serve({
      '*': `\uFEFF${HEADER.join('\r\n')}\r\n { "file" : {"url":"u","id":"i","size":1} } \r\n\r\n`,
    })
    expect(await filesOf(await client().query(table))).toMatchObject([{ kind: 'file' }])
  })

  it.each([
    'includeendstreamaction=true',
    'includeEndStreamAction=True',
    ' includeEndStreamAction = true ',
  ])('must have the end that a header promises as %j', async promise => {
    const headers = { 'Delta-Sharing-Capabilities': `responseFormat=parquet;${promise}` }
    await serve({ '*': [...HEADER, file({})].join('\n') }, headers)
    await expect(filesOf(await client().query(table))).rejects.toThrow(/without the end/)
  })

  it('need no end where none was promised', async () => {
    await serve(
      { '*': [...HEADER, file({})].join('\n') },
      {
        'delta-sharing-capabilities': 'responseformat=parquet;includeendstreamaction=false',
      },
    )
    expect(await filesOf(await client().query(table))).toHaveLength(1)
  })

  it('may have integers in strings, members that are null, and members from the future', async () => {
    await serve({
      '*': [...HEADER, file({ size: '42', stats: null, version: '7', x: [1] })].join('\n'),
    })
    expect(await filesOf(await client().query(table))).toEqual([
      {
        kind: 'file',
        file: { url: 'https://h/a', id: 'a', size: 42, version: 7, partitionValues: {}, x: [1] },
      },
    ])
  })

  it('tell the earliest expiry where the server sends no end', async () => {
    const files = [20, '10', 30].map((at, i) => file({ id: `f${i}`, expirationTimestamp: at }))
    await serve({ '*': [...HEADER, ...files].join('\n') })
    const answer = await client().query(table)
    await filesOf(answer)
    expect(answer.minUrlExpiration()).toBe(10)
  })

  it('may not leave out the partition values of a partitioned table', async () => {
    const partitioned = METADATA.replace('"partitionColumns":[]', '"partitionColumns":["day"]')
    await serve({ '*': [HEADER[0], partitioned, file({})].join('\n') })
    await expect(filesOf(await client().query(table))).rejects.toThrow(/no partitionValues/)
  })

  it('can be read once: a second time they would look like an empty table', async () => {
    await serve({ '*': [...HEADER, file({})].join('\n') })
    const answer = await client().query(table)
    expect(await filesOf(answer)).toHaveLength(1)
    await expect(filesOf(answer)).rejects.toThrow(/has been read/)
  })
})

describe('what is negotiated', () => {
  it('is refused in delta format by a client that asked for parquet', async () => {
    await serve({ '*': [deltaProtocol([]), DELTA_METADATA].join('\n') })
    const asked = client().query(table, { capabilities: { formats: ['parquet'] } })
    await expect(asked).rejects.toThrow(/delta format, and parquet was asked for/)
  })

  it('is taken in parquet format by a client that asked for delta', async () => {
    await serve({ '*': HEADER.join('\n') })
    const answer = await client().query(table, { capabilities: { formats: ['delta'] } })
    expect(answer.format).toBe('parquet')
  })

  it.each([
    [
      'a feature that was not listed',
      deltaProtocol(['deletionVectors', 'geospatial']),
      /geospatial/,
    ],
    ['a protocol of the future', deltaProtocol([], 4), /version 4 of the delta/],
    [
      'a parquet protocol of the future',
      '{"protocol":{"minReaderVersion":2}}',
      /version 2 of the parquet/,
    ],
  ])('is refused with %s', async (_name, protocol, words) => {
    const metaData = protocol.includes('delta') ? DELTA_METADATA : METADATA
    await serve({ '*': [protocol, metaData].join('\n') })
    const refused = { code: 'UNSUPPORTED_FEATURE', message: expect.stringMatching(words) }
    await expect(client().query(table)).rejects.toMatchObject(refused)
    await expect(client().metadata(table)).rejects.toMatchObject(refused)
  })

  it.each([
    ['in another case, and in preview', deltaProtocol(['DELETIONVECTORS', 'typeWidening-preview'])],
    ['of the log alone', deltaProtocol(['v2Checkpoint', 'vacuumProtocolCheck'])],
    ['by their old number', deltaProtocol([], 2)],
  ])('is taken with features %s', async (_name, protocol) => {
    await serve({ '*': [protocol, DELTA_METADATA].join('\n') })
    expect((await client().query(table)).format).toBe('delta')
  })

  it('may not turn from one format to the other', async () => {
    await serve({ '*': [deltaProtocol([]), METADATA].join('\n') })
    await expect(client().query(table)).rejects.toThrow(/metaData line follows a deltaProtocol/)
  })

  it('is of the version that was asked for', async () => {
    await serve({ '*': HEADER.join('\n') }, { 'delta-table-version': '4' })
    await expect(client().query(table, { version: 3n })).rejects.toThrow(/version 3 was asked for/)
    await expect(client().metadata(table, { version: 3n })).rejects.toThrow(/of version 4/)
  })
})

describe('changes', () => {
  it('stream typed actions, with metadata between them, over pages', async () => {
    const change = (kind: string, version: number) =>
      JSON.stringify({ [kind]: { url: 'u', id: 'i', size: 1, version, timestamp: 5 } })
    const path =
      '/shares/lake/schemas/sales/tables/orders/changes?startingVersion=0&includeHistoricalMetadata=true'
    await serve(
      {
        [`GET ${path}`]: [
          ...HEADER,
          change('add', 0),
          '{"endStreamAction":{"nextPageToken":"a+/="}}',
        ].join('\n'),
        [`GET ${path}&pageToken=a%2B%2F%3D`]: [
          ...HEADER,
          METADATA,
          change('cdf', 1),
          change('remove', 2),
          change('add', 3),
        ].join('\n'),
      },
      { 'delta-table-version': '0' },
    )
    const answer = await client().changes(table, {
      startingVersion: 0n,
      includeHistoricalMetadata: true,
    })
    const kinds = (await filesOf(answer)).map(action => (action as { kind: string }).kind)
    expect(kinds).toEqual(['add', 'metaData', 'cdf', 'remove', 'add'])
  })

  it('have no plain files in them', async () => {
    await serve({ '*': [...HEADER, file({})].join('\n') })
    const answer = await client().changes(table, { startingVersion: 0n })
    await expect(filesOf(answer)).rejects.toThrow(/a file line where files are added/)
  })
})

describe('an asynchronous query', () => {
  it('fails with the words of the server', async () => {
    await serve({
      'POST /shares/lake/schemas/sales/tables/orders/query':
        '{"queryStatus":{"query_id":"q","status":"pending"}}',
      'POST /shares/lake/schemas/sales/tables/orders/queries/q':
        '{"queryStatus":{"queryId":"q","status":"FAILED","errorMessage":"out of memory"}}',
    })
    await expect(client().query(table, { idempotencyKey: 'k' })).rejects.toThrow(/out of memory/)
  })

  it('pages through the same address', async () => {
    server = await startServer((_request, response, count) => {
      const page = (id: string, end: string) => [...HEADER, file({ id }), end].join('\n')
      if (count === 1) response.end('{"queryStatus":{"queryId":"q","status":"pending"}}')
      else if (count === 2) response.end(page('a', '{"endStreamAction":{"nextPageToken":"p"}}'))
      else response.end(page('b', '{"endStreamAction":{}}'))
    })
    const answer = await client().query(table, { idempotencyKey: 'k', maxFiles: 1 })
    expect(await filesOf(answer)).toHaveLength(2)
    expect(server.requests.at(-1)).toMatchObject({ body: '{"maxFiles":1,"pageToken":"p"}' })
  })

  it('that the server answers at once needs no polls', async () => {
    await serve({ '*': HEADER.join('\n') })
    await client().query(table, { idempotencyKey: 'k' })
    expect(server.requests).toHaveLength(1)
  })

  it('is given up when its time is over', async () => {
    await serve({ '*': '{"queryStatus":{"queryId":"q","status":"pending"}}' })
    const profile = { shareCredentialsVersion: 1, endpoint: server.url, bearerToken: 't' } as const
    const hasty = createSharingClient(profile, { poll: { intervalMs: 5, timeoutMs: 30 } })
    await expect(hasty.query(table, { idempotencyKey: 'k' })).rejects.toThrow(
      /not ready after 0.03/,
    )
  })
})
