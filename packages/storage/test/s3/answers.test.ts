import { gzipSync } from 'node:zlib'
import { collect } from '@spillway/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { s3Store } from '../../src/s3/store.js'
import { type RawAnswer, type RawServer, rawServer } from '../support/raw-server.js'

let server: RawServer
beforeAll(async () => {
  server = await rawServer()
})
afterAll(() => server.close())
beforeEach(() => {
  server.requests.length = 0
})

function store() {
  return s3Store({
    endpoint: server.endpoint,
    region: 'us-east-1',
    pathStyle: true,
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    limits: { baseDelayMs: 1, retries: 2 },
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 5_000,
  })
}

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n'

function page(
  keys: readonly string[],
  more: { token?: string; truncated?: boolean | 'untold'; extra?: string } = {},
): string {
  const { token, truncated = false, extra = '' } = more
  const entries = keys.map(
    key =>
      `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents>`,
  )
  const said = truncated === 'untold' ? '' : `<IsTruncated>${truncated}</IsTruncated>`
  const next = token === undefined ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`
  return `${XML}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix>t/</Prefix>${extra}${said}${next}${entries.join('')}</ListBucketResult>`
}

const xml = (body: string, chunked = false): RawAnswer => ({
  headers: { 'Content-Type': 'application/xml' },
  body,
  chunked,
})
const list = async () => (await collect(store().list('s3://bucket/t/'))).map(({ path }) => path)
const folders = () => collect(store().listPrefixes('s3://bucket/t/'))

const PASSING = { code: 'STORAGE_UNAVAILABLE', retryable: true }
const LASTING = { code: 'STORAGE_UNAVAILABLE', retryable: false }

describe('a listing', () => {
  const whole = page(['t/a', 't/b'])
  const common = (...prefixes: string[]) =>
    prefixes.map(prefix => `<CommonPrefixes><Prefix>${prefix}</Prefix></CommonPrefixes>`).join('')

  it.each<[string, string, RawAnswer]>([
    [
      'a page to sign in',
      'ListBucketResult',
      { body: '<!DOCTYPE html><html><body>Sign in</body></html>' },
    ],
    [
      'a page of a proxy that is sound XML',
      'ListBucketResult',
      xml('<html><IsTruncated>false</IsTruncated></html>'),
    ],
    ['nothing', 'found nothing', { body: '' }],
    ['spaces', 'found nothing', { body: ' \n ' }],
    ['JSON', 'ListBucketResult', { body: '{"IsTruncated":false}' }],
    [
      'an error with status 200',
      'SlowDown',
      xml(`${XML}<Error><Code>SlowDown</Code></Error>\n\n\n\n\n\n\n\n\n\n`),
    ],
    [
      'a listing of buckets',
      'ListBucketResult',
      xml(`${XML}<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>`),
    ],
    [
      'a listing that is compressed, unasked',
      'ListBucketResult',
      { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(whole) },
    ],
    ['a listing without its end', 'cut off', xml(whole.slice(0, -40), true)],
    [
      'a listing without its last tag',
      'cut off',
      xml(whole.slice(0, -'</ListBucketResult>'.length), true),
    ],
    ['a listing that ends behind its beginning', 'cut off', xml(whole.slice(0, 150), true)],
    [
      'a listing without anything in it',
      'whether there is more',
      xml(`${XML}<ListBucketResult></ListBucketResult>`),
    ],
    [
      'no word on whether there is more',
      'whether there is more',
      xml(page(['t/a'], { truncated: 'untold' })),
    ],
    [
      'a nonsense word on whether there is more',
      'whether there is more',
      xml(page(['t/a'], { truncated: 'untold', extra: '<IsTruncated>maybe</IsTruncated>' })),
    ],
    ['more, without a token', 'no token', xml(page(['t/a'], { truncated: true }))],
    ['more, with an empty token', 'no token', xml(page(['t/a'], { truncated: true, token: '' }))],
    [
      'fewer objects than it counts',
      'announces 3',
      xml(page(['t/a', 't/b'], { extra: '<KeyCount>3</KeyCount>' })),
    ],
    ['objects of another folder', 'of another folder', xml(page(['t/a', 'u/b']))],
    ['another bucket', 'bucket other', xml(page(['t/a']).replace('>bucket<', '>other<'))],
    ['another folder, which is empty', 'folder u/', xml(page([]).replace('>t/<', '>u/<'))],
    ['an object without name', 'without name', xml(page(['t/a', '']))],
    [
      'an object without size',
      'without size',
      xml(page(['t/a', 't/b']).replace('<Size>1</Size>', '')),
    ],
    ['a size that is no number', '', xml(page(['t/a']).replace('>1<', '>much<'))],
    [
      'encoded names that are not',
      'encoded',
      xml(page(['t/a', 't/%zz'], { extra: '<EncodingType>url</EncodingType>' })),
    ],
  ])('that is %s is refused, after tries', async (_, sentence, answer) => {
    server.answer = () => answer
    await expect(list()).rejects.toMatchObject({
      ...PASSING,
      message: expect.stringContaining(sentence),
      context: { path: 's3://bucket/t/' },
    })
    expect(server.requests.length).toBeGreaterThan(1)
  })

  it.each([
    ['out of order', ['t/a', 't/c', 't/b']],
    ['twice', ['t/a', 't/a']],
    ['in the order of another collation', ['t/a', 't/B']],
  ])('with objects %s is refused at once: another try would lose some', async (_, keys) => {
    server.answer = () => xml(page(keys))
    await expect(list()).rejects.toMatchObject({
      ...LASTING,
      message: expect.stringContaining('byte order'),
    })
  })

  it.each([
    ['the same token again', 'the same page', () => page([], { truncated: true, token: 'x' })],
    [
      'a page that was there before',
      'byte order',
      () => page(['t/a'], { truncated: true, token: String(Math.random()) }),
    ],
    [
      'nothing, and more, for ever',
      'pages in a row',
      () => page([], { truncated: true, token: String(Math.random()) }),
    ],
  ])(
    'with %s ends',
    async (_, sentence, body) => {
      server.answer = () => xml(body())
      const patient = store()
      await expect(collect(patient.list('s3://bucket/t/'))).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        message: expect.stringContaining(sentence),
      })
    },
    180_000,
  )

  it('goes on where one answer was not it', async () => {
    server.answer = (_, index) => {
      if (index === 0) return { body: '<html>busy</html>' }
      if (index === 1) return xml(page(['t/a', 't/b'], { truncated: true, token: 'x' }))
      if (index === 2) return xml(page(['t/c'], { truncated: true }))
      return xml(page(['t/c']))
    }
    expect(await list()).toEqual(['s3://bucket/t/a', 's3://bucket/t/b', 's3://bucket/t/c'])
  })

  it.each<[string, RawAnswer, readonly string[]]>([
    ['of no object', xml(page([])), []],
    [
      'with another name of the root',
      xml(page(['t/a']).replaceAll('ListBucketResult', 'ListBucketV2Result')),
      ['t/a'],
    ],
    [
      'with comments and line ends',
      xml(`${XML}<!-- a -->\n${page(['t/a']).slice(XML.length)}\n`),
      ['t/a'],
    ],
    ['in chunks', xml(whole, true), ['t/a', 't/b']],
    [
      'with encoded names',
      xml(page(['t/a%20b', 't/c+d'], { extra: '<EncodingType>url</EncodingType>' })),
      ['t/a b', 't/c d'],
    ],
    [
      'without the names of bucket and folder',
      xml(page(['t/a']).replace(/<Name>.*<\/Prefix>/, '')),
      ['t/a'],
    ],
    ['with a right count', xml(page(['t/a'], { extra: '<KeyCount>1</KeyCount>' })), ['t/a']],
  ])('%s is read', async (_, answer, keys) => {
    server.answer = () => answer
    expect(await list()).toEqual(keys.map(key => `s3://bucket/${key}`))
  })

  it('leaves out what comes before its start, where a service does not know the parameter', async () => {
    server.answer = () => xml(page(['t/a', 't/b', 't/c']))
    const found = await collect(store().list('s3://bucket/t/', { startAfter: 's3://bucket/t/b' }))
    expect(found.map(({ path }) => path)).toEqual(['s3://bucket/t/c'])
  })

  it('reads over empty pages that lead on', async () => {
    server.answer = (_, index) =>
      index < 5 ? xml(page([], { truncated: true, token: `x${index}` })) : xml(page(['t/a']))
    expect(await list()).toEqual(['s3://bucket/t/a'])
  })

  it.each([
    ['outside', common('t/a/', 'u/')],
    ['that is none', common('t/a')],
  ])('of folders with a folder %s is refused', async (_, extra) => {
    server.answer = () => xml(page([], { extra }))
    await expect(folders()).rejects.toMatchObject(PASSING)
  })

  it('of folders names one once that is on two pages', async () => {
    server.answer = (_, index) =>
      index === 0
        ? xml(page([], { extra: common('t/a/'), truncated: true, token: 'x' }))
        : xml(page([], { extra: common('t/a/', 't/b/') }))
    expect(await folders()).toEqual(['s3://bucket/t/a/', 's3://bucket/t/b/'])
  })
})

