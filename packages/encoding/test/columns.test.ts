import {
  type Column,
  columnBuilder,
  type DataType,
  DictionaryBuilder,
  leafKey,
  readValue,
  type Value,
} from '@spillway/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainColumn, widenValue } from '../src/index.js'
import { cutBatches } from '../src/parquet-row-groups.js'

const decimal = (precision: number, scale: number): DataType => ({
  kind: 'decimal',
  precision,
  scale,
})

describe('widenValue', () => {
  it.each<[Value, DataType, DataType, Value | undefined]>([
    [7, 'int', 'long', 7n],
    [7, 'int', 'double', 7],
    [7, 'int', decimal(10, 2), 700n],
    [7, 'int', 'float', undefined],
    [2n ** 53n, 'long', 'double', 2 ** 53],
    [2n ** 53n + 1n, 'long', 'double', undefined],
    [-3n, 'long', decimal(20, 1), -30n],
    [5n, 'long', 'int', undefined],
    [1.5, 'float', 'double', 1.5],
    [1.5, 'double', 'float', undefined],
    [1, 'date', 'timestamp', 86_400_000_000n],
    [1, 'date', 'timestamptz', undefined],
    [125n, decimal(5, 2), decimal(8, 4), 12_500n],
    [125n, decimal(5, 2), decimal(8, 1), undefined],
    [1n, 'timestamp', 'timestamptz', 1n],
    [1n, 'timestamp', 'timestamp_ns', 1000n],
    [1n, 'timestamp_ns', 'timestamp', undefined],
    ['é', 'string', 'binary', Uint8Array.of(0xc3, 0xa9)],
    [Uint8Array.of(0x61), 'binary', 'string', 'a'],
    [Uint8Array.of(0xff), 'binary', 'string', undefined],
    ['a', 'string', 'int', undefined],
  ])('reads %s of %j as %j: %s', (value, from, to, expected) => {
    expect(widenValue(value, from, to)).toEqual(expected)
  })
})

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

describe('cutBatches', () => {
  const rows = 2 ** 20 + 11
  const text = (row: number) => (row % 7 === 0 ? null : `row ${row}`)

  function column(): Column {
    const builder = columnBuilder('string', rows)!
    for (let row = 0; row < rows; row++) builder.append(text(row))
    return builder.finish()
  }

  it('cuts a large row group into batches that keep each row', () => {
    const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row)
    const plain = column()
    const leaves = new Map([
      [leafKey(['s']), { column: plain }],
      [leafKey(['list']), { column: plain, offsets }],
    ])
    const batches = [...cutBatches({ rowGroup: 3, length: rows, leaves })]
    expect(batches.map(({ rowGroup, length }) => [rowGroup, length])).toEqual([
      [3, 2 ** 20],
      [3, 11],
    ])
    const [, last] = batches
    const cut = last!.leaves.get(leafKey(['s']))!
    const list = last!.leaves.get(leafKey(['list']))!
    for (let row = 0; row < 11; row++) {
      const expected = text(2 ** 20 + row)
      expect(readValue(cut.column, row, 'string')).toBe(expected)
      expect(readValue(list.column, list.offsets![row]!, 'string')).toBe(expected)
    }
  })
})
