import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareValues, literal, physicalKind, type Value } from '../../src/index.js'

describe('compareValues', () => {
  it.each<[string, Value, Value, number]>([
    ['-0 equal to 0', -0, 0, 0],
    ['NaN above infinity', Number.NaN, Number.POSITIVE_INFINITY, 1],
    ['NaN equal to itself', Number.NaN, Number.NaN, 0],
    ['longs beyond 2^53 exactly', 2n ** 53n, 2n ** 53n + 1n, -1],
    ['bytes unsigned', new Uint8Array([0x80]), new Uint8Array([0x7f]), 1],
    ['a shorter prefix first', new Uint8Array([1]), new Uint8Array([1, 0]), -1],
    // As UTF-16 units the emoji (D83D) would come before U+FFFD.
    ['strings by code point', '😀', '\uFFFD', 1],
  ])('orders %s', (_name, a, b, expected) => {
    expect(Math.sign(compareValues(a, b))).toBe(expected)
  })

  it('orders strings as their UTF-8 bytes', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareValues(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
    )
  })
})

describe('literal', () => {
  it.each<[Value, unknown]>([
    [5, { value: 5n, type: 'long' }],
    [5.5, { value: 5.5, type: 'double' }],
    [7n, { value: 7n, type: 'long' }],
    ['x', { value: 'x', type: 'string' }],
    [true, { value: true, type: 'boolean' }],
  ])('gives %s its natural type', (value, expected) => {
    expect(literal(value)).toEqual(expected)
  })
})

describe('physicalKind', () => {
  it('stores decimals of up to 18 digits as integers and wider ones as bytes', () => {
    expect(physicalKind({ kind: 'decimal', precision: 18, scale: 4 })).toBe('int64')
    expect(physicalKind({ kind: 'decimal', precision: 19, scale: 4 })).toBe('bytes')
  })

  it('has no column for nested and opaque types', () => {
    expect(physicalKind({ kind: 'struct', fields: [] })).toBeUndefined()
    expect(physicalKind({ kind: 'opaque', name: 'variant' })).toBeUndefined()
  })
})
