import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { inOrder } from '../../src/log/in-order.js'

describe('inOrder', () => {
  it('gives results in the order of the items, with no more than the limit under way', async () => {
    let running = 0
    let most = 0
    const work = async (item: number) => {
      most = Math.max(most, ++running)
      await wait(10 - item)
      running--
      return item * 2
    }
    const given: number[] = []
    for await (const each of inOrder([1, 2, 3, 4, 5, 6], 3, work)) given.push(each)
    expect([given, most]).toEqual([[2, 4, 6, 8, 10, 12], 3])
  })

  it('fails when the turn of a failure comes, and not before as an unhandled one', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    const given: number[] = []
    const work = async (item: number) => {
      if (item === 2) throw new Error('two')
      await wait(20)
      return item
    }
    const read = async () => {
      for await (const item of inOrder([1, 2, 3], 3, work)) given.push(item)
    }
    await expect(read()).rejects.toThrow('two')
    await wait(30)
    process.off('unhandledRejection', note)
    expect([given, unhandled]).toEqual([[1], []])
  })
})
