import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ObjectStore, TableError } from '@spillway/core'
import { localStore, memoryStore } from '@spillway/storage'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAssetFiles } from '../../src/node.js'

const folderOf = (name: string) => ({ id: name, location: `s3://b/${name}/` })
const turn = () => new Promise(resolve => setImmediate(resolve))

/** Listings that go on when they are let, and what is known of them. */
class SlowStore {
  begun: string[] = []
  underWay = new Set<string>()
  #go: () => void = () => undefined
  #waits = new Promise<void>(resolve => {
    this.#go = resolve
  })
  readonly store: ObjectStore

  constructor(files = 3000) {
    this.store = { ...memoryStore(), list: (prefix, options) => this.#list(prefix, files, options) }
  }

  go(): void {
    this.#go()
  }

  async *#list(
    prefix: string,
    files: number,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): ReturnType<ObjectStore['list']> & AsyncGenerator {
    this.begun.push(prefix.slice('s3://b/'.length, -1))
    this.underWay.add(prefix)
    try {
      const aborted = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(new TableError('CANCELLED', 'stopped')))
      })
      await Promise.race([this.#waits, aborted])
      for (let i = 0; i < files; i++) {
        yield { path: `${prefix}${String(i).padStart(7, '0')}`, size: 1, lastModified: 1 }
      }
    } finally {
      this.underWay.delete(prefix)
    }
  }
}

describe('listings under way', () => {
  let slow: SlowStore
  let files: ReturnType<typeof createAssetFiles>
  beforeEach(() => {
    slow = new SlowStore()
    files = createAssetFiles({ store: slow.store, signers: [] })
  })
  const ask = (name: string, asker?: string, signal?: AbortSignal) =>
    files.list(folderOf(name), { maxResults: 1, asker, signal })

  it('are one for all who ask, however long it takes', async () => {
    const clock = vi.spyOn(performance, 'now')
    const asked = Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        clock.mockReturnValue(i * 5000)
        return ask('many', `r${i % 3}`)
      }),
    )
    await turn()
    slow.go()
    const pages = await asked
    expect(new Set(pages.map(({ snapshotId }) => snapshotId)).size).toBe(1)
    expect(slow.begun).toEqual(['many'])
  })

  it('end when nobody waits any more, and not before', async () => {
    const [one, other] = [new AbortController(), new AbortController()]
    const asked = [ask('many', 'a', one.signal), ask('many', 'b', other.signal)]
    const ends = Promise.allSettled(asked)
    await turn()
    one.abort()
    await turn()
    expect(slow.underWay.size).toBe(1)
    other.abort()
    await ends
    await turn()
    expect(slow.underWay.size).toBe(0)
    slow.go()
    // Whoever comes then gets a new one, whole.
    expect((await ask('many', 'a')).files).toHaveLength(1)
  })

  it('leave nothing behind, however often somebody asks and hangs up', async () => {
    for (let i = 0; i < 50; i++) {
      const hungUp = new AbortController()
      const asked = ask('many', 'a', hungUp.signal)
      await turn()
      hungUp.abort()
      await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' })
    }
    await turn()
    expect([slow.begun.length, slow.underWay.size]).toEqual([50, 0])
  })

  it('are few of one who asks, and few of all', async () => {
    const of = (asker: string) => Array.from({ length: 5 }, (_, i) => ask(`${asker}${i}`, asker))
    const asked = ['a', 'b', 'c', 'd', 'e'].flatMap(of)
    await turn()
    expect(slow.begun).toEqual(['a0', 'a1', 'b0', 'b1', 'c0', 'c1', 'd0', 'd1'])
    slow.go()
    await Promise.all(asked)
    expect(slow.begun).toHaveLength(25)
  })

  it('begin where another who asks for the same may have one', async () => {
    const asked = ['1', '2', '3'].map(name => ask(name, 'a'))
    await turn()
    expect(slow.begun).toEqual(['1', '2'])
    asked.push(ask('3', 'b'))
    await turn()
    expect(slow.begun).toEqual(['1', '2', '3'])
    slow.go()
    await Promise.all(asked)
  })

  it('who gave up before it began has none', async () => {
    const hungUp = new AbortController()
    const asked = [ask('1', 'a'), ask('2', 'a')]
    const third = ask('3', 'a', hungUp.signal)
    await turn()
    hungUp.abort()
    await expect(third).rejects.toMatchObject({ code: 'CANCELLED' })
    slow.go()
    await Promise.all(asked)
    expect(slow.begun).toEqual(['1', '2'])
  })

  it('share the memory of those that are kept: one goes on at a time where it is full', async () => {
    const tight = new SlowStore(5000)
    let most = 0
    const growing = new Set<string>()
    const { list } = tight.store
    const watched = createAssetFiles({
      signers: [],
      listingBytes: 1,
      store: {
        ...tight.store,
        async *list(prefix, options) {
          let count = 0
          for await (const file of list(prefix, options)) {
            // Before more than one step was taken, nobody knows how much it will be.
            if (++count > 1024) growing.add(prefix)
            most = Math.max(most, growing.size)
            yield file
          }
          growing.delete(prefix)
        },
      },
    })
    tight.go()
    await Promise.all(
      ['1', '2', '3', '4'].map(name => watched.list(folderOf(name), { maxResults: 1 })),
    )
    expect(most).toBe(1)
  })

  it('are kept for further pages where they fit, also beside nothing else', async () => {
    // Some 280 kB are listed.
    const files = createAssetFiles({ store: slow.store, signers: [], listingBytes: 400_000 })
    slow.go()
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    try {
      const { snapshotId, next } = await files.list(folderOf('a'), { maxResults: 1000 })
      // Nobody shares it any more.
      vi.advanceTimersByTime(5000)
      const from = { snapshotId, after: next! }
      const page = await files.list(folderOf('a'), { maxResults: 1000, from })
      expect(page.files[0]!.path).toBe('0001000')
    } finally {
      vi.useRealTimers()
    }
    expect(slow.begun).toEqual(['a'])
  })
})

