import { afterEach, describe, expect, it } from 'vitest'
import { createSharingClient, parseTableName, type SharingClient } from '../src/index.js'
import { startServer, type TestServer } from './support/server.js'

let server: TestServer
afterEach(() => server.close())

const table = parseTableName('lake.sales.orders')
const HEADER = [
  '{"protocol":{"minReaderVersion":1}}',
  '{"metaData":{"id":"m","format":{"provider":"parquet"},"schemaString":"{}","partitionColumns":[]}}',
]
const FILES = ['a', 'b'].map(
  id => `{"file":{"url":"https://h/${id}","id":"${id}","partitionValues":{},"size":1}}`,
)

async function readQuery(client: SharingClient): Promise<void> {
  for await (const _ of (await client.query(table)).actions);
}

async function readList(client: SharingClient): Promise<void> {
  for await (const _ of client.shares());
}

describe('pages that never end', () => {
  const page = (files: readonly string[], token: string) =>
    [...HEADER, ...files, `{"endStreamAction":{"nextPageToken":"${token}"}}`].join('\n')

  async function paging(
    answer: (count: number) => string,
    totalMs = 30_000,
  ): Promise<SharingClient> {
    server = await startServer((_request, response, count) => response.end(answer(count)))
    const profile = { shareCredentialsVersion: 1, endpoint: server.url, bearerToken: 't' } as const
    return createSharingClient(profile, { timeouts: { totalMs } })
  }

  it.each([
    ['the same token', () => page(FILES, 'again')],
    ['the same files under new tokens', (count: number) => page(FILES, `t${count}`)],
    ['new tokens and no files', (count: number) => page([], `t${count}`)],
  ])('are found out by %s', async (_name, answer) => {
    const client = await paging(answer)
    await expect(readQuery(client)).rejects.toThrow(/same page again|with nothing in them/)
    expect(server.requests.length).toBeLessThan(105)
  })

  it.each([
    ['the same token', () => '{"items":[{"name":"s"}],"nextPageToken":"again"}'],
    [
      'the same items under new tokens',
      (n: number) => `{"items":[{"name":"s"}],"nextPageToken":"${n}"}`,
    ],
    ['new tokens and no items', (n: number) => `{"nextPageToken":"${n}"}`],
    [
      'tokens that nobody can keep',
      (n: number) => `{"items":[{"name":"${n}"}],"nextPageToken":"${n}${'x'.repeat(20_000)}"}`,
    ],
    ['lists in lists without end', () => `{"items":${'['.repeat(5_000_000)}`],
  ])('of a list are found out by %s', async (_name, answer) => {
    const client = await paging(answer)
    await expect(readList(client)).rejects.toThrow(
      /same page again|with nothing in them|at most 16384 characters|nests deeper/,
    )
    expect(server.requests.length).toBeLessThan(105)
  })

  it('of a list that makes its items up end with the time of the call', async () => {
    const made = (n: number) => `{"items":[{"name":"s${n}"}],"nextPageToken":"t${n}"}`
    const client = await paging(made, 500)
    await expect(readList(client)).rejects.toThrow(/within the 0.5 seconds/)
  })
})
