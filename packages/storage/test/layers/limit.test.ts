import { type ObjectStore, TableError, type WritableStore } from '@spillway/core'
import { collect } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { limitStore } from '../../src/layers/limit.js'
import { memoryStore } from '../../src/memory/memory.js'

const FAST = { baseDelayMs: 0 }
const PASSING = () => new TableError('STORAGE_UNAVAILABLE', 'slow down')
const LASTING = () => new TableError('STORAGE_UNAVAILABLE', 'no such bucket', { retryable: false })

/** A memory store of three objects whose calls fail first, `failures` times in all. */
function failing(failures: number, error: () => Error): { store: WritableStore; calls: string[] } {
  const memory = memoryStore({
    objects: ['a/1', 'b/2', 'c/3'].map(key => [`memory://m/${key}`, key] as const),
  })
  const calls: string[] = []
  let left = failures
  const fail = (call: string) => {
    calls.push(call)
    if (left-- > 0) throw error()
  }
  const store: WritableStore = {
    get: async (path, options) => {
      fail('get')
      return memory.get(path, options)
    },
    head: async path => {
      fail('head')
      return memory.head(path)
    },
    // Fails after its first item, as a listing does between its pages.
    async *list(prefix, options) {
      for await (const meta of memory.list(prefix, options)) {
        yield meta
        fail(`list after ${options?.startAfter ?? 'nothing'}`)
      }
    },
    async *listPrefixes(prefix) {
      for await (const folder of memory.listPrefixes(prefix)) {
        yield folder
        fail('listPrefixes')
      }
    },
    put: async (path, bytes, options) => {
      fail('put')
      return memory.put(path, bytes, options)
    },
    delete: async path => {
      fail('delete')
      return memory.delete(path)
    },
  }
  return { store, calls }
}

describe('retries', () => {
  it('what may pass, as often as it is told', async () => {
    const { store, calls } = failing(3, PASSING)
    const got = await limitStore(store, { ...FAST, retries: 3 }).get('memory://m/a/1')
    expect([got?.bytes.length, calls.length]).toEqual([3, 4])
  })

  it('no more often than it is told', async () => {
    const { store, calls } = failing(9, PASSING)
    const limited = limitStore(store, { ...FAST, retries: 2 })
    await expect(limited.head('memory://m/a/1')).rejects.toThrowError('slow down')
    expect(calls).toHaveLength(3)
  })

  it.each([
    ['what will not pass', LASTING],
    ['what is no error of storage', () => new TableError('INTERNAL', 'a bug')],
    ['what is none of ours', () => new TypeError('a bug')],
  ])('never %s', async (_, error) => {
    const { store, calls } = failing(1, error)
    await expect(limitStore(store, FAST).delete('memory://m/a/1')).rejects.toThrowError()
    expect(calls).toHaveLength(1)
  })

  it('a put of bytes, but not of a stream that is gone', async () => {
    async function* stream() {
      yield new Uint8Array(3)
    }
    const bytes = failing(1, PASSING)
    expect(await limitStore(bytes.store, FAST).put('memory://m/d', new Uint8Array(3))).toBe(true)
    const streamed = failing(1, PASSING)
    const put = limitStore(streamed.store, FAST).put('memory://m/d', stream())
    await expect(put).rejects.toThrowError('slow down')
    expect(streamed.calls).toHaveLength(1)
  })

  it('a listing behind the last item that it gave, without repeating or missing one', async () => {
    const { store, calls } = failing(2, PASSING)
    const metas = await collect(limitStore(store, FAST).list('memory://m/'))
    expect(metas.map(({ path }) => path.slice(-1))).toEqual(['1', '2', '3'])
    expect(calls).toEqual(
      ['nothing', 'memory://m/a/1', 'memory://m/b/2'].map(c => `list after ${c}`),
    )
  })

  it('a listing of folders, passing over those it gave', async () => {
    const { store } = failing(2, PASSING)
    const folders = await collect(limitStore(store, FAST).listPrefixes('memory://m/'))
    expect(folders).toEqual(['memory://m/a/', 'memory://m/b/', 'memory://m/c/'])
  })

  it('a listing no more often than it is told', async () => {
    const { store } = failing(99, LASTING)
    await expect(collect(limitStore(store, FAST).list('memory://m/'))).rejects.toThrowError(
      'bucket',
    )
  })

  it('waits longer each time, at random below a limit', async () => {
    const { store } = failing(4, PASSING)
    const started = Date.now()
    const options = { baseDelayMs: 10, maxDelayMs: 30, random: () => 1 }
    await limitStore(store, { ...options, retries: 4 }).head('memory://m/a/1')
    // 10, 20, 30, 30.
    expect(Date.now() - started).toBeGreaterThanOrEqual(85)
  })

  it('stops waiting when cancelled', async () => {
    const { store } = failing(1, PASSING)
    const slow = limitStore(store, { baseDelayMs: 60_000, maxDelayMs: 60_000, random: () => 1 })
    const controller = new AbortController()
    const reading = slow.get('memory://m/a/1', { signal: controller.signal })
    setTimeout(() => controller.abort(), 10)
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

describe('concurrency', () => {
  /** Reads end when they are told to. */
  function gated() {
    const waiting: (() => void)[] = []
    let most = 0
    let running = 0
    const store: ObjectStore = {
      ...memoryStore(),
      async head() {
        running++
        most = Math.max(most, running)
        await new Promise<void>(resolve => waiting.push(resolve))
        running--
        return undefined
      },
    }
    return { store, waiting, most: () => most }
  }

  it('is never more than it is told', async () => {
    const { store, waiting, most } = gated()
    const limited = limitStore(store, { concurrency: 3 })
    const reads = Promise.all(Array.from({ length: 20 }, () => limited.head('memory://m/x')))
    for (let ended = 0; ended < 20; ended++) {
      await new Promise(resolve => setImmediate(resolve))
      waiting.shift()?.()
    }
    await reads
    expect(most()).toBe(3)
  })

  it('is not held by who was cancelled in the queue', async () => {
    const { store, waiting } = gated()
    const limited = limitStore(store, { concurrency: 1 })
    const first = limited.head('memory://m/1')
    const controller = new AbortController()
    const second = limited.head('memory://m/2', controller.signal)
    const third = limited.head('memory://m/3')
    controller.abort()
    await expect(second).rejects.toMatchObject({ code: 'CANCELLED' })
    waiting.shift()?.()
    await first
    await new Promise(resolve => setImmediate(resolve))
    waiting.shift()?.()
    expect(await third).toBeUndefined()
  })

  it('is free again after a failure', async () => {
    const { store } = failing(1, LASTING)
    const limited = limitStore(store, { concurrency: 1 })
    await expect(limited.head('memory://m/a/1')).rejects.toThrowError()
    expect((await limited.head('memory://m/a/1'))?.size).toBe(3)
  })

  it.each([0, -1, 1.5, Number.NaN])('is not %d', concurrency => {
    expect(() => limitStore(memoryStore(), { concurrency })).toThrowError('at least 1')
  })
})
