import { expect, it, vi } from 'vitest'
import { turnsDuring } from '../../../testkit/src/support/turns-during.js'
import { inSlices, Lane, nextTurn, Slices } from '../../src/tasks/slices.js'

function busy(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

it('is over after its time, and begins anew after a pause', async () => {
  const slices = new Slices(5)
  expect(slices.isOverNow).toBe(false)
  busy(6)
  expect(slices.isOverNow).toBe(true)
  await slices.pause()
  expect(slices.isOverNow).toBe(false)
})

it('looks at the clock only now and then', () => {
  const slices = new Slices(0)
  const over = Array.from({ length: 128 }, () => slices.isOver)
  expect(over.filter(each => each)).toHaveLength(2)
})

it('lets others in between every two slices, however many works there are', async () => {
  const order: string[] = []
  let done = false
  const others = (async () => {
    while (!done) {
      order.push('other')
      await new Promise(resolve => setImmediate(resolve))
    }
  })()
  const works = ['a', 'b', 'c'].map(async name => {
    const slices = new Slices(0)
    for (let i = 0; i < 5; i++) {
      order.push(name)
      await slices.pause()
    }
  })
  await Promise.all(works)
  done = true
  await others
  const first = order.indexOf('other')
  const sliced = order.slice(first)
  // Two slices of one turn would stand side by side.
  const crowded = sliced.filter((each, i) => each !== 'other' && sliced[i + 1] !== 'other')
  expect(crowded.length).toBeLessThanOrEqual(3)
})

it('runs works of a lane one after the other, whatever becomes of them', async () => {
  const lane = new Lane()
  const order: string[] = []
  const works = ['a', 'b', 'c'].map(name =>
    lane.run(async () => {
      order.push(`${name} begins`)
      await new Slices().pause()
      order.push(`${name} ends`)
      if (name === 'b') throw new Error(name)
      return name
    }),
  )
  const results = await Promise.allSettled(works)
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(order).toEqual(['a', 'b', 'c'].flatMap(name => [`${name} begins`, `${name} ends`]))
})

it('lets timers go on where there is no other way, as in browsers', async () => {
  vi.stubGlobal('setImmediate', undefined)
  try {
    const order: string[] = []
    setTimeout(() => order.push('a timer'), 0)
    await nextTurn()
    order.push('the next slice')
    expect(order).toEqual(['a timer', 'the next slice'])
  } finally {
    vi.unstubAllGlobals()
  }
})

it('begins with its turn of the event loop, whatever was done in it before', async () => {
  await nextTurn()
  const first = new Slices(5)
  busy(6)
  const second = new Slices(5)
  expect([first.isOverNow, second.isOverNow]).toEqual([true, true])
  await second.pause()
  expect([second.isOverNow, new Slices(5).isOverNow]).toEqual([false, false])
})

it('lets others go on between works that are each too short to be cut', async () => {
  const { turns } = await turnsDuring(async () => {
    for (let work = 0; work < 20; work++) {
      await inSlices(
        (function* () {
          busy(4)
          yield
        })(),
      )
    }
  })
  // It was one piece of 80 milliseconds.
  expect(turns).toBeGreaterThan(4)
})
