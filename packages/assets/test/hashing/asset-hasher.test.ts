import { createHash } from 'node:crypto'
import { TableError } from '@spillway/core'
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
    const told: string[] = []
    const { hasher, listed, put, reads } = made(memoryStore(), {
      onRecheck: (_, path, isSame) => told.push(`${path} ${isSame}`),
    })
    await put('a', 'first')
    hasher.follow([folder])
    await done(hasher).toBe(true)
    reads.length = 0
    const other = { path: 'a', sha256: sha256('other') }
    expect(hasher.doubt(folder, { path: 'nothing', sha256: other.sha256 })).toBe(false)
    expect(hasher.doubt(folder, { path: 'a', sha256: sha256('first') })).toBe(false)
    expect(hasher.doubt(folder, { ...other, etag: '"of another"' })).toBe(false)
    expect(hasher.doubt({ ...folder, location: 's3://b/else/' }, other)).toBe(false)
    expect(hasher.doubt(folder, other)).toBe(true)
    // Anybody can say so: what was digested stands until it is read again.
    expect(await listed()).toEqual({ a: sha256('first') })
    await expect.poll(() => told).toEqual(['a true'])
    for (let i = 0; i < 100; i++) expect(hasher.doubt(folder, other)).toBe(false)
    await done(hasher).toBe(true)
    expect(reads).toEqual(['s3://b/docs/a'])
  })

  it('states another digest where the doubt was right, at once and after a restart', async () => {
    const inner = memoryStore()
    const tagged = <Meta extends object>(meta: Meta): Meta => ({ ...meta, etag: '"same"' })
    // As of a file whose size and times were put back.
    const store: typeof inner = {
      ...inner,
      async get(path, options) {
        const found = await inner.get(path, options)
        if (path.includes('/state/')) return found
        return found && { bytes: found.bytes, meta: tagged(found.meta) }
      },
      async *list(prefix, options) {
        for await (const meta of inner.list(prefix, options)) yield tagged(meta)
      },
    }
    const told: string[] = []
    // The next pass is far: a doubt does not wait for it.
    const more = {
      everyMs: 3_600_000,
      onRecheck: (_: unknown, path: string, isSame: boolean) => told.push(`${path} ${isSame}`),
    }
    const first = made(store, more)
    await first.put('a', 'first')
    first.hasher.follow([folder])
    await done(first.hasher).toBe(true)
    await first.put('a', 'other')
    expect(await first.listed()).toEqual({ a: sha256('first') })
    expect(first.hasher.doubt(folder, { path: 'a', etag: '"same"', sha256: sha256('other') })).toBe(
      true,
    )
    await expect.poll(first.listed).toEqual({ a: sha256('other') })
    await expect.poll(() => told).toEqual(['a false'])
    await first.hasher.stop()
    const second = made(store, more)
    second.hasher.follow([folder])
    await expect.poll(second.listed).toEqual({ a: sha256('other') })
    expect(second.reads).toEqual([])
  })

  it('reads what is doubted in the next pass where its store fails', async () => {
    const inner = memoryStore()
    let faults = 0
    const store: typeof inner = {
      ...inner,
      async get(path, options) {
        if (path.endsWith('/a') && faults-- > 0) throw new Error('gone for now')
        return inner.get(path, options)
      },
    }
    const told: string[] = []
    const { hasher, put } = made(store, {
      onRecheck: (_, path, isSame) => told.push(`${path} ${isSame}`),
      onError: (_, error) => told.push(String(error)),
    })
    await put('a', 'first')
    hasher.follow([folder])
    await done(hasher).toBe(true)
    faults = 1
    hasher.doubt(folder, { path: 'a', sha256: sha256('other') })
    await expect.poll(() => told).toEqual(['Error: gone for now', 'a true'])
  })

  it('takes what a store says of a large file, reads small ones, and what is doubted', async () => {
    const inner = memoryStore()
    const said = sha256('what the store says')
    const heads: string[] = []
    const store: typeof inner = {
      ...inner,
      async head(path, signal) {
        if (!path.includes('/state/')) heads.push(path)
        const found = await inner.head(path, signal)
        return found && { ...found, sha256: said }
      },
    }
    const large = 'x'.repeat(4 * 1024 ** 2 + 1)
    const { hasher, listed, put, reads } = made(store)
    await put('large', large)
    await put('small', 'few')
    hasher.follow([folder])
    await done(hasher).toBe(true)
    expect(await listed()).toEqual({ large: said, small: sha256('few') })
    expect([heads, reads]).toEqual([['s3://b/docs/large'], ['s3://b/docs/small']])
    hasher.doubt(folder, { path: 'large', sha256: sha256(large) })
    await expect.poll(listed).toEqual({ large: sha256(large), small: sha256('few') })
  })

  it('takes nothing of what a store says of another file than was listed', async () => {
    const inner = memoryStore()
    const store: typeof inner = {
      ...inner,
      async head(path, signal) {
        const found = await inner.head(path, signal)
        return found && { ...found, etag: '"another"', sha256: sha256('another') }
      },
    }
    const large = 'x'.repeat(4 * 1024 ** 2 + 1)
    const { hasher, listed, put } = made(store)
    await put('large', large)
    hasher.follow([folder])
    await expect.poll(listed).toEqual({ large: sha256(large) })
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

  it('reads what is not refused, and tells once what is', async () => {
    const inner = memoryStore()
    const store: typeof inner = {
      ...inner,
      async get(path, options) {
        if (!/\/docs\/[ab]$/.test(path)) return inner.get(path, options)
        throw new TableError('STORAGE_UNAVAILABLE', `${path} is archived`, { retryable: false })
      },
    }
    const told: string[] = []
    const onError = (_: unknown, error: unknown) => told.push((error as Error).message)
    const { hasher, listed, put } = made(store, { onError, everyMs: 3_600_000 })
    for (const name of ['a', 'b', 'c']) await put(name, name)
    hasher.follow([folder])
    await expect.poll(listed).toEqual({ a: undefined, b: undefined, c: sha256('c') })
    await expect.poll(() => told).toHaveLength(1)
    expect(told[0]).toMatch(/^s3:\/\/b\/docs\/a is archived; .* 1 more file of the folder$/)
  })

  it('comes behind a thousand files that are refused with the next pass, and keeps what it has', async () => {
    const inner = memoryStore()
    const store: typeof inner = {
      ...inner,
      async get(path, options) {
        if (!path.includes('/cold/')) return inner.get(path, options)
        throw new TableError('STORAGE_UNAVAILABLE', 'archived', { retryable: false })
      },
    }
    const { hasher, listed, put } = made(store)
    for (const name of ['a', 'z']) await put(name, name)
    for (let i = 0; i < 1100; i++) await put(`cold/${String(i).padStart(4, '0')}`, 'x')
    hasher.follow([folder])
    await expect.poll(() => hasher.progressOf(folder)?.hashedFiles).toBe(2)
    expect(
      (await storeState(inner, 's3://b/state').get(stateKeyOf()))?.bytes.length,
    ).toBeGreaterThan(0)
    expect((await listed()).a).toBe(sha256('a'))
  })

  it('keeps what a pass has made that did not come to its end', async () => {
    const inner = memoryStore()
    let faults = 1
    const store: typeof inner = {
      ...inner,
      async get(path, options) {
        if (path.endsWith('/b') && faults-- > 0) throw new Error('gone for now')
        if (path.endsWith('/b')) await inner.delete(path)
        return inner.get(path, options)
      },
    }
    const first = made(store)
    await first.put('a', 'first')
    await first.put('b', 'is gone when it is read')
    first.hasher.follow([folder])
    await expect.poll(() => first.hasher.progressOf(folder)?.files).toBe(1)
    const state = storeState(inner, 's3://b/state')
    await expect.poll(async () => (await state.get(stateKeyOf())) !== undefined).toBe(true)
  })

  it('hashes what it may read, and tells what it may not once for as long as that is the same', async () => {
    const inner = memoryStore()
    const closed = new Set(['a', 'c'])
    const store: typeof inner = {
      ...inner,
      async get(path, options) {
        if (!closed.has(path.slice(folder.location.length))) return inner.get(path, options)
        const cause = Object.assign(new Error('no'), { code: 'EACCES' })
        throw new TableError('STORAGE_UNAVAILABLE', 'no', {
          context: { path },
          cause,
          retryable: false,
        })
      },
    }
    const told: string[] = []
    const { hasher, listed, put, reads } = made(store, {
      onError: (_, error) => told.push(String(error)),
    })
    for (const name of ['a', 'b', 'c', 'd']) await put(name, name)
    hasher.follow([folder])
    const some = { a: undefined, b: sha256('b'), c: undefined, d: sha256('d') }
    await expect.poll(listed).toEqual(some)
    const before = reads.length
    await expect.poll(() => reads.length).toBeGreaterThan(before + 6)
    expect(told).toEqual([
      expect.stringContaining(
        '2 files have no digests: the server may not read "a" in this folder: its provider',
      ),
    ])
    closed.clear()
    await expect.poll(listed).toEqual({ ...some, a: sha256('a'), c: sha256('c') })
    expect(told).toHaveLength(1)
  })

  it('hashes folders that are found, as they come and go, and keeps them while none can be looked for', async () => {
    const { hasher, store, listed, put } = made()
    await put('a', 'first')
    let find = async (): Promise<readonly (typeof folder)[]> => []
    hasher.follow([], () => find())
    expect(hasher.progressOf(folder)).toBeUndefined()
    find = async () => [folder]
    await expect.poll(listed).toEqual({ a: sha256('first') })
    let asked = 0
    find = async () => {
      asked++
      throw new Error('not reached')
    }
    await put('b', 'second')
    await expect.poll(listed).toEqual({ a: sha256('first'), b: sha256('second') })
    expect(asked).toBeGreaterThan(0)
    const other = { id: 'other', location: 's3://b/other/' }
    await store.put(`${other.location}x`, Buffer.from('x'))
    find = async () => [other]
    await expect.poll(() => hasher.progressOf(other)?.hashedFiles).toBe(1)
    expect(hasher.progressOf(folder)).toBeUndefined()
  })

  it('goes no faster than it may', async () => {
    const { hasher, put } = made(memoryStore(), { bytesPerSecond: 1000 })
    await put('a', 'x'.repeat(300))
    const began = performance.now()
    hasher.follow([folder])
    await done(hasher).toBe(true)
    expect(performance.now() - began).toBeGreaterThan(280)
  })

  it('goes no faster with many files at once', async () => {
    const { hasher, put } = made(memoryStore(), { bytesPerSecond: 4000 })
    for (let i = 0; i < 40; i++) await put(`f${i}`, 'x'.repeat(30))
    const began = performance.now()
    hasher.follow([folder])
    await done(hasher).toBe(true)
    expect(performance.now() - began).toBeGreaterThan(280)
  })

  it('reads small files some at once, and large ones in turn beside them', async () => {
    const inner = memoryStore()
    const under = { small: 0, large: 0 }
    const most = { small: 0, large: 0 }
    const { hasher, put } = made({
      ...inner,
      async get(path, options) {
        const size = /(small|large)/.exec(path)?.[0] as 'small' | 'large' | undefined
        if (size === undefined) return inner.get(path, options)
        most[size] = Math.max(most[size], ++under[size])
        await new Promise(later => setTimeout(later, 5))
        under[size]--
        return inner.get(path, options)
      },
    })
    for (let i = 0; i < 60; i++) await put(`small-${i}`, String(i))
    for (let i = 0; i < 4; i++) await put(`large-${i}`, String(i).repeat(1024 ** 2))
    hasher.follow([folder])
    await done(hasher).toBe(true)
    expect(most).toEqual({ small: 8, large: 1 })
  })

  it('keeps what it has where its store goes away, and asks no more of it', async () => {
    const inner = memoryStore()
    let asked = 0
    let isAway = true
    const store: typeof inner = {
      ...inner,
      async get(path, options) {
        if (!path.includes('/docs/')) return inner.get(path, options)
        asked++
        if (isAway && asked > 50) throw new TableError('STORAGE_UNAVAILABLE', 'away')
        return inner.get(path, options)
      },
    }
    const errors: unknown[] = []
    const more = { everyMs: 60_000, onError: (_: unknown, error: unknown) => errors.push(error) }
    const first = made(store, more)
    for (let i = 0; i < 200; i++) await first.put(`f${i}`, String(i))
    first.hasher.follow([folder])
    await expect.poll(() => errors.length).toBe(1)
    await first.hasher.stop()
    expect(asked).toBeLessThan(50 + 9)
    isAway = false
    asked = 0
    const next = made(store)
    next.hasher.follow([folder])
    await done(next.hasher).toBe(true)
    expect(asked).toBe(150)
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
