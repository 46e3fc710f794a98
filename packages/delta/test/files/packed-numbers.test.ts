import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { numberAt, packedBytes, packNumbers } from '../../src/files/packed-numbers.js'

describe('packed numbers', () => {
  const time = fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_000 + 2 ** 33 })
  const any = fc.oneof(
    time,
    fc.double(),
    fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53), 1.5),
  )

  test('are what was given, to the sign of zero', () => {
    const lists = fc.oneof(fc.array(time), fc.array(any), fc.array(fc.constantFrom(0, -0)))
    fc.assert(
      fc.property(lists, numbers => {
        const packed = packNumbers(Float64Array.from(numbers))
        for (const [row, number] of numbers.entries()) {
          expect(Object.is(numberAt(packed, row), number)).toBe(true)
        }
      }),
    )
  })

  test.each([
    ['none where all are alike', [7, 7, 7], 0],
    ['half where all lie close together', [1.7e12, 1.7e12 + 2 ** 32 - 1], 8],
    ['all where they do not', [1.7e12, 1.7e12 + 2 ** 32], 16],
    ['all where they are no whole numbers', [1.5, 2], 16],
    ['all where one is no number', [Number.NaN, 2], 16],
  ])('take %s', (_what, numbers, bytes) => {
    expect(packedBytes(packNumbers(Float64Array.from(numbers)))).toBe(bytes)
  })
})
