import { setImmediate as nextRound } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createFairScheduler } from '../../src/limits/fair-scheduler.js'

it('gives one turn a round, first come first served', async () => {
  const scheduler = createFairScheduler()
  const served: number[] = []
  for (const number of [1, 2, 3]) {
    void scheduler.turn({ first: false }).then(() => served.push(number))
  }
  const seen: number[] = []
  for (let round = 0; round < 3; round++) {
    await nextRound()
    seen.push(served.length)
  }
  expect(served).toEqual([1, 2, 3])
  expect(seen).toEqual([1, 2, 3])
})

it('lets whoever has sent nothing yet go before those who have', async () => {
  const scheduler = createFairScheduler()
  const served: string[] = []
  const turn = (name: string, first: boolean) =>
    scheduler.turn({ first }).then(() => void served.push(name))
  await Promise.all([turn('a', false), turn('b', false), turn('new', true), turn('c', false)])
  expect(served).toEqual(['new', 'a', 'b', 'c'])
})

it('is fair to answers that ask again as soon as they have been served', async () => {
  const scheduler = createFairScheduler()
  const blocks = new Map<string, number>()
  const answer = async (name: string) => {
    for (let block = 1; block <= 50; block++) {
      await scheduler.turn({ first: false })
      blocks.set(name, block)
      const others = [...blocks.values()]
      expect(Math.max(...others) - Math.min(...others)).toBeLessThanOrEqual(1)
    }
  }
  await Promise.all(['a', 'b', 'c'].map(answer))
})

it('leaves the event loop free between turns', async () => {
  const scheduler = createFairScheduler()
  let rounded = 0
  let done = false
  const count = () => {
    rounded++
    if (!done) setImmediate(count)
  }
  setImmediate(count)
  for (let block = 0; block < 20; block++) await scheduler.turn({ first: false })
  done = true
  expect(rounded).toBeGreaterThanOrEqual(19)
})

it('lets long answers go on, however many short ones come', async () => {
  const scheduler = createFairScheduler()
  const served: string[] = []
  const turn = (name: string, first: boolean) =>
    scheduler.turn({ first, recipient: name }).then(() => void served.push(name))
  const short = Array.from({ length: 10 }, (_, i) => turn(`short ${i}`, true))
  await Promise.all([...short, turn('long', false)])
  expect(served.indexOf('long')).toBe(4)
})
