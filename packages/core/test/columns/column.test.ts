import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  columnBuilder,
  type DataType,
  DictionaryBuilder,
  encodeWideDecimal,
  readValue,
  type Value,
} from '../../src/index.js'
import { decodeWideDecimal } from '../../src/schema/value.js'

const wide: DataType = { kind: 'decimal', precision: 38, scale: 2 }

const cases: readonly [string, DataType, fc.Arbitrary<Value>][] = [
  ['boolean', 'boolean', fc.boolean()],
  ['int', 'int', fc.integer()],
  ['double', 'double', fc.double()],
  ['long', 'long', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ['string', 'string', fc.string({ unit: 'binary' }).filter(text => !/\p{Surrogate}/u.test(text))],
  ['binary', 'binary', fc.uint8Array()],
  ['decimal(38,2)', wide, fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })],
]

describe('columns', () => {
  it.each(cases)('give back every %s and null that was appended', (_name, type, values) => {
    fc.assert(
      fc.property(fc.array(fc.option(values), { maxLength: 200 }), rows => {
        const builder = columnBuilder(type, 1)!
        for (const row of rows) builder.append(row)
        const column = builder.finish()
        expect(rows.map((_, row) => readValue(column, row, type))).toEqual(rows)
      }),
    )
  })

  it.each(cases)('give back every %s through a dictionary', (_name, type, values) => {
    fc.assert(
      fc.property(fc.array(fc.option(values), { maxLength: 200 }), rows => {
        const builder = new DictionaryBuilder(type)
        for (const row of rows) builder.append(row)
        const column = builder.finish()
        const read = rows.map((_, row) => readValue(column, row, type))
        // -0 and 0 share a code, as they are equal in every order that pruning uses.
        expect(read.map(value => (value === 0 ? 0 : value))).toEqual(
          rows.map(value => (value === 0 ? 0 : value)),
        )
      }),
    )
  })

  it('store wide decimals so that unsigned byte order is numeric order', () => {
    const limit = 2n ** 127n
    const decimal = fc.bigInt({ min: -limit, max: limit - 1n })
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(decodeWideDecimal(encodeWideDecimal(a))).toBe(a)
        const order = Buffer.compare(encodeWideDecimal(a), encodeWideDecimal(b))
        expect(order).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
    )
  })
})
