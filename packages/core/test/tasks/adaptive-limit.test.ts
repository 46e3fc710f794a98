import { describe, expect, it } from 'vitest'
import { type AdaptiveLimit, adaptiveLimit } from '../../src/index.js'

/** Tasks that run until they are ended, and a clock that is set. */
function driven(max: number) {
  let time = 0
  const ends: (() => void)[] = []
  const limit: AdaptiveLimit = adaptiveLimit(max, () => time)
  const settled = () => new Promise<void>(resolve => setImmediate(resolve))
  return {
    limit,
    running: () => ends.length,
    begin(count: number) {
      for (let i = 0; i < count; i++) {
        void limit.run(() => new Promise<void>(resolve => ends.push(resolve)))
      }
      return settled()
    },
    async end(count = ends.length, each: () => void = () => undefined) {
      for (const end of ends.splice(0, count)) {
        each()
        end()
      }
      await settled()
    },
    pass(ms: number) {
      time += ms
    },
  }
}

describe('how many run at the same time', () => {
  it.each([
    [1, 1],
    [4, 4],
    [16, 16],
    [64, 16],
  ])('begins at 16, or at %s where that is the most', async (max, expected) => {
    const { begin, running } = driven(max)
    await begin(100)
    expect(running()).toBe(expected)
  })

  it('rises while more brings more, to the most', async () => {
    const { begin, end, pass, limit } = driven(20)
    const found: number[] = []
    for (let rate = 1; rate <= 4; rate++) {
      await begin(40)
      pass(200)
      await end(20, () => limit.received(1000 * rate))
      await end()
      await end()
      found.push(limit.current)
    }
    expect(found).toEqual([18, 20, 20, 20])
  })

  it('is halved by congestion, once for all that were under way', async () => {
    const { begin, end, limit } = driven(16)
    await begin(16)
    await end(16, () => limit.congested())
    expect(limit.current).toBe(8)
    await begin(8)
    await end(8, () => limit.congested())
    expect(limit.current).toBe(4)
    for (let round = 0; round < 4; round++) {
      await begin(1)
      await end(1, () => limit.congested())
    }
    expect(limit.current).toBe(1)
  })

  it('does not fall by time in which nothing was asked for', async () => {
    const { begin, end, pass, limit } = driven(16)
    for (let query = 0; query < 20; query++) {
      await begin(20)
      pass(100)
      await end(16, () => limit.received(1000))
      await end(4, () => limit.received(1000))
      pass(60_000)
    }
    expect(limit.current).toBe(16)
  })

  it('does not fall where fewer were asked for than may run', async () => {
    const { begin, end, pass, limit } = driven(16)
    await begin(40)
    pass(200)
    await end(16, () => limit.received(1_000_000))
    await end()
    await end()
    for (let query = 0; query < 20; query++) {
      await begin(16)
      pass(300)
      await end(16, () => limit.received(10))
    }
    expect(limit.current).toBe(16)
  })

  it('falls by one where the same bring less', async () => {
    const { begin, end, pass, limit } = driven(16)
    for (const bytes of [1000, 100]) {
      await begin(32)
      pass(400)
      await end(16, () => limit.received(bytes))
      await end(16, () => limit.received(bytes))
    }
    expect(limit.current).toBe(15)
  })
})
