import { createHash } from 'node:crypto'
import { memoryStore, storeState } from '@spillway/storage'
import { afterEach, describe, expect, it } from 'vitest'
import { decodeHashes, encodeHashes } from '../../src/hashing/kept-hashes.js'
import { AssetHasher, createAssetFiles } from '../../src/node.js'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const folder = { id: 'docs', location: 's3://b/docs/' }

const running: AssetHasher[] = []
afterEach(async () => {
  for (const hasher of running.splice(0)) await hasher.stop()
})

function made(
  store = memoryStore(),
  more: Partial<ConstructorParameters<typeof AssetHasher>[0]> = {},
) {
  const reads: string[] = []
  const counted: typeof store = {
    ...store,
    async get(path, options) {
      if (!path.includes('/state/')) reads.push(path)
      return store.get(path, options)
    },
  }
  const hasher = new AssetHasher({
    store: counted,
    state: storeState(store, 's3://b/state'),
    everyMs: 20,
    ...more,
  })
  running.push(hasher)
  const files = createAssetFiles({ store, signers: [], digests: hasher })
  const listed = async () =>
    Object.fromEntries(
      (await files.list(folder, { maxResults: 100 })).files.map(file => [file.path, file.sha256]),
    )
  const put = (name: string, text: string) => store.put(folder.location + name, Buffer.from(text))
  return { hasher, store, listed, put, reads }
}

const done = (hasher: AssetHasher) =>
  expect.poll(() => {
    const { files, hashedFiles } = hasher.progressOf(folder)!
    return files > 0 && files === hashedFiles
  })

