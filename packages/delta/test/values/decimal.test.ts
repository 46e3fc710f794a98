import { decimalText } from '@spillway/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDecimal, rescale } from '../../src/values/decimal.js'

const seeded = { seed: 20261122, numRuns: 1000 }

describe('decimals', () => {
  it('come back from their text', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
        fc.nat(38),
        (unscaled, scale) => {
          expect(parseDecimal(decimalText(unscaled, scale), scale)).toEqual({
            floor: unscaled,
            ceiling: unscaled,
          })
        },
      ),
      seeded,
    )
  })

  it.each([
    ['-1.25', 1, -13n, -12n],
    ['1.25', 1, 12n, 13n],
    ['1.2e2', 0, 120n, 120n],
    ['125e-2', 1, 12n, 13n],
  ])('%s at scale %i', (text, scale, floor, ceiling) => {
    expect(parseDecimal(text, scale)).toEqual({ floor, ceiling })
  })

  it.each(['', '1.2.3', '0x1', '1e99999', '9'.repeat(1000), 'NaN'])('%s is none', text => {
    expect(parseDecimal(text, 2)).toBeUndefined()
  })

  it('change their scale outward', () => {
    expect([rescale(-125n, 2, 1), rescale(12n, 1, 3)]).toEqual([
      { floor: -13n, ceiling: -12n },
      { floor: 1200n, ceiling: 1200n },
    ])
  })
})
