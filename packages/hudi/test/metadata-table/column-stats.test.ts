import type { FieldPath } from '@spillway/core'
import type { AvroObject, AvroValue } from '@spillway/encoding'
import { expect, it } from 'vitest'
import { columnStatistics } from '../../src/metadata-table/column-stats.js'

const path: FieldPath = [{ id: 1, name: 'n', physicalName: 'n', type: 'long', nullable: true }]
const bound = (value: AvroValue, wrapper: AvroValue = 'LongWrapper') => ({
  wrapper,
  value: { value },
})

function record(members: AvroObject): AvroObject {
  const usual = { minValue: bound(1n), maxValue: bound(9n), valueCount: 5n, nullCount: 0n }
  return { ColumnStatsMetadata: { ...usual, isDeleted: false, ...members } }
}

it('reads statistics as the tech spec has them', () => {
  expect(columnStatistics([record({})], path)).toMatchObject({ lower: 1n, upper: 9n, nullCount: 0 })
})

it.each<[string, AvroObject]>([
  ['text for a number', { minValue: bound('1') }],
  ['bytes for a number', { minValue: bound(new Uint8Array(8)) }],
  ['another wrapper', { minValue: bound(1n, 'StringWrapper') }],
  ['no wrapper', { minValue: bound(1n, null) }],
  ['a list', { minValue: [bound(1n)] }],
  ['nothing', { minValue: null }],
  ['a value without its record', { minValue: { wrapper: 'LongWrapper', value: 1n } }],
])('proves nothing by a bound that is %s', (_name, members) => {
  const statistics = columnStatistics([record(members)], path)
  expect(statistics).toMatchObject({ upper: 9n })
  expect(statistics?.lower).toBeUndefined()
})

it.each<[string, AvroObject]>([
  ['text', { valueCount: '5' }],
  ['null', { nullCount: null }],
  ['a record', { nullCount: {} }],
])('proves nothing by a count that is %s', (_name, members) => {
  expect(columnStatistics([record(members)], path)).toBeUndefined()
})

it.each<[string, AvroValue]>([
  ['null', null],
  ['a list', [1]],
  ['text', 'stats'],
])('takes %s for no statistics', (_name, stats) => {
  expect(columnStatistics([record({}), { ColumnStatsMetadata: stats }], path)).toBeUndefined()
})
