import type { DataType, Value } from '@spillway/core'
import { expect, it } from 'vitest'
import { statsString } from '../../src/json/stats-string.js'
import { dataFile, field } from '../support/tables.js'

function minimum(type: DataType, lower: Value): string | undefined {
  const file = dataFile({ recordCount: 1, bounds: new Map([[1, { lower }]]) })
  const text = statsString(file, [field(1, 'c', type)])
  return /"minValues":(\{[^}]*\})/.exec(text ?? '')?.[1]
}

it.each<[string, DataType, Value, string | undefined]>([
  ['a long past 2^53', 'long', 9223372036854775807n, '{"c":9223372036854775807}'],
  [
    'a decimal, digit by digit',
    { kind: 'decimal', precision: 38, scale: 2 },
    -12345678901234567890123n,
    '{"c":-123456789012345678901.23}',
  ],
  ['a small decimal', { kind: 'decimal', precision: 4, scale: 3 }, 5n, '{"c":0.005}'],
  ['a decimal without a scale', { kind: 'decimal', precision: 4, scale: 0 }, -7n, '{"c":-7}'],
  ['a date before 1970', 'date', -719162, '{"c":"0001-01-01"}'],
  ['microseconds', 'timestamptz', 1767400000123456n, '{"c":"2026-01-03T00:26:40.123456Z"}'],
  ['microseconds before 1970', 'timestamp', -1n, '{"c":"1969-12-31T23:59:59.999999"}'],
  ['nanoseconds as microseconds', 'timestamptz_ns', 1001n, '{"c":"1970-01-01T00:00:00.000001Z"}'],
  ['nanoseconds before 1970', 'timestamp_ns', -1n, '{"c":"1969-12-31T23:59:59.999999"}'],
  ['a quote', 'string', '"\n', '{"c":"\\"\\n"}'],
  ['no infinity', 'double', Number.POSITIVE_INFINITY, undefined],
  ['no date that has no four-digit year', 'date', 3_000_000, undefined],
  ['no binary', 'binary', new Uint8Array([1]), undefined],
])('spells %s', (_, type, value, expected) => {
  expect(minimum(type, value)).toBe(expected)
})

it.each<[string, DataType, number | undefined, object | undefined]>([
  ['that says it has no NaN', 'double', 0, { c: 2.5 }],
  ['that has NaN', 'double', 3, undefined],
  ['that does not say whether it has NaN', 'float', undefined, undefined],
  ['that cannot have NaN', 'int', undefined, { c: 2.5 }],
])(
  'gives the maximum of a column %s: Delta orders NaN above it',
  (_, type, nanCount, maxValues) => {
    const bound = { lower: 1, upper: 2.5, ...(nanCount !== undefined && { nanCount }) }
    const file = dataFile({ recordCount: 9, bounds: new Map([[1, bound]]) })
    const stats = JSON.parse(statsString(file, [field(1, 'c', type)])!)
    expect([stats.minValues, stats.maxValues, stats.tightBounds]).toEqual([
      { c: 1 },
      maxValues,
      false,
    ])
  },
)

it.each<[DataType, bigint, string]>([
  ['timestamp_ns', 1001n, '1970-01-01T00:00:00.000002'],
  ['timestamp_ns', 1000n, '1970-01-01T00:00:00.000001'],
  ['timestamptz_ns', -1001n, '1969-12-31T23:59:59.999999Z'],
])('rounds a maximum of %s that is %s up', (type, upper, expected) => {
  const file = dataFile({ recordCount: 1, bounds: new Map([[1, { upper }]]) })
  const stats = JSON.parse(statsString(file, [field(1, 'c', type)])!)
  expect(stats.maxValues).toEqual({ c: expected })
})

it('nests as the schema does, under physical names where asked', () => {
  const inner = field(2, 'b', 'int', 'col-2')
  const outer = field(1, 'a', { kind: 'struct', fields: [inner] }, 'col-1')
  const file = dataFile({
    recordCount: 2,
    bounds: new Map([[2, { lower: 1, upper: 2, nullCount: 0 }]]),
  })
  expect(JSON.parse(statsString(file, [outer], { physicalNames: true })!)).toEqual({
    numRecords: 2,
    tightBounds: false,
    minValues: { 'col-1': { 'col-2': 1 } },
    maxValues: { 'col-1': { 'col-2': 2 } },
    nullCount: { 'col-1': { 'col-2': 0 } },
  })
})

it('says nothing where nothing is known', () => {
  const { recordCount: _, ...unknown } = dataFile()
  expect(statsString(unknown, [field(1, 'c', 'int')])).toBeUndefined()
})
