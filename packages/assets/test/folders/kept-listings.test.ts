import { memoryStore, storeState } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { ListingBuilder, pageOf } from '../../src/folders/folder-listing.js'
import { KeptListings } from '../../src/folders/kept-listings.js'
import { createAssetFiles } from '../../src/node.js'

const folder = { id: 'docs', location: 's3://b/docs/' }

function listingOf(paths: readonly string[], tag = '"e"') {
  const builder = new ListingBuilder()
  const sorted = [...paths].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  for (const [i, path] of sorted.entries()) {
    builder.add({ path, size: i, lastModified: i * 10, etag: i % 3 === 0 ? undefined : tag })
  }
  return builder.finish()
}

/** Folders of several sizes, names of several lengths, and letters whose order in UTF-8 is not that of UTF-16. */
const PATHS = Array.from({ length: 40 }, (_, i) =>
  [`a/${i}`, `b${i % 7}/${i}`, `é/${i}`, `\u{1F600}${i}`, `\uFF5E${i}`][i % 5]!.repeat(1 + (i % 2)),
)

describe('a listing that is kept', () => {
  it.each([1, 3, 8, 40, 1000])(
    'has the pages of the listing, in pieces of %i',
    async pieceFiles => {
      const listing = listingOf(PATHS)
      const kept = new KeptListings({
        state: storeState(memoryStore(), 's3://b/state'),
        pieceFiles,
      })
      await kept.keep(folder, listing)
      for (const prefix of [
        '',
        'a',
        'a/',
        'b3/',
        'é/',
        '\uFF5E',
        '\u{1F600}',
        'zz',
        '\u{10FFFF}',
      ]) {
        for (const maxResults of [1, 7, 100]) {
          for (let after: number | undefined = 0; after !== undefined; ) {
            const query = { prefix, maxResults, from: { snapshotId: listing.id, after } }
            const expected = pageOf(listing, query)
            expect(await kept.page(folder, query)).toEqual(expected)
            after = expected.next
          }
        }
      }
    },
  )

  it('is that of its folder and id alone', async () => {
    const listing = listingOf(PATHS)
    const kept = new KeptListings({ state: storeState(memoryStore(), 's3://b/state') })
    await kept.keep(folder, listing)
    const query = { prefix: '', maxResults: 1, from: { snapshotId: listing.id, after: 0 } }
    expect(await kept.page(folder, query)).toBeDefined()
    for (const other of [
      { ...folder, id: 'else' },
      { ...folder, location: 's3://b/else/' },
    ]) {
      expect(await kept.page(other, query)).toBeUndefined()
    }
    const unknown = { ...query, from: { snapshotId: 'another', after: 0 } }
    expect(await kept.page(folder, unknown)).toBeUndefined()
  })

  it('is deleted with all of its pieces: after its time, and where there are too many', async () => {
    let now = 0
    const store = memoryStore()
    const state = storeState(store, 's3://b/state')
    const options = { mostListings: 3, mostFiles: 100, keptMs: 1000, pieceFiles: 4 }
    const kept = new KeptListings({ state, ...options, clock: () => now })
    const keep = async (name: string, files = 10) => {
      const listing = listingOf(Array.from({ length: files }, (_, i) => `${name}${i}`))
      await kept.keep(folder, listing)
      return async () => {
        const query = { prefix: '', maxResults: 1, from: { snapshotId: listing.id, after: 9 } }
        // In another process, which remembers nothing.
        const other = new KeptListings({ state, ...options, clock: () => now })
        return (await other.page(folder, query)) !== undefined
      }
    }
    const listings = async () => {
      const names = new Set<string>()
      for await (const { path } of store.list('s3://b/state/listings/')) {
        names.add(path.split('/')[5]!)
      }
      names.delete('index')
      return names.size
    }
    const all = [await keep('a'), await keep('b'), await keep('c')]
    expect(await Promise.all(all.map(is => is()))).toEqual([true, true, true])
    all.push(await keep('d'))
    expect(await Promise.all(all.map(is => is()))).toEqual([false, true, true, true])
    expect(await listings()).toBe(3)
    all.push(await keep('large', 85))
    expect(await Promise.all(all.map(is => is()))).toEqual([false, false, false, true, true])
    now = 1000
    expect(await Promise.all(all.map(is => is()))).toEqual(new Array(5).fill(false))
    all.push(await keep('e'))
    expect(await listings()).toBe(1)
  })

  it.each([
    ['index', /index\/\d+$/],
    ['head', /head\/\d+$/],
    ['piece', /\/1\/\d+$/],
  ])('is not there where its %s is broken, cut or of another version', async (_, name) => {
    for (const text of ['', '[]', '{}', '[[1]]', '[{"id":"x"}]', 'x']) {
      const store = memoryStore()
      const state = storeState(store, 's3://b/state')
      const listing = listingOf(PATHS)
      await new KeptListings({ state, pieceFiles: 4 }).keep(folder, listing)
      for await (const { path } of store.list('s3://b/state/')) {
        if (name.test(path)) await store.put(path, Buffer.from(text))
      }
      const query = { prefix: '', maxResults: 9, from: { snapshotId: listing.id, after: 0 } }
      expect(await new KeptListings({ state }).page(folder, query)).toBeUndefined()
    }
  })
})

