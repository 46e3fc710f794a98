import { afterEach, describe, expect, it } from 'vitest'
import { createSharingClient, parseAssetName, type SharingClient } from '../../src/index.js'
import { AssetServer, type AssetServerOptions, DOCS, noise } from '../support/asset-server.js'

let server: AssetServer
let client: SharingClient
afterEach(() => server?.close())

async function start(options: Partial<AssetServerOptions> = {}): Promise<void> {
  server = await new AssetServer({
    files: { 'a.txt': 'first', 'b/c.txt': 'second' },
    ...options,
  }).start()
  client = createSharingClient(server.profile, { retry: { retries: 2, baseDelayMs: 1 } })
}

const VOLUME = { share: 'lake', schema: 'kb', name: 'docs', kind: 'volume' } as const

async function pathsOf(options = {}): Promise<string[]> {
  const paths: string[] = []
  for await (const { files } of client.files(VOLUME, options)) paths.push(...files.map(f => f.path))
  return paths
}

describe('names', () => {
  it.each([
    ['lake.kb.docs', { share: 'lake', schema: 'kb', name: 'docs' }],
    ['lake.eu.kb.churn@3', { share: 'lake.eu', schema: 'kb', name: 'churn', version: '3' }],
    ['lake.kb.churn@v1.2', { share: 'lake', schema: 'kb', name: 'churn', version: 'v1.2' }],
    ['a@b.kb.churn@best', { share: 'a@b', schema: 'kb', name: 'churn', version: 'best' }],
  ])('%s', (text, parts) => expect(parseAssetName(text)).toEqual(parts))

  it.each(['', 'docs', 'kb.docs', 'lake..docs', 'lake.kb.', 'lake.kb.docs@'])('refuse %j', text =>
    expect(() => parseAssetName(text)).toThrow(/expected share\.schema\.asset/),
  )
})

it('a name without end is refused at once', () => {
  expect(() => parseAssetName('a.'.repeat(1_000_000))).toThrow(/expected share\.schema\.asset/)
})

