import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import { readThriftInSteps, readThriftStruct } from '../../src/thrift/thrift.js'
import { finished } from '../support/finished.js'

function outcome(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    return String(error)
  }
}

/** A struct whose field 1 is a list of `count` structs, each with a list of as many numbers. */
function nested(count: number, below: number): Uint8Array {
  const list = (size: number, type: number) =>
    size < 15 ? [(size << 4) | type] : [0xf0 | type, (size & 0x7f) | 0x80, size >> 7]
  const numbers = [0x19, ...list(below, 5), ...Array.from({ length: below }, (_, i) => i % 100), 0]
  const all = Array.from({ length: count }, () => numbers).flat()
  return Uint8Array.from([0x19, ...list(count, 12), ...all, 0x15, 14, 0])
}

describe('Thrift in steps', () => {
  test('is what it is at once, and has steps in long lists of either depth', () => {
    for (const [count, below] of [
      [3000, 1],
      [2, 3000],
      [0, 0],
    ] as const) {
      const bytes = nested(count, below)
      const { value, steps } = finished(readThriftInSteps(bytes))
      expect(value).toEqual(readThriftStruct(bytes))
      expect(steps).toBe(Math.floor(count / 256) + count * Math.floor(below / 256))
    }
  })

  test('and of any bytes: the same, or the same error', () => {
    const valid = nested(20, 20)
    const damaged = fc
      .tuple(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length))
      .map(([at, byte, length]) => {
        const bytes = valid.slice(0, Math.max(at + 1, length))
        bytes[at] = byte
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 60 })), bytes => {
        const steps = outcome(() => finished(readThriftInSteps(bytes)).value)
        expect(steps).toEqual(outcome(() => readThriftStruct(bytes)))
      }),
      { numRuns: quickOr(500, 2000) },
    )
  })
})
