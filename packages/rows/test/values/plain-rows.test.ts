import type { DataType, Field } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { plainRows } from '../../src/values/plain-rows.js'
import type { RowValue } from '../../src/values/row.js'
import { rowForms } from '../../src/values/row-forms.js'

let id = 0
const field = (name: string, type: DataType): Field => ({
  id: ++id,
  name,
  physicalName: name,
  type,
  nullable: true,
})
const plain = (value: RowValue, type: DataType) => plainRows([field('x', type)])([value]).x

const list = (type: DataType): DataType => ({ kind: 'list', element: field('element', type) })
const map = (key: DataType, value: DataType): DataType => ({
  kind: 'map',
  key: field('key', key),
  value: field('value', value),
})
const struct = (...fields: Field[]): DataType => ({ kind: 'struct', fields })

describe('a plain value', () => {
  it.each<[string, DataType, RowValue, unknown]>([
    ['a long', 'long', 9_007_199_254_740_993n, 9_007_199_254_740_993n],
    ['a short long', 'long', 7n, 7n],
    ['an int', 'int', -5, -5],
    ['a zero below zero', 'double', -0, -0],
    ['no number', 'float', Number.NaN, Number.NaN],
    ['an infinity', 'double', Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ['a decimal', { kind: 'decimal', precision: 38, scale: 2 }, 1250n, '12.50'],
    ['a date', 'date', 20_484, '2026-01-31'],
    ['a time', 'time', 43_200_000_001n, '12:00:00.000001'],
    ['a timestamp', 'timestamp', 1_769_817_600_123_456n, '2026-01-31T00:00:00.123456'],
    ['an instant', 'timestamptz', -1n, '1969-12-31T23:59:59.999999Z'],
    ['nanoseconds', 'timestamp_ns', 1n, '1970-01-01T00:00:00.000000001'],
    ['a variant', { kind: 'opaque', name: 'variant' }, '{"a":[1,null]}', '{"a":[1,null]}'],
    ['a list', list('long'), [1n, null], [1n, null]],
    [
      'a map',
      map('string', 'long'),
      [
        ['a', 1n],
        ['__proto__', null],
      ],
      new Map([
        ['a', 1n],
        ['__proto__', null],
      ]),
    ],
    [
      'a struct',
      struct(field('b', 'long'), field('a', list('date'))),
      [1n, [0]],
      { b: 1n, a: ['1970-01-01'] },
    ],
  ])('of %s', (_, type, value, expected) => {
    expect(plain(value, type)).toEqual(expected)
  })

  it.each<[DataType]>([
    ['long'],
    ['string'],
    ['uuid'],
    ['binary'],
    [list('int')],
    [map('int', 'int')],
    [struct(field('a', 'int'))],
    [{ kind: 'opaque', name: 'void' }],
    [{ kind: 'opaque', name: 'variant' }],
    [{ kind: 'fixed', length: 2 }],
  ])('of null is null: %o', type => {
    expect(plain(null, type)).toBe(null)
  })

  it('of bytes is its own: what becomes of the block changes nothing', () => {
    const block = new Uint8Array([1, 2])
    const found = plain(block, 'binary') as Uint8Array
    block[0] = 9
    expect([...found]).toEqual([1, 2])
  })

  it('is there whatever its column is called', () => {
    const row = plainRows(
      ['__proto__', 'constructor', 'a', 'a', 'a_1'].map(name => field(name, 'int')),
    )
    const found = row([1, 2, 3, 4, 5])
    expect(Object.entries(found)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
      ['a', 3],
      ['a_2', 4],
      ['a_1', 5],
    ])
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype)
  })

  it('is refused before the first row, and in every form, where its type has none', async () => {
    let reads = 0
    const fields = [field('where', { kind: 'opaque', name: 'geometry' })]
    const forms = rowForms(() => ({
      fields,
      rows: (async function* () {
        reads++
        yield [[new Uint8Array()]]
      })(),
    }))
    const refusal = { code: 'UNSUPPORTED_FEATURE', context: { column: 'where' } }
    await expect(forms.all()).rejects.toMatchObject(refusal)
    await expect(forms.json()).rejects.toMatchObject(refusal)
    expect(reads).toBe(0)
  })
})
