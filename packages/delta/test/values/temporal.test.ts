import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDate, formatMillis, parseDate, parseTimestamp } from '../../src/values/temporal.js'

const seeded = { seed: 20261122, numRuns: 1000 }

describe('dates and timestamps', () => {
  it('agree with the platform on every day of four thousand years', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_000, max: 2_900_000 }), days => {
        const text = new Date(days * 86_400_000).toISOString().slice(0, 10)
        expect([parseDate(text), formatDate(days)]).toEqual([days, text])
      }),
      seeded,
    )
  })

  it('agree with the platform on every millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_000_000_000_000, max: 250_000_000_000_000 }), millis => {
        const text = new Date(millis).toISOString()
        const micros = BigInt(millis) * 1000n
        expect([parseTimestamp(text), `${formatMillis(micros)}Z`]).toEqual([
          { micros, zone: 'utc' },
          text,
        ])
      }),
      seeded,
    )
  })

  it.each([
    ['2024-01-02', { micros: 1704153600000000n, zone: 'none' }],
    ['2024-01-02 12:30', { micros: 1704198600000000n, zone: 'none' }],
    ['2024-01-02T12:30:00.123456789Z', { micros: 1704198600123456n, zone: 'utc' }],
    ['2024-01-02T12:30:00+0130', { micros: 1704193200000000n, zone: 'offset' }],
    ['2024-01-02T12:30:00-00:00:30', { micros: 1704198630000000n, zone: 'offset' }],
    ['+12024-01-02T00:00:00Z', { micros: 317273673600000000n, zone: 'utc' }],
    ['2024-01-02T24:00:00Z', undefined],
    ['2024-02-30T00:00:00Z', undefined],
    ['2024-01-02T00:00:00 Europe/Paris', undefined],
    ['today', undefined],
  ])('%s', (text, expected) => {
    expect(parseTimestamp(text)).toEqual(expected)
  })

  it('formats years of more than four digits so that they are read again', () => {
    for (const days of [3_000_000, -800_000]) expect(parseDate(formatDate(days))).toBe(days)
  })
})