describe('a reading', () => {
  const object = Buffer.from('0123456789')
  const headers = (range?: string) => ({
    ETag: '"x"',
    'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    ...(range !== undefined && { 'Content-Range': range }),
  })
  const get = (range?: { start: number; end: number } | { suffix: number }) =>
    store().get('s3://bucket/t/a', range && { range })

  it.each<[string, { start: number; end: number } | { suffix: number } | undefined, RawAnswer]>([
    [
      'other bytes',
      { start: 2, end: 4 },
      { status: 206, headers: headers('bytes 3-4/10'), body: '34' },
    ],
    [
      'fewer bytes',
      { start: 2, end: 6 },
      { status: 206, headers: headers('bytes 2-3/10'), body: '23' },
    ],
    [
      'more bytes',
      { start: 2, end: 4 },
      { status: 206, headers: headers('bytes 2-9/10'), body: '23456789' },
    ],
    [
      'fewer bytes than it says',
      { start: 2, end: 6 },
      { status: 206, headers: headers('bytes 2-5/10'), body: '23' },
    ],
    [
      'fewer bytes than it says, in chunks',
      { start: 2, end: 6 },
      { status: 206, headers: headers('bytes 2-5/10'), body: '23', chunked: true },
    ],
    [
      'bytes of an object of unknown length',
      { start: 2, end: 4 },
      { status: 206, headers: headers('bytes 2-3/*'), body: '23' },
    ],
    [
      'a part without saying which',
      { start: 2, end: 4 },
      { status: 206, headers: headers(), body: '23' },
    ],
    [
      'several parts',
      { start: 2, end: 4 },
      {
        status: 206,
        headers: { ...headers(), 'Content-Type': 'multipart/byteranges; boundary=x' },
        body: '--x\r\n\r\n23\r\n--x--',
      },
    ],
    [
      'the beginning for the end',
      { suffix: 3 },
      { status: 206, headers: headers('bytes 0-2/10'), body: '012' },
    ],
    [
      'a part for the whole',
      undefined,
      { status: 206, headers: headers('bytes 0-4/10'), body: '01234' },
    ],
    ['no content', undefined, { status: 204, headers: headers() }],
    ['that nothing changed', undefined, { status: 304, headers: headers() }],
    [
      'a body that ends with its connection',
      undefined,
      { headers: headers(), body: '01234', untold: true },
    ],
    [
      'a body that is shorter than it says',
      undefined,
      { headers: { ...headers(), 'Content-Length': '10' }, body: '01234' },
    ],
    [
      'a whole body that is shorter than it says, for a part',
      { start: 0, end: 8 },
      { headers: { ...headers(), 'Content-Length': '10' }, body: '01234' },
    ],
  ])('that answers %s is refused, after tries', async (_, range, answer) => {
    server.answer = () => answer
    await expect(get(range)).rejects.toMatchObject({
      ...PASSING,
      context: { path: 's3://bucket/t/a' },
    })
    expect(server.requests.length).toBe(3)
  })

  it('is refused where a range is said to hold nothing and the object is longer', async () => {
    server.answer = line =>
      line.startsWith('HEAD')
        ? { headers: { ...headers(), 'Content-Length': '10' } }
        : { status: 416, headers: headers('bytes */10') }
    await expect(get({ start: 2, end: 4 })).rejects.toMatchObject(PASSING)
    expect((await get({ start: 10, end: 12 }))?.bytes.length).toBe(0)
  })

  it('is refused before its bytes come where a service sends a long object for a part', async () => {
    const length = String(300 * 1024 * 1024)
    server.answer = () => ({ headers: { ...headers(), 'Content-Length': length }, body: '0' })
    await expect(get({ start: 2, end: 4 })).rejects.toMatchObject({
      ...LASTING,
      message: expect.stringContaining('ignores ranges'),
    })
  })

  it.each<
    [string, { start: number; end: number } | { suffix: number } | undefined, RawAnswer, string]
  >([
    [
      'a part',
      { start: 2, end: 4 },
      { status: 206, headers: headers('bytes 2-3/10'), body: '23' },
      '23',
    ],
    [
      'a part in chunks',
      { start: 2, end: 4 },
      { status: 206, headers: headers('bytes 2-3/10'), body: '23', chunked: true },
      '23',
    ],
    [
      'a part behind the end',
      { start: 8, end: 14 },
      { status: 206, headers: headers('bytes 8-9/10'), body: '89' },
      '89',
    ],
    [
      'a longer end than there is',
      { suffix: 20 },
      { status: 206, headers: headers('bytes 0-9/10'), body: object },
      '0123456789',
    ],
    ['the whole for a part', { start: 2, end: 4 }, { headers: headers(), body: object }, '23'],
    [
      'the whole in chunks',
      undefined,
      { headers: headers(), body: object, chunked: true },
      '0123456789',
    ],
    [
      'bytes as they are stored, whatever their encoding',
      undefined,
      { headers: { ...headers(), 'Content-Encoding': 'gzip' }, body: 'stored' },
      'stored',
    ],
  ])('of %s is what it is', async (_, range, answer, text) => {
    server.answer = () => answer
    const found = await get(range)
    expect(Buffer.from(found?.bytes ?? []).toString()).toBe(text)
  })

  it.each<[string, RawAnswer]>([
    ['no length', { headers: headers(), untold: true }],
    ['nothing new', { status: 304, headers: headers() }],
  ])('of metadata that answers %s is refused, after tries', async (_, answer) => {
    server.answer = () => answer
    await expect(store().head('s3://bucket/t/a')).rejects.toMatchObject(PASSING)
    expect(server.requests.length).toBe(3)
  })
})
