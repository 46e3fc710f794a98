import { collect, failureCode } from '@spillway/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type S3StoreOptions, s3Store } from '../../src/s3/store.js'
import { type TestS3Server, testS3Server } from '../support/s3-server.js'

let server: TestS3Server
beforeAll(async () => {
  server = await testS3Server({ secrets: { key: 'secret' }, pageSize: 3 })
})
afterAll(() => server.close())
beforeEach(() => {
  server.objects.clear()
  server.requests.length = 0
  server.faults.length = 0
})

function store(options: S3StoreOptions = {}) {
  return s3Store({
    endpoint: server.endpoint,
    region: 'us-east-1',
    pathStyle: true,
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    limits: { baseDelayMs: 1 },
    ...options,
  })
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString()

describe('what a store keeps of the bytes', () => {
  const WHOLE = Buffer.alloc(32, 7).toString('base64')
  const headOf = async (checksum: { value: string; type?: string } | undefined) => {
    await store().put('s3://bucket/a', Buffer.from('hello'))
    const object = server.objects.get('bucket/a')!
    server.objects.set('bucket/a', { ...object, ...(checksum && { checksum }) })
    return store().head('s3://bucket/a')
  }

  it('is told where it is of the whole object', async () => {
    const found = await headOf({ value: WHOLE, type: 'FULL_OBJECT' })
    expect(found).toMatchObject({ size: 5, sha256: '07'.repeat(32) })
  })

  it.each([
    ['of the checksums of parts', { value: `${WHOLE}-3`, type: 'COMPOSITE' }],
    ['of parts, in other words', { value: WHOLE, type: 'COMPOSITE' }],
    ['of parts, whatever is said of it', { value: `${WHOLE}-3`, type: 'FULL_OBJECT' }],
    ['of nobody knows what', { value: WHOLE }],
    ['of another length', { value: 'AAAA', type: 'FULL_OBJECT' }],
    ['nothing', undefined],
  ])('is none of the object where it is %s', async (_, checksum) => {
    expect(await headOf(checksum)).not.toHaveProperty('sha256')
  })
})

describe('faults that pass', () => {
  it.each([
    ['a throttle', { status: 503, code: 'SlowDown' }],
    ['too many requests', { status: 429, code: 'TooManyRequests' }],
    ['an internal error', { status: 500, code: 'InternalError' }],
    ['a time-out told with a 400', { status: 400, code: 'RequestTimeout' }],
    ['a broken connection', { kind: 'reset' as const }],
    ['a body that ends early', { kind: 'cut' as const }],
  ])('are not noticed: %s', async (_, fault) => {
    await store().put('s3://bucket/a', Buffer.from('hello'))
    server.faults.push(fault)
    expect(text((await store().get('s3://bucket/a'))?.bytes)).toBe('hello')
    expect(server.requests).toEqual(['PUT bucket/a', 'GET bucket/a', 'GET bucket/a'])
  })

  it('are told when they last', async () => {
    for (let i = 0; i < 9; i++) server.faults.push({ status: 503, code: 'SlowDown' })
    const get = store({ limits: { baseDelayMs: 1, retries: 2 } }).get('s3://bucket/a')
    await expect(get).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: true,
      context: { path: 's3://bucket/a', s3Error: 'SlowDown', status: 503 },
    })
    expect(server.requests).toHaveLength(3)
  })

  it('between pages neither repeat nor lose an object', async () => {
    const keys = ['a', 'b', 'c', 'd/1', 'd/2', 'e', 'f', 'g']
    for (const key of keys) await store().put(`s3://bucket/${key}`, Buffer.from(key))
    server.requests.length = 0
    // The second page fails twice.
    const fault = { status: 500, code: 'InternalError', when: /^LIST/ }
    const listing = store().list('s3a://bucket/')[Symbol.asyncIterator]()
    const first = await listing.next()
    server.faults.push(fault, fault)
    const paths = [first.value?.path]
    for (let item = await listing.next(); item.done !== true; item = await listing.next()) {
      paths.push(item.value.path)
    }
    expect(paths).toEqual(keys.map(key => `s3a://bucket/${key}`))
  })

  it('while a silent server is waited for end in a time-out', async () => {
    const silent = store({ requestTimeoutMs: 150, limits: { baseDelayMs: 1, retries: 0 } })
    server.faults.push({ kind: 'hang' })
    await expect(silent.get('s3://bucket/a')).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: true,
    })
  }, 20_000)
})

