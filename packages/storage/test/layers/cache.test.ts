import type { WritableStore } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { type CacheOptions, cacheStore } from '../../src/layers/cache.js'
import { memoryStore } from '../../src/memory/memory.js'

function counted(options: CacheOptions) {
  const memory = memoryStore()
  const calls: string[] = []
  const store: WritableStore = {
    ...memory,
    get: (path, getOptions) => {
      calls.push(`get ${path.at(-1)}`)
      return memory.get(path, getOptions)
    },
    head: (path, signal) => {
      calls.push(`head ${path.at(-1)}`)
      return memory.head(path, signal)
    },
  }
  return { memory, calls, cached: cacheStore(store, options) }
}

const bytes = (length: number, fill = 1) => new Uint8Array(length).fill(fill)
const KB = { maxBytes: 10_000, maxEntryBytes: 5_000 }

describe('cacheStore', () => {
  it('asks for the etag, and not for the bytes again', async () => {
    const { memory, calls, cached } = counted(KB)
    await memory.put('memory://m/a', bytes(100))
    const first = await cached.get('memory://m/a')
    const second = await cached.get('memory://m/a')
    expect([calls, second]).toEqual([['get a', 'head a'], first])
  })

  it('asks for nothing where objects never change', async () => {
    const { memory, calls, cached } = counted({ ...KB, immutable: path => path.endsWith('a') })
    await memory.put('memory://m/a', bytes(100))
    await cached.get('memory://m/a')
    await cached.get('memory://m/a', { range: { suffix: 4 } })
    expect(calls).toEqual(['get a'])
  })

  it('reads again what was replaced or deleted behind it', async () => {
    const { memory, cached } = counted(KB)
    await memory.put('memory://m/a', bytes(100, 1))
    await cached.get('memory://m/a')
    await memory.put('memory://m/a', bytes(100, 2))
    expect((await cached.get('memory://m/a'))?.bytes[0]).toBe(2)
    await memory.delete('memory://m/a')
    expect(await cached.get('memory://m/a')).toBeUndefined()
  })

  it('forgets what is written or deleted through it', async () => {
    const { cached } = counted({ ...KB, immutable: () => true })
    await cached.put('memory://m/a', bytes(100, 1))
    await cached.get('memory://m/a')
    await cached.put('memory://m/a', bytes(100, 2))
    expect((await cached.get('memory://m/a'))?.bytes[0]).toBe(2)
    await cached.delete('memory://m/a')
    expect(await cached.get('memory://m/a')).toBeUndefined()
  })

  it('keeps ranges apart, and cuts them from a whole object', async () => {
    const { memory, calls, cached } = counted({ ...KB, immutable: () => true })
    await memory.put(
      'memory://m/a',
      Uint8Array.from({ length: 10 }, (_, i) => i),
    )
    const read = async (range?: { start: number; end: number } | { suffix: number }) => {
      const got = await cached.get('memory://m/a', range === undefined ? {} : { range })
      return [...(got?.bytes ?? [])]
    }
    expect(await read({ start: 0, end: 2 })).toEqual([0, 1])
    expect(await read({ suffix: 2 })).toEqual([8, 9])
    expect(await read({ start: 0, end: 2 })).toEqual([0, 1])
    expect(calls).toHaveLength(2)
    expect(await read()).toHaveLength(10)
    expect(await read({ start: 3, end: 99 })).toEqual([3, 4, 5, 6, 7, 8, 9])
    expect(calls).toHaveLength(3)
  })

  it('holds no more than its budget, the least recently used leaving first', async () => {
    const { memory, calls, cached } = counted({ ...KB, immutable: () => true })
    for (const key of ['a', 'b', 'c']) await memory.put(`memory://m/${key}`, bytes(4000))
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await cached.get(`memory://m/${key}`)
    expect(calls).toEqual(['get a', 'get b', 'get c', 'get b'])
  })

  it('passes on what is too large to hold', async () => {
    const { memory, calls, cached } = counted({ ...KB, immutable: () => true })
    await memory.put('memory://m/a', bytes(6000))
    await cached.get('memory://m/a')
    await cached.get('memory://m/a')
    expect(calls).toEqual(['get a', 'get a'])
  })
})
