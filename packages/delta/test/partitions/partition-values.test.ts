import {
  type DataType,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
} from '@spillway/core'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PartitionType, parsePartitionValue } from '../../src/partitions/partition-values.js'
import { spellWallClock } from '../../src/partitions/spark-cast.js'
import { formatDate } from '../../src/values/temporal.js'
import { SPARK_CASTS } from '../support/spark-casts.js'

const HOUR = 3_600_000_000n
const decimal = (precision: number, scale: number): DataType => ({
  kind: 'decimal',
  precision,
  scale,
})
const parse = (text: string | null | undefined, type: DataType) =>
  parsePartitionValue(text, { type })

const SPARK_TYPES: Readonly<Record<string, PartitionType>> = {
  boolean: { type: 'boolean' },
  tinyint: { type: 'int', integerBits: 8 },
  smallint: { type: 'int', integerBits: 16 },
  int: { type: 'int' },
  bigint: { type: 'long' },
  float: { type: 'float' },
  double: { type: 'double' },
  'decimal(10,2)': { type: decimal(10, 2) },
  date: { type: 'date' },
  timestamp: { type: 'timestamptz' },
  timestamp_ntz: { type: 'timestamp' },
}

/** Our value in Spark's words. */
function inSpark(text: string, type: PartitionType): string | null {
  const value = parsePartitionValue(text, type)?.value
  if (value === undefined || value === null) return null
  if (type.type === 'timestamp' || type.type === 'timestamptz') {
    const spelled = spellWallClock(value as bigint, formatDate)
    return spelled.includes('.') ? spelled.replace(/0+$/, '') : spelled
  }
  if (type.type === 'date') return formatDate(value as number)
  return parsePartitionValue(text, type)!.spelled
}

const sameNumber = (text: string | null) => (text === null ? null : Number(text))

describe('a partition value that Spark casts', () => {
  it.each(SPARK_CASTS)('%s: %j is %j', (name, text, cast) => {
    const type = SPARK_TYPES[name]!
    // An offset without seconds before it is one all the same, and so is a small z.
    if (/^2024-01-02[T ]03:04(:05)?z$/i.test(text)) {
      expect(inSpark(text, type)).toBe(`2024-01-02 03:04:${/:05z/i.test(text) ? '05' : '00'}`)
    } else if (type.type === 'float' || type.type === 'double') {
      expect(sameNumber(inSpark(text, type))).toBe(sameNumber(cast))
    } else expect(inSpark(text, type)).toBe(cast)
  })

  it.each(['12:34:56', 'T12:34'])('but the day of %s would be today', text => {
    expect(parse(text, 'timestamptz')).toBeUndefined()
  })

  it.each([
    ['2024-03-10 02:30:00 America/New_York', '2024-03-10T07:30:00.000000Z'],
    ['2024-11-03 01:30:00 America/New_York', '2024-11-03T05:30:00.000000Z'],
    ['1883-11-18 12:00:00 America/New_York', '1883-11-18T16:56:02.000000Z'],
    ['2024-01-02 03:04:05 Nowhere/Land', undefined],
  ])('%s stands for %s', (text, spelled) => {
    expect(parse(text, 'timestamptz')?.spelled).toBe(spelled)
  })
})