describe('faults that stay', () => {
  it.each([501, 505, 511])('are told at once: what is answered %i', async status => {
    server.faults.push({ status, code: 'NotImplemented' })
    await expect(store().get('s3://bucket/a')).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: false,
      context: { path: 's3://bucket/a', status },
    })
    expect(server.requests).toEqual(['GET bucket/a'])
  })

  it.each([
    ['a bucket that is not there', 's3://missing/a', {}, 'the S3 bucket does not exist'],
    ['a bucket that is closed', 's3://forbidden/a', {}, 'S3 refused to read: allow s3:GetObject'],
    [
      'a key that nobody knows',
      's3://bucket/a',
      { credentials: { accessKeyId: 'nobody', secretAccessKey: 'x' } },
      'S3 does not know the access key id',
    ],
    [
      'another secret',
      's3://bucket/a',
      { credentials: { accessKeyId: 'key', secretAccessKey: 'x' } },
      'S3 refused the signature',
    ],
    ['another region', 's3://bucket/a', { region: 'eu-west-1' }, 'in another region'],
    [
      'no credentials',
      's3://bucket/a',
      {
        credentials: async () => {
          throw Object.assign(new Error('no profile'), { name: 'CredentialsProviderError' })
        },
      },
      'no S3 credentials: no profile',
    ],
  ])('are told at once, in a sentence: %s', async (_, path, options, sentence) => {
    await expect(store(options).get(path)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: false,
      message: expect.stringContaining(sentence),
    })
    expect(server.requests.length).toBeLessThanOrEqual(1)
  })

  it('name the permission that a listing and a write need', async () => {
    await expect(collect(store().list('s3://forbidden/'))).rejects.toThrowError('s3:ListBucket')
    const put = store().put('s3://forbidden/a', Buffer.from('x'))
    await expect(put).rejects.toThrowError('s3:PutObject')
    expect(await failureCode(() => store().get('file:///a'))).toBe('INVALID_REQUEST')
  })

  it('are told of an endpoint where nobody listens', async () => {
    const nobody = store({ endpoint: 'http://127.0.0.1:1', limits: { retries: 0 } })
    await expect(nobody.head('s3://bucket/a')).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('S3 was not reached'),
      retryable: true,
    })
  })
})

describe('a large stream', () => {
  async function* chunks(megabytes: number, failing = false) {
    for (let i = 0; i < megabytes; i++) yield new Uint8Array(1 << 20).fill(i)
    if (failing) throw new Error('the source broke')
  }

  it('is put in parts', async () => {
    expect(await store().put('s3://bucket/large', chunks(40))).toBe(true)
    const stored = server.objects.get('bucket/large')?.bytes
    expect([stored?.length, stored?.[39 << 20], server.unfinishedUploads()]).toEqual([
      40 << 20,
      39,
      0,
    ])
    expect(await store().put('s3://bucket/large', chunks(33), { ifAbsent: true })).toBe(false)
    expect([server.objects.get('bucket/large')?.bytes.length, server.unfinishedUploads()]).toEqual([
      40 << 20,
      0,
    ])
  })

  it('that breaks leaves no parts behind', async () => {
    const put = store().put('s3://bucket/broken', chunks(20, true))
    await expect(put).rejects.toThrowError('the source broke')
    expect([server.objects.size, server.unfinishedUploads()]).toEqual([0, 0])
  })
})

describe('cancellation', () => {
  it('ends a request under way, and is not retried', async () => {
    server.faults.push({ kind: 'hang' })
    const controller = new AbortController()
    const reading = store().get('s3://bucket/a', { signal: controller.signal })
    const cancelled = expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect.poll(() => server.requests, { timeout: 20_000 }).toHaveLength(1)
    controller.abort()
    await cancelled
    expect(server.requests).toEqual(['GET bucket/a'])
  })
})

describe('a range', () => {
  it('is cut from the whole object where a service ignores it', async () => {
    await store().put('s3://bucket/a', Buffer.from('0123456789'))
    for (const range of [{ suffix: 4 }, { start: 6, end: 99 }]) {
      server.faults.push({ kind: 'ignore-range' })
      const got = await store().get('s3://bucket/a', { range })
      expect([text(got?.bytes), got?.meta.size]).toEqual(['6789', 10])
    }
  })

  it.each([{ suffix: 0 }, { start: 3, end: 3 }])('without bytes fetches none: %o', async range => {
    await store().put('s3://bucket/a', Buffer.from('0123456789'))
    server.requests.length = 0
    expect((await store().get('s3://bucket/a', { range }))?.bytes).toEqual(new Uint8Array())
    expect(server.requests).toEqual(['HEAD bucket/a'])
  })

  it('is one request, with the size of the object in its answer', async () => {
    await store().put('s3://bucket/a', Buffer.from('0123456789'))
    server.requests.length = 0
    const got = await store().get('s3://bucket/a', { range: { suffix: 4 } })
    expect([text(got?.bytes), got?.meta.size, server.requests]).toEqual([
      '6789',
      10,
      ['GET bucket/a'],
    ])
  })
})