describe('pages of a folder that changes', () => {
  const put = (store: ReturnType<typeof memoryStore>, name: string) =>
    store.put(folder.location + name, Buffer.from(name))

  it('are all of one listing, when memory is full and when another process goes on', async () => {
    const store = memoryStore()
    for (const name of ['a', 'b', 'c', 'd', 'e']) await put(store, name)
    const state = storeState(memoryStore(), 's3://b/state')
    const made = () => createAssetFiles({ store, signers: [], state, listingBytes: 1 })
    const first = await made().list(folder, { maxResults: 2 })
    await put(store, 'a2')
    const paths = first.files.map(({ path }) => path)
    for (let { next } = first; next !== undefined; ) {
      const from = { snapshotId: first.snapshotId, after: next }
      const page = await made().list(folder, { maxResults: 1, from })
      paths.push(...page.files.map(({ path }) => path))
      next = page.next
    }
    expect(paths).toEqual(['a', 'b', 'c', 'd', 'e'])
    const without = createAssetFiles({ store, signers: [] })
    const from = { snapshotId: first.snapshotId, after: 2 }
    await expect(without.list(folder, { maxResults: 1, from })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
  })

  it('write nothing where one page has all, and once where many begin the same', async () => {
    const store = memoryStore()
    for (const name of ['a', 'b', 'c']) await put(store, name)
    const kept = memoryStore()
    const writes: string[] = []
    const counted: typeof kept = {
      ...kept,
      put(path, bytes, options) {
        writes.push(path)
        return kept.put(path, bytes, options)
      },
    }
    const state = storeState(counted, 's3://b/state')
    const made = () => createAssetFiles({ store, signers: [], state })
    await made().list(folder, { maxResults: 3 })
    expect(writes).toEqual([])
    const files = made()
    await Promise.all(Array.from({ length: 20 }, () => files.list(folder, { maxResults: 1 })))
    await made().list(folder, { maxResults: 1 })
    expect(writes).toHaveLength(3)
  })

  it('come where nothing can be kept, which is told', async () => {
    const store = memoryStore()
    for (const name of ['a', 'b', 'c']) await put(store, name)
    const fails = async () => {
      throw new Error('no state')
    }
    const state = { get: fails, put: fails, delete: fails }
    const told: unknown[] = []
    const onError = (_: unknown, error: unknown) => told.push(error)
    const made = () => createAssetFiles({ store, signers: [], state, onError })
    const { snapshotId, next } = await made().list(folder, { maxResults: 2 })
    const from = { snapshotId, after: next! }
    expect((await made().list(folder, { maxResults: 2, from })).files).toMatchObject([
      { path: 'c' },
    ])
    expect(told).toHaveLength(2)
  })
})
