import {
  type DataType,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
} from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { parsePartitionValue } from '../src/partition-values.js'

const HOUR = 3_600_000_000n
const decimal = (precision: number, scale: number): DataType => ({
  kind: 'decimal',
  precision,
  scale,
})

describe('partition values of the log', () => {
  it.each<[string, DataType, unknown]>([
    ['true', 'boolean', true],
    ['False', 'boolean', false],
    ['-2147483648', 'int', -2147483648],
    ['9223372036854775807', 'long', 9223372036854775807n],
    ['1.1', 'float', Math.fround(1.1)],
    ['1e3', 'double', 1000],
    ['-Infinity', 'double', Number.NEGATIVE_INFINITY],
    ['1.50', decimal(10, 3), 1500n],
    ['-12345678901234567890.5', decimal(38, 2), -1234567890123456789050n],
    ['a b=c', 'string', 'a b=c'],
    ['2024-02-29', 'date', 19782],
    ['1969-12-31', 'date', -1],
    ['2024-01-02T12:30:00.000001Z', 'timestamptz', 1704198600000001n],
    ['2024-01-02 12:30:00', 'timestamp', 1704198600000000n],
  ])('reads %s as %o exactly', (text, type, value) => {
    expect(parsePartitionValue(text, type)).toEqual({
      value,
      lower: value,
      upper: value,
      holds: HOLDS_VALUES,
    })
  })

  it.each<[string | null, DataType]>([
    [null, 'string'],
    ['', 'string'],
    ['', 'int'],
  ])('takes %o for null, at any type', (text, type) => {
    expect(parsePartitionValue(text, type)).toEqual({
      value: null,
      lower: null,
      upper: null,
      holds: HOLDS_NULLS,
    })
  })

  it.each<[string | undefined, DataType]>([
    [undefined, 'string'],
    ['__HIVE_DEFAULT_PARTITION__', 'string'],
    ['x', 'int'],
    ['2147483648', 'int'],
    ['9223372036854775808', 'long'],
    ['1.23', decimal(10, 1)],
    ['123', decimal(2, 0)],
    ['2023-02-29', 'date'],
    ['2024-13-01', 'date'],
    ['noon', 'timestamptz'],
    ['1', { kind: 'opaque', name: 'variant' }],
  ])('reads %o at %o as null and proves nothing by it', (text, type) => {
    expect(parsePartitionValue(text, type)).toEqual({
      value: null,
      lower: null,
      upper: null,
      holds: HOLDS_ANYTHING,
    })
  })

  it('widens a timestamp of an unknown zone by 16 hours both ways', () => {
    const value = 1704198600000000n
    expect(parsePartitionValue('2024-01-02 12:30:00', 'timestamptz')).toEqual({
      value,
      lower: value - 16n * HOUR,
      upper: value + 16n * HOUR,
      holds: HOLDS_VALUES,
    })
  })

  it('knows a NaN partition for what it is', () => {
    expect(parsePartitionValue('NaN', 'double')).toEqual({
      value: Number.NaN,
      lower: null,
      upper: null,
      holds: HOLDS_NANS,
    })
  })

  it('gives binary a value and no bounds, since writers differ in the bytes', () => {
    const { value, ...rest } = parsePartitionValue('a\u0001', 'binary')
    expect([value, rest]).toEqual([
      Uint8Array.of(0x61, 1),
      { lower: null, upper: null, holds: HOLDS_VALUES },
    ])
  })
})
