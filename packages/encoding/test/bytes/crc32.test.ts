import { crc32 as portableCrc32 } from '@spillway/core'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { crc32, crc32c, summedInSteps } from '../../src/bytes/crc32.js'
import { finished } from '../support/finished.js'

describe('crc32', () => {
  it('computes the check value of its definition', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  })

  it('computes the same without help from Node', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        expect(portableCrc32(bytes)).toBe(crc32(bytes))
      }),
      { seed: 5 },
    )
  })
})

describe('a checksum', () => {
  test('goes on from that of what is before', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        const [head, tail] = [bytes.subarray(0, cut), bytes.subarray(cut)]
        for (const sum of [crc32, crc32c, portableCrc32]) {
          expect(sum(tail, sum(head))).toBe(sum(bytes))
        }
      }),
      { seed: 20261130 },
    )
  })

  test('is the same in steps', () => {
    const bytes = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 31 + (i >> 8)) & 255)
    for (const sum of [crc32, crc32c]) {
      const { value, steps } = finished(summedInSteps(sum, bytes))
      expect(value).toBe(sum(bytes))
      expect(steps).toBeGreaterThan(10)
    }
    expect(finished(summedInSteps(crc32, new Uint8Array(0))).value).toBe(0)
  })
})