describe('assets', () => {
  it('are found by name, a model with its newest version', async () => {
    await start()
    expect(await client.asset(parseAssetName('lake.kb.docs@snap'))).toMatchObject({
      kind: 'volume',
      folder: VOLUME,
      snapshotId: 'snap',
    })
    for (const name of ['lake.kb.churn', 'lake.kb.churn@3', 'lake.kb.churn@best']) {
      expect(await client.asset(parseAssetName(name))).toMatchObject({
        kind: 'model',
        folder: { kind: 'model', name: 'churn', version: 3 },
        version: { aliases: ['best'] },
      })
    }
    await expect(client.asset(parseAssetName('lake.kb.nope'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('no volume, model or skill lake.kb.nope'),
    })
    await expect(client.asset(parseAssetName('lake.kb.churn@7'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  it('are refused where a name is a volume and a model, and found where the kind is said', async () => {
    await start()
    const both = { share: 'lake', schema: 'kb', name: 'docs' }
    const twice = {
      ...client,
      skill: async () => ({ ...both, description: '', storageLocation: '' }),
    }
    const { findAsset } = await import('../../src/assets/find-asset.js')
    await expect(findAsset(twice, both, {})).rejects.toMatchObject({
      message: expect.stringContaining('a volume and a skill'),
    })
    expect(await findAsset(twice, both, { kind: 'skill' })).toMatchObject({ kind: 'skill' })
  })

  it.each([
    ['a share', { share: 'other' }],
    ['a schema', { schema: 'private' }],
    ['a name', { name: 'private', modelName: 'private' }],
  ])('of %s that was not asked for are refused', async (_, other) => {
    await start({ answer: (_path, body) => ({ ...(body as object), ...other }) })
    const named = { share: 'lake', schema: 'kb' }
    const asks = [
      client.volume({ ...named, name: 'docs' }),
      client.model({ ...named, name: 'churn' }),
      client.modelVersion({ ...named, name: 'churn' }, 3),
      client.modelVersion({ ...named, name: 'churn' }, 'best'),
      client.asset(parseAssetName('lake.kb.docs'), { kind: 'volume' }),
    ]
    for (const asked of asks) {
      await expect(asked).rejects.toMatchObject({
        code: 'TABLE_CORRUPT',
        message: expect.stringContaining('was asked for'),
      })
    }
  })

  it('are what the server spells in another case', async () => {
    await start({ answer: (_path, body) => ({ ...(body as object), share: 'Lake', name: 'DOCS' }) })
    const { folder } = await client.asset(parseAssetName('lake.kb.docs'), { kind: 'volume' })
    expect(folder).toEqual({ kind: 'volume', share: 'Lake', schema: 'kb', name: 'DOCS' })
  })

  it('are another version than was asked for: refused', async () => {
    await start({
      answer: (path, body) =>
        path.endsWith('/versions/3') ? { ...(body as object), version: 4 } : body,
    })
    await expect(client.asset(parseAssetName('lake.kb.churn@3'))).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
  })

  it('are listed with integers in strings, nulls and names in snake case', async () => {
    await start({
      answer: (path, body) =>
        path.endsWith('/versions')
          ? {
              items: [
                {
                  model_name: 'churn',
                  version: '3',
                  status: 'READY',
                  storage_location: 's3://b/',
                  run_id: null,
                },
              ],
            }
          : body,
    })
    const versions = []
    const name = { share: 'lake', schema: 'kb', name: 'churn' }
    for await (const each of client.modelVersions(name)) versions.push(each)
    expect(versions).toMatchObject([{ modelName: 'churn', version: 3, share: 'lake' }])
  })
})

describe('files', () => {
  it('are listed page by page, all of one listing, and by prefix', async () => {
    await start({ pageSize: 1 })
    expect(await pathsOf()).toEqual(['a.txt', 'b/c.txt'])
    expect(await pathsOf({ prefix: 'b/' })).toEqual(['b/c.txt'])
  })

  it('of a listing that the server no longer has are a conflict that says so', async () => {
    await start({ pageSize: 1 })
    const pages = client.files(VOLUME)[Symbol.asyncIterator]()
    await pages.next()
    server.put('a.txt', 'changed')
    await expect(pages.next()).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('lake.kb.docs changed while they were listed'),
    })
  })

  const FILE = { path: 'a', size: 1, etag: '"e"' }
  it.each([
    ['no snapshot', { items: [FILE], snapshotId: null }],
    ['a path twice', { items: [FILE, FILE] }],
    ['a path that is none', { items: [{ ...FILE, path: 5 }] }],
    ['an empty path', { items: [{ ...FILE, path: '' }] }],
    ['no size', { items: [{ path: 'a' }] }],
    ['a negative size', { items: [{ ...FILE, size: -1 }] }],
    ['a size with a fraction', { items: [{ ...FILE, size: 1.5 }] }],
    ['a size beyond what can be counted', { items: [{ ...FILE, size: '99999999999999999' }] }],
    ['a tag with the end of a line', { items: [{ ...FILE, etag: '"a\r\nx: y"' }] }],
    ['a tag without quotes', { items: [{ ...FILE, etag: 'abc' }] }],
    ['a digest that is none', { items: [{ ...FILE, sha256: 'abc' }] }],
    ['a digest in capitals', { items: [{ ...FILE, sha256: 'A'.repeat(64) }] }],
    ['files that are no list', { items: { 0: FILE } }],
  ])('with %s are refused', async (_, body) => {
    await start({
      answer: (path, answer) => (path.endsWith('/files') ? { snapshotId: 's', ...body } : answer),
    })
    await expect(pathsOf()).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringContaining("the server's answer cannot be used"),
    })
  })

  it.each([
    ['of two listings', (page: number) => ({ snapshotId: `s${page}` })],
    ['that come again', () => ({})],
  ])('on pages %s are refused', async (_, more) => {
    let page = 0
    await start({
      answer: (path, answer) =>
        path.endsWith('/files')
          ? {
              snapshotId: 's',
              items: [{ ...FILE, path: 'a' }],
              nextPageToken: `t${page++}`,
              ...more(page),
            }
          : answer,
    })
    await expect(pathsOf()).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })

  it('without end are refused, in a page or in many, unless more are wanted', async () => {
    let page = 0
    await start({
      answer: (path, answer) =>
        path.endsWith('/files')
          ? {
              snapshotId: 's',
              items: Array.from({ length: 50 }, (_, i) => ({ ...FILE, path: `${page}/${i}` })),
              ...(page < 6 && { nextPageToken: `t${++page}` }),
            }
          : answer,
    })
    await expect(pathsOf({ maxFiles: 120 })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('lake.kb.docs has more than 120 files'),
    })
    expect(page).toBe(3)
    page = 0
    expect(await pathsOf({ maxFiles: 350 })).toHaveLength(350)
  })

  it('with names that hold as much as many files count as many', async () => {
    const long = { ...FILE, path: 'x'.repeat(512 * 1000) }
    await start({
      answer: (path, answer) =>
        path.endsWith('/files') ? { snapshotId: 's', items: [long] } : answer,
    })
    await expect(pathsOf({ maxFiles: 1000 })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })

  it('outside the prefix that was asked for are refused', async () => {
    await start({
      answer: (path, answer) =>
        path.endsWith('/files')
          ? { snapshotId: 's', items: [{ ...FILE, path: 'secret' }] }
          : answer,
    })
    await expect(pathsOf({ prefix: 'b/' })).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })
})

describe('URLs', () => {
  it('come in the order of the paths, in as many requests as it takes', async () => {
    const paths = Array.from({ length: 1500 }, (_, i) => `f${i}`)
    await start({ files: Object.fromEntries(paths.map(path => [path, path])) })
    const wanted = paths.toReversed()
    expect((await client.fileUrls(VOLUME, wanted)).map(({ path }) => path)).toEqual(wanted)
    expect(server.asked.filter(each => each === `POST ${DOCS}/file-urls`)).toHaveLength(2)
  })

  const SIGNED = { path: 'a.txt', size: 5, url: 'https://h/a', expirationTimestamp: 1 }
  it.each([
    ['of another file', [{ ...SIGNED, path: 'b' }]],
    ['too few', []],
    ['too many', [SIGNED, SIGNED]],
    ['of this disk', [{ ...SIGNED, url: 'file:///etc/passwd' }]],
    ['that are data', [{ ...SIGNED, url: 'data:,x' }]],
    ['without an end', [{ ...SIGNED, expirationTimestamp: undefined }]],
  ])('%s are refused, and not shown', async (_, items) => {
    await start({ answer: (path, body) => (path.endsWith('/file-urls') ? { items } : body) })
    const error = await client.fileUrls(VOLUME, ['a.txt']).catch(e => e)
    expect(error).toMatchObject({ code: 'TABLE_CORRUPT' })
    expect(String(error.message)).not.toMatch(/passwd|https:\/\/h/)
  })
})

describe('a small file', () => {
  it('is fetched whole, without the token, by its tag', async () => {
    await start()
    expect(Buffer.from(await client.fetchFile(VOLUME, 'b/c.txt')).toString()).toBe('second')
    const [{ headers }] = server.fetched as [(typeof server.fetched)[0]]
    expect(headers.authorization).toBeUndefined()
    expect(headers['if-match']).toBe(server.files.get('b/c.txt')!.etag)
  })

  it('is refused where it is large, before a byte is fetched', async () => {
    await start({ files: { 'a.txt': noise(2000) } })
    await expect(client.fetchFile(VOLUME, 'a.txt', { maxBytes: 1999 })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('expected at most 1999 bytes, found 2000'),
    })
    expect(server.fetched).toEqual([])
  })

  it.each([
    ['an expired URL is signed again', { status: 403, times: 1 }],
    ['a busy store is asked again', { status: 503, times: 2 }],
    ['a changed file is signed again', { status: 412, times: 1 }],
  ])('%s', async (_, { status, times }) => {
    await start({
      fault: ({ count, response }) => {
        if (count > times) return false
        response.writeHead(status).end('<Error><Signature>s3cret</Signature></Error>')
        return true
      },
    })
    expect(Buffer.from(await client.fetchFile(VOLUME, 'a.txt')).toString()).toBe('first')
  })

  it.each([
    ['a refusal that does not end', 403, 'PERMISSION_DENIED'],
    ['a store that stays away', 503, 'STORAGE_UNAVAILABLE'],
    ['a store that does not do it', 501, 'STORAGE_UNAVAILABLE'],
    ['a file that keeps changing', 412, 'CONFLICT'],
    ['a file that is gone', 404, 'CONFLICT'],
    ['an answer that is none', 418, 'INVALID_REQUEST'],
  ])('%s is an error without a secret', async (_, status, code) => {
    await start({
      fault: ({ response }) => {
        response.writeHead(status).end('<Error><Signature>s3cret</Signature></Error>')
        return true
      },
    })
    const error = await client.fetchFile(VOLUME, 'a.txt').catch(e => e)
    expect(error).toMatchObject({ code, context: { path: 'a.txt', status } })
    expect(JSON.stringify([error.message, error.context, error.stack])).not.toContain('s3cret')
    if (status === 501) expect(server.fetched).toHaveLength(1)
  })

  it.each([
    ['bytes that are others', { body: 'FIRST', headers: { 'content-length': 5 } }, 'TABLE_CORRUPT'],
    ['an etag that is another', { body: 'first', headers: { etag: '"other"' } }, 'CONFLICT'],
    ['a length that is another', { body: 'firs', headers: { 'content-length': 4 } }, 'CONFLICT'],
    ['a body that goes on', { body: 'first and more', headers: {} }, 'TABLE_CORRUPT'],
    ['a body that ends', { body: 'firs', headers: {} }, 'STORAGE_UNAVAILABLE'],
    [
      'a body that is encoded',
      { body: 'first', headers: { 'content-encoding': 'br' } },
      'TABLE_CORRUPT',
    ],
    [
      'a part',
      { status: 206, body: 'first', headers: { 'content-range': 'bytes 0-4/5' } },
      'TABLE_CORRUPT',
    ],
  ])(
    '%s: refused',
    async (_, {
      status = 200,
      body,
      headers,
    }: { status?: number; body: string; headers: object }, code) => {
      await start({
        fault: ({ response }) => {
          response.writeHead(status, { ...headers }).end(body)
          return true
        },
      })
      await expect(client.fetchFile(VOLUME, 'a.txt')).rejects.toMatchObject({ code })
    },
  )
})
