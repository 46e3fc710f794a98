import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ShardedMap, shardOf } from '../../src/merging/sharded-map.js'

const key = fc.oneof(fc.nat(50), fc.string({ maxLength: 2 }), fc.string({ minLength: 15 }))

it('holds what a map holds, in the same order', () => {
  fc.assert(
    fc.property(fc.array(key), fc.array(key), (set, deleted) => {
      const map = new Map<string | number, number>()
      const sharded = new ShardedMap<number>()
      for (const [i, each] of set.entries()) {
        map.set(each, i)
        sharded.set(each, i)
      }
      for (const each of deleted) {
        map.delete(each)
        sharded.delete(each)
      }
      expect([...sharded.values()]).toEqual([...map.values()])
      expect(sharded.size).toBe(map.size)
      for (const each of [...set, ...deleted]) expect(sharded.get(each)).toBe(map.get(each))
    }),
  )
})

it('grows by a part at a time, whatever keys it has', () => {
  for (const keyOf of [
    (i: number) => i,
    (i: number) => `key-${String(i).padStart(12, '0')}`,
    (i: number) => `${i}-0000-4000-8000-000000000000`,
  ]) {
    const counts = new Map<number, number>()
    for (let i = 0; i < 64_000; i++) {
      const shard = shardOf(keyOf(i))
      counts.set(shard, (counts.get(shard) ?? 0) + 1)
    }
    expect(Math.max(...counts.values())).toBeLessThan(8000)
  }
})
