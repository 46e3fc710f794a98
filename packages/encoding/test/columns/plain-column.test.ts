import { type DataType, DictionaryBuilder, readValue, type Value } from '@spillway/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainColumn } from '../../src/columns/plain-column.js'

describe('plainColumn', () => {
  it.each<[DataType, fc.Arbitrary<Value>]>([
    ['string', fc.string()],
    ['long', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
    ['int', fc.integer()],
    ['double', fc.double({ noNaN: true })],
  ])('keeps every value and null of a dictionary of %j', (type, value) => {
    fc.assert(
      fc.property(fc.array(fc.option(value)), values => {
        const builder = new DictionaryBuilder(type)
        for (const each of values) builder.append(each)
        const plain = plainColumn(builder.finish())
        expect(plain.kind).not.toBe('dictionary')
        expect(values.map((_, row) => readValue(plain, row, type))).toEqual(values)
      }),
      { seed: 8, numRuns: 50 },
    )
  })
})
