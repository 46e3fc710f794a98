import { describe, expect, it } from 'vitest'
import { RecheckBudget } from '../../src/hashing/recheck-budget.js'

const [HOUR, GB] = [3_600_000, 1e9]

function made() {
  let now = 0
  // 20 MB a second of the 200, which is 72 GB an hour.
  const budget = new RecheckBudget(200e6, () => now)
  return {
    take: (file: string, bytes: number) => budget.take(file, bytes),
    pass: (ms: number) => {
      now += ms
    },
  }
}

describe('what recipients can make a server read', () => {
  it('is each file once an hour', () => {
    const { take, pass } = made()
    expect([take('a', 10), take('a', 10), take('b', 10)]).toEqual([true, false, true])
    pass(HOUR - 1)
    expect(take('a', 10)).toBe(false)
    pass(1)
    expect([take('a', 10), take('a', 10)]).toEqual([true, false])
  })

  it('is over days a tenth of what may be read, whatever they say', () => {
    const { take, pass } = made()
    let read = 0
    for (let minute = 0; minute < 48 * 60; minute++) {
      for (let i = 0; i < 20; i++) if (take(`${minute}-${i}`, GB)) read += GB
      pass(60_000)
    }
    expect(read / (48 * 72 * GB)).toBeGreaterThan(0.95)
    expect(read / (49 * 72 * GB)).toBeLessThan(1.05)
  })

  it('is a file of any size after a quiet while, which later ones wait for', () => {
    const { take, pass } = made()
    expect(take('huge', 720 * GB)).toBe(true)
    pass(8 * HOUR)
    expect(take('small', 1)).toBe(false)
    pass(HOUR + 1)
    expect(take('small', 1)).toBe(true)
  })

  it('is no more of empty files than of others, and remembers a bounded number of them', () => {
    const { take, pass } = made()
    let taken = 0
    for (let i = 0; i < 100_000; i++) if (take(`f${i}`, 0)) taken++
    expect(taken).toBe(10_000)
    pass(HOUR)
    expect(take('f0', 0)).toBe(true)
  })
})