describe('partition values of the log', () => {
  it.each<[string, DataType, unknown, string]>([
    ['T', 'boolean', true, 'true'],
    ['-2147483648', 'int', -2147483648, '-2147483648'],
    ['9223372036854775807', 'long', 9223372036854775807n, '9223372036854775807'],
    [' 7.0', 'int', 7, '7'],
    ['1.1', 'float', Math.fround(1.1), '1.1'],
    ['1e3', 'double', 1000, '1000'],
    ['-0', 'double', -0, '-0.0'],
    ['-inf', 'double', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['1.50', decimal(10, 3), 1500n, '1.500'],
    [
      '-12345678901234567890.5',
      decimal(38, 2),
      -1234567890123456789050n,
      '-12345678901234567890.50',
    ],
    [' a b=c ', 'string', ' a b=c ', ' a b=c '],
    ['2024-2-29 noon', 'date', 19782, '2024-02-29'],
    ['2024-01-02 12:30:00+00', 'timestamptz', 1704198600000000n, '2024-01-02T12:30:00.000000Z'],
    [
      '2024-01-02T12:30:00.000001Z',
      'timestamptz',
      1704198600000001n,
      '2024-01-02T12:30:00.000001Z',
    ],
    ['2024-1-2 12:30', 'timestamp', 1704198600000000n, '2024-01-02 12:30:00'],
    ['2024-01-02T12:30:00.5+01:00', 'timestamp', 1704198600500000n, '2024-01-02 12:30:00.500000'],
  ])('reads %j at %o exactly, and spells it', (text, type, value, spelled) => {
    expect(parse(text, type)).toEqual({
      value,
      lower: value,
      upper: value,
      holds: HOLDS_VALUES,
      spelled,
    })
  })

  it.each<[string | null, DataType]>([
    [null, 'string'],
    ['', 'int'],
    ['__HIVE_DEFAULT_PARTITION__', 'date'],
    ['__HIVE_DEFAULT_PARTITION__', 'string'],
  ])('takes %o for null, at %o', (text, type) => {
    expect(parse(text, type)).toEqual({
      value: null,
      lower: null,
      upper: null,
      holds: HOLDS_NULLS,
      spelled: null,
    })
  })

  it('reads the empty text of a string as null, and proves neither', () => {
    expect(parse('', 'string')).toEqual({
      value: null,
      lower: '',
      upper: '',
      holds: HOLDS_NULLS | HOLDS_VALUES,
      spelled: '',
    })
  })

  it('reads a value that is not recorded as null and proves nothing by it', () => {
    expect(parse(undefined, 'string')).toEqual({
      value: null,
      lower: null,
      upper: null,
      holds: HOLDS_ANYTHING,
      spelled: null,
    })
  })

  it.each<[string, DataType]>([
    ['x', 'int'],
    ['0.-1', decimal(10, 2)],
    ['noon', 'timestamptz'],
    ['1', { kind: 'opaque', name: 'variant' }],
  ])('%o is no value of %o, and not null either', (text, type) => {
    expect(parse(text, type)).toBeUndefined()
  })

  it('widens a timestamp of an unknown zone by 16 hours both ways, and leaves it its clock', () => {
    const value = 1704198600000000n
    expect(parse('2024-01-02 12:30:00.0', 'timestamptz')).toEqual({
      value,
      lower: value - 16n * HOUR,
      upper: value + 16n * HOUR,
      holds: HOLDS_VALUES,
      spelled: '2024-01-02 12:30:00',
    })
  })

  it('knows a NaN partition for what it is', () => {
    expect(parse('nan', 'double')).toEqual({
      value: Number.NaN,
      lower: null,
      upper: null,
      holds: HOLDS_NANS,
      spelled: 'NaN',
    })
  })

  it('gives binary a value and no bounds, since writers differ in the bytes', () => {
    expect(parse('a\u0001', 'binary')).toEqual({
      value: Uint8Array.of(0x61, 1),
      lower: null,
      upper: null,
      holds: HOLDS_VALUES,
      spelled: 'a\u0001',
    })
  })

  it('reads what it spells as the same value, and spells it alike', () => {
    const text = fc.oneof(
      fc.constantFrom(...SPARK_CASTS.map(([, cast]) => cast)),
      fc.stringMatching(
        /^[+-]?\d{1,6}(-\d{1,2}){0,2}([ T]\d{1,2}(:\d{1,2}){0,2}(\.\d{0,7})?)?( ?[+-]\d{1,2})?$/,
      ),
      fc.stringMatching(/^[+-]?\d{0,12}(\.\d{0,4})?(e[+-]?\d{1,2})?$/),
    )
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(SPARK_TYPES)), text, (type, recorded) => {
        const value = parsePartitionValue(recorded, type)
        if (value !== undefined) expect(parsePartitionValue(value.spelled, type)).toEqual(value)
      }),
      { seed: 20261128, numRuns: quickOr(2000, 10_000) },
    )
  })
})
