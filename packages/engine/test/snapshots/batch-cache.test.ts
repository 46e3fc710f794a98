import type { FileBatch } from '@spillway/core'
import { expect, it } from 'vitest'
import { createBatchCache } from '../../src/index.js'

function batch(size: { bytes: number }): FileBatch {
  return {
    get byteLength() {
      return size.bytes
    },
  } as FileBatch
}

it('holds batches within its budget, the least recently used leaving first', async () => {
  const cache = createBatchCache({ maxBytes: 25 })
  const loads: string[] = []
  const get = (key: string) =>
    cache.get(key, async () => {
      loads.push(key)
      return batch({ bytes: 10 })
    })
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await get(key)
  expect(loads).toEqual(['a', 'b', 'c', 'b'])
  expect(cache.stats()).toMatchObject({ entries: 2, bytes: 20, evictions: 2, hits: 2, misses: 4 })
})

it('measures batches that have grown since they were kept', async () => {
  const cache = createBatchCache({ maxBytes: 25 })
  const growing = { bytes: 10 }
  await cache.get('a', async () => batch(growing))
  growing.bytes = 20
  await cache.get('a', async () => batch({ bytes: 0 }))
  await cache.get('b', async () => batch({ bytes: 10 }))
  expect(cache.stats()).toMatchObject({ entries: 1, bytes: 10 })
})

it('serves a batch larger than the whole budget', async () => {
  const cache = createBatchCache({ maxBytes: 5 })
  const large = batch({ bytes: 10 })
  expect(await cache.get('a', async () => large)).toBe(large)
})

it('loads once for callers that come at the same time, and keeps no failure', async () => {
  const cache = createBatchCache({ maxBytes: 100 })
  let loads = 0
  const load = async () => {
    loads++
    if (loads === 1) throw new Error('first')
    return batch({ bytes: 1 })
  }
  await expect(cache.get('a', load)).rejects.toThrow('first')
  await Promise.all([cache.get('a', load), cache.get('a', load)])
  expect(loads).toBe(2)
})
