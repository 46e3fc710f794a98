import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TableAnswer } from '@spillway/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isSharedName, receivedTable } from '../../src/tables/received-table.js'

const BYTES = '0123456789'
let server: Server
let base: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const range = /bytes=(?:(\d+)-(\d+)|-(\d+))/.exec(request.headers.range ?? '')
    if (request.url === '/expired') response.writeHead(403).end('no')
    else if (range === null || request.url === '/whole') response.end(BYTES)
    else {
      const [start, end] =
        range[3] === undefined
          ? [Number(range[1]), Number(range[2]) + 1]
          : [-Number(range[3]), undefined]
      response.writeHead(206).end(BYTES.slice(start, end))
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

/** An answer in plain Parquet format about files at these URLs. */
function answer(urls: readonly string[]): TableAnswer {
  return {
    version: 7n,
    format: 'parquet',
    protocol: { kind: 'protocol', protocol: { minReaderVersion: 1 } },
    metaData: {
      kind: 'metaData',
      metaData: {
        id: 'x',
        format: { provider: 'parquet' },
        schemaString: '{"type":"struct","fields":[]}',
        partitionColumns: [],
      },
    },
    actions: (async function* () {
      for (const url of urls) {
        yield { kind: 'file' as const, file: { url, id: url, partitionValues: {}, size: 10 } }
      }
    })(),
    files: () => expect.fail('the lines are what is read'),
    refreshToken: () => undefined,
    minUrlExpiration: () => undefined,
    readsSqlHints: false,
    close: () => undefined,
  }
}

describe('receivedTable', () => {
  it.each([
    ['all of it', undefined, BYTES],
    ['a range', { start: 2, end: 5 }, '234'],
    ['its end', { suffix: 3 }, '789'],
  ])(
    'reads %s of a file, whether or not its storage honours ranges',
    async (_, range, expected) => {
      const { store, location, files, version } = await receivedTable(
        answer([`${base}/a`, `${base}/whole`]),
      )
      expect([files, version]).toEqual([2, 7n])
      for (const path of [`${location}/files/0`, `${location}/files/1`]) {
        const object = await store.get(path, { ...(range && { range }) })
        expect(new TextDecoder().decode(object!.bytes)).toBe(expected)
        expect(await store.head(path)).toMatchObject({ size: 10 })
      }
      expect(await store.get(`${location}/files/9`)).toBeUndefined()
    },
  )

  it.each([
    ['an expired URL', () => `${base}/expired`, /403.*may have expired/],
    [
      'a host that is not there',
      () => 'http://127.0.0.1:1/secret?sig=abc',
      /127\.0\.0\.1:1 cannot be reached/,
    ],
  ])('says what became of %s, without the URL', async (_, url, message) => {
    const { store, location } = await receivedTable(answer([url()]))
    const failed = await store.get(`${location}/files/0`).catch((error: Error) => error)
    expect(failed).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringMatching(message),
    })
    expect((failed as Error).message).not.toContain('sig=')
  })
})

describe('isSharedName', () => {
  it.each([
    ['config.share#lake.sales.orders', true],
    ['/home/me/my profile.share#a.b.c.d', true],
    ['/data/orders', false],
    ['/data/odd#name', false],
    ['s3://bucket/a#b.c.d', false],
  ])('%s: %s', (name, shared) => {
    expect(isSharedName(name)).toBe(shared)
  })
})
