import { afterEach, describe, expect, it, vi } from 'vitest'
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
const ANSWER = `${[...HEADER, ...FILES].join('\n')}\n`

function clientOf(): SharingClient {
  return createSharingClient({
    shareCredentialsVersion: 1,
    endpoint: server.url,
    bearerToken: 't',
  })
}

describe('cancelling lets go of the connection', () => {
  async function stalling(lines = ''): Promise<SharingClient> {
    server = await startServer((_request, response) => {
      if (lines !== '') response.write(lines)
    })
    return clientOf()
  }

  /** Nobody is left waiting at the server, long before any time-out. */
  async function released(): Promise<void> {
    await vi.waitFor(() => expect(server.waiting()).toBe(0))
  }

  it.each<[string, (client: SharingClient, signal: AbortSignal) => Promise<unknown>]>([
    ['a list', (client, signal) => collect(client.shares({ signal }))],
    ['tables', (client, signal) => collect(client.tables('lake', { signal }))],
    ['a share', (client, signal) => client.share('lake', signal)],
    ['a version', (client, signal) => client.version(table, { signal })],
    ['metadata', (client, signal) => client.metadata(table, { signal })],
    ['a query', (client, signal) => client.query(table, { signal })],
    ['changes', (client, signal) => client.changes(table, { startingVersion: 0n, signal })],
  ])('while %s is waited for', async (_name, call) => {
    const client = await stalling()
    const stop = new AbortController()
    const called = call(client, stop.signal)
    await vi.waitFor(() => expect(server.waiting()).toBe(1))
    stop.abort(new Error('enough'))
    await expect(called).rejects.toMatchObject({ code: 'CANCELLED', cause: { message: 'enough' } })
    await released()
  })

  it('within the files, those included that have arrived', async () => {
    const client = await stalling(ANSWER)
    const stop = new AbortController()
    const answer = await client.query(table, { signal: stop.signal })
    const files = answer.actions[Symbol.asyncIterator]()
    expect((await files.next()).done).toBe(false)
    stop.abort()
    await expect(files.next()).rejects.toMatchObject({ code: 'CANCELLED' })
    await released()
  })

  it('while nobody reads', async () => {
    const client = await stalling(ANSWER)
    const stop = new AbortController()
    await client.query(table, { signal: stop.signal })
    stop.abort()
    await released()
  })

  it('by leaving the loop, or by closing an answer that nobody reads', async () => {
    const client = await stalling(ANSWER)
    for await (const _ of (await client.query(table)).actions) break
    await released()
    const answer = await client.query(table)
    answer.close()
    await released()
  })

  it('before anything was asked', async () => {
    const client = await stalling()
    await expect(client.share('x', AbortSignal.abort())).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    expect(server.requests).toEqual([])
  })

  it('between polls', async () => {
    server = await startServer((_request, response) => {
      response.end('{"queryStatus":{"queryId":"q","status":"pending"}}\n')
    })
    const stop = new AbortController()
    const asked = clientOf().query(table, { idempotencyKey: 'k', signal: stop.signal })
    await vi.waitFor(() => expect(server.requests.length).toBe(1))
    stop.abort()
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