describe('hashing', () => {
  it('tells the digests of files once they are made, and before that none', async () => {
    const { hasher, listed, put } = made()
    await put('a', 'first')
    await put('b/c', '')
    expect(await listed()).toEqual({ a: undefined, 'b/c': undefined })
    hasher.follow([folder])
    await done(hasher).toBe(true)
    expect(await listed()).toEqual({ a: sha256('first'), 'b/c': sha256('') })
    expect(hasher.progressOf(folder)).toEqual({
      ...{ files: 2, hashedFiles: 2, bytes: 5, hashedBytes: 5 },
    })
  })

  it('hashes again what was changed, and nothing else', async () => {
    const { hasher, listed, put, reads, store } = made()
    await put('a', 'first')
    await put('b', 'second')
    hasher.follow([folder])
    await done(hasher).toBe(true)
    reads.length = 0
    await put('b', 'changed')
    await put('c', 'new')
    await expect.poll(listed).toEqual({
      a: sha256('first'),
      b: sha256('changed'),
      c: sha256('new'),
    })
    expect(new Set(reads)).toEqual(new Set(['s3://b/docs/b', 's3://b/docs/c']))
    await store.delete('s3://b/docs/a')
    await expect.poll(() => hasher.progressOf(folder)?.files).toBe(2)
  })

  it('goes on after a restart with what it had', async () => {
    const first = made()
    await first.put('a', 'first')
    first.hasher.follow([folder])
    await done(first.hasher).toBe(true)
    await expect
      .poll(
        async () => (await storeState(first.store, 's3://b/state').get(stateKeyOf())) !== undefined,
      )
      .toBe(true)
    await first.hasher.stop()
    const second = made(first.store)
    second.hasher.follow([folder])
    await expect.poll(second.listed).toEqual({ a: sha256('first') })
    expect(second.reads).toEqual([])
  })

  it('hashes again what somebody found to be other bytes', async () => {
    const { hasher, listed, put, reads } = made()
    await put('a', 'first')
    hasher.follow([folder])
    await done(hasher).toBe(true)
    reads.length = 0
    hasher.doubt(folder, 'a')
    hasher.doubt(folder, 'nothing')
    expect(await listed()).toEqual({ a: undefined })
    await expect.poll(listed).toEqual({ a: sha256('first') })
    expect(reads).toEqual(['s3://b/docs/a'])
  })

  it('leaves a file that changes while it is read for the next pass', async () => {
    const inner = memoryStore()
    const long = 'x'.repeat(9 * 1024 * 1024)
    let changes = 1
    const store: typeof inner = {
      ...inner,
      async get(path, options) {
        const found = await inner.get(path, options)
        if (path.endsWith('/big') && changes-- > 0) await inner.put(path, Buffer.from(`y${long}`))
        return found
      },
    }
    await inner.put('s3://b/docs/big', Buffer.from(long))
    const { hasher, listed } = made(store)
    hasher.follow([folder])
    await expect.poll(listed).toEqual({ big: sha256(`y${long}`) })
  })

  it('tries again where a store fails, and says so', async () => {
    const inner = memoryStore()
    let faults = 2
    const store: typeof inner = {
      ...inner,
      async get(path, options) {
        if (path.endsWith('/a') && faults-- > 0) throw new Error('gone for now')
        return inner.get(path, options)
      },
    }
    const told: unknown[] = []
    const { hasher, listed, put } = made(store, { onError: (_, error) => told.push(error) })
    await put('a', 'first')
    hasher.follow([folder])
    await expect.poll(listed).toEqual({ a: sha256('first') })
    expect(told).toHaveLength(2)
  })

  it('goes no faster than it may', async () => {
    const { hasher, put } = made(memoryStore(), { bytesPerSecond: 1000 })
    await put('a', 'x'.repeat(300))
    const began = performance.now()
    hasher.follow([folder])
    await done(hasher).toBe(true)
    expect(performance.now() - began).toBeGreaterThan(280)
  })

  it('looks through very many files in steps', async () => {
    const inner = memoryStore()
    let isListed = false
    const store: typeof inner = {
      ...inner,
      async *list(prefix, options) {
        if (!prefix.includes('/docs/')) return yield* inner.list(prefix, options)
        for (let i = 0; i < 400_000; i++) {
          yield { path: `${prefix}f${String(i).padStart(7, '0')}`, size: 0, lastModified: 0 }
        }
        isListed = true
      },
    }
    const { hasher } = made(store)
    const turn = () => new Promise(resolve => setImmediate(resolve))
    hasher.follow([folder])
    while (!isListed) await turn()
    let turns = 0
    for (; hasher.progressOf(folder)?.files !== 400_000; turns++) await turn()
    expect(turns).toBeGreaterThan(5)
  })

  it('of folders that are not followed any more tells nothing', async () => {
    const { hasher, listed, put } = made()
    await put('a', 'first')
    hasher.follow([folder])
    await done(hasher).toBe(true)
    hasher.follow([])
    expect(await listed()).toEqual({ a: undefined })
    expect(hasher.progressOf(folder)).toBeUndefined()
  })
})

function stateKeyOf(): string {
  const key = createHash('sha256').update(folder.location)
  return `hashes/${key.digest('hex').slice(0, 32)}`
}

describe('what is kept', () => {
  const hashes = new Map([
    ['a\n"b', { size: 1, etag: '"e"', sha256: 'a'.repeat(64) }],
    ['é/\u2028', { size: 2 ** 50, etag: '"f"', sha256: '0'.repeat(64) }],
  ])
  it('comes back as it was', async () => {
    expect(await decodeHashes(await encodeHashes(hashes))).toEqual(hashes)
    expect(await decodeHashes(await encodeHashes(new Map()))).toEqual(new Map())
  })

  it.each([
    '',
    '{"version":2}\n',
    '{"version":1}',
    '{"version":1}\n["a",1,"e"]\n',
    `{"version":1}\n["a",1,"e","${'A'.repeat(64)}"]\n`,
    '{"version":1}\n{"a"\n',
    '{"version":1}\n\n',
  ])('is refused as %j', async text => {
    await expect(decodeHashes(Buffer.from(text))).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })
})