describe('names that nobody could ask for', () => {
  const root = mkdtempSync(join(tmpdir(), 'spillway-names-'))
  afterAll(() => rmSync(root, { recursive: true }))

  it('are left out of a listing, which is told once; no link is followed out', async () => {
    const docs = join(root, 'docs')
    mkdirSync(docs)
    writeFileSync(join(root, 'outside.txt'), 'outside')
    for (const name of ['a.txt', '%2e%2e', '%2E', 'a%2e']) writeFileSync(join(docs, name), name)
    symlinkSync(join(root, 'outside.txt'), join(docs, 'out.txt'))
    symlinkSync(root, join(docs, 'out'))
    symlinkSync('.', join(docs, 'self'))
    const told: string[] = []
    const made = (tell: string[]) =>
      createAssetFiles({
        store: localStore({ roots: [root] }),
        signers: [{ covers: () => true, sign: async urls => ({ urls, expiresAt: 1 }) }],
        onError: (_, error) => tell.push(String(error)),
      })
    const folder = { id: 'docs', location: `file://${docs}/` }
    const files = made(told)
    const { files: listed } = await files.list(folder, { maxResults: 10 })
    expect(listed.map(({ path }) => path)).toEqual(['a%2e', 'a.txt'])
    expect(told).toEqual([expect.stringMatching(/: 5 names are neither listed nor signed; "/)])
    const paths = listed.map(({ path }) => path)
    expect(await files.sign(folder, paths, { expiresInSeconds: 1 })).toHaveLength(2)
    await expect(files.sign(folder, ['%2e%2e'], { expiresInSeconds: 1 })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: /found "%2e%2e", which has a segment '\.' or '\.\.'/,
    })
  })

  it('are left out on stores too', async () => {
    const store = memoryStore()
    for (const name of ['a', '/x', 'b//c', 'd/../e', 'folder/', 'f'.repeat(5000)]) {
      await store.put(`s3://b/docs/${name}`, Buffer.from(name))
    }
    const files = createAssetFiles({ store, signers: [] })
    const listed = await files.list(folderOf('docs'), { maxResults: 10 })
    expect(listed.files.map(({ path }) => path)).toEqual(['a'])
  })
})
