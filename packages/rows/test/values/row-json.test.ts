import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { valueJson } from '../../src/index.js'

/** The last day, and the first, that a Date can hold. */
const LAST_DAY = 100_000_000

describe('a date as text', () => {
  it('is what the calendar of Date says, on every day that it has', () => {
    const isoDate = (days: number) => {
      const text = new Date(days * 86_400_000).toISOString()
      return text.slice(0, text.indexOf('T'))
    }
    const day = fc.oneof(
      fc.integer({ min: -LAST_DAY, max: LAST_DAY }),
      fc.integer({ min: -800_000, max: 3_000_000 }),
    )
    fc.assert(
      fc.property(day, days => {
        expect(valueJson(days, 'date')).toBe(isoDate(days))
      }),
      { numRuns: quickOr(1250, 5000) },
    )
  })

  it.each([
    [0, '1970-01-01'],
    [-1, '1969-12-31'],
    [11_016, '2000-02-29'],
    [-719_529, '-000001-12-31'],
    [2_932_896, '9999-12-31'],
    [2_932_897, '+010000-01-01'],
    // DuckDB's last, which no Date holds.
    [2_147_483_646, '+5881580-07-10'],
  ])('of day %d is %s', (days, text) => {
    expect(valueJson(days, 'date')).toBe(text)
  })
})
