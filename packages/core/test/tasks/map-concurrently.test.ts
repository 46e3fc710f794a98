import { mapConcurrently } from '@spillway/core'
import { expect, it } from 'vitest'

const later = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

it('answers in the order of the items, whichever ends first, with so many under way at most', async () => {
  let running = 0
  let most = 0
  const answers = await mapConcurrently([30, 1, 20, 5, 10], 2, async (ms, index) => {
    most = Math.max(most, ++running)
    await later(ms)
    running--
    return `${index}: ${ms}`
  })
  expect(answers).toEqual(['0: 30', '1: 1', '2: 20', '3: 5', '4: 10'])
  expect(most).toBe(2)
  expect(await mapConcurrently([], 4, async () => 1)).toEqual([])
})

it('starts nothing after a failure, and fails when what was under way has ended', async () => {
  const started: number[] = []
  let ended = 0
  const work = async (item: number) => {
    started.push(item)
    if (item === 1) throw new Error('the second')
    await later(10)
    ended++
  }
  await expect(mapConcurrently([0, 1, 2, 3], 2, work)).rejects.toThrow('the second')
  expect(started).toEqual([0, 1])
  expect(ended).toBe(1)
})
