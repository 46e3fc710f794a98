import {
  type ColumnStats,
  type DataType,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  readValue,
  type Value,
} from '@spillway/core'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnTraits } from '../../src/schema/schema.js'
import { typedBound } from '../../src/statistics/bound-value.js'
import { nextPrefix, upperOfMaxima, upperOfMaximum } from '../../src/statistics/cut-maximum.js'
import { statsFromText } from '../../src/statistics/stats-text.js'

const FIRST = new Uint32Array(1)
const plain: ColumnTraits = { alwaysNull: false, unordered: false, widenedFromFloat: false }
const NO_NANS = HOLDS_ANYTHING & ~HOLDS_NANS

/** Statistics of column c from one text. */
function statistics(
  stats: string,
  type: DataType,
  traits: Partial<ColumnTraits> = {},
): ColumnStats {
  const column = {
    key: 'c',
    physicalPath: ['c'],
    rules: { type, traits: { ...plain, ...traits }, stringPrefixLength: 32 },
  }
  return statsFromText([column], 1, FIRST, () => new TextEncoder().encode(stats))[0]!
}

function boundsOf(min: string, max: string, type: DataType, traits?: Partial<ColumnTraits>) {
  const stats = statistics(
    `{"numRecords":9,"minValues":{"c":${min}},"maxValues":{"c":${max}}}`,
    type,
    traits,
  )
  const read = (column: ColumnStats['lower']): Value | null =>
    column ? readValue(column, 0, type) : null
  return [read(stats.lower), read(stats.upper)]
}

const decimal = (precision: number, scale: number): DataType => ({
  kind: 'decimal',
  precision,
  scale,
})
const MS = 1_704_198_600_123_000n

describe('bounds from statistics text', () => {
  it.each<[string, string, string, DataType, Value | null, Value | null]>([
    [
      '64-bit integers are not rounded',
      '9007199254740993',
      '9223372036854775807',
      'long',
      9007199254740993n,
      9223372036854775807n,
    ],
    [
      'decimals are not rounded',
      '12345678901234567890.123',
      '12345678901234567890.124',
      decimal(38, 3),
      12345678901234567890123n,
      12345678901234567890124n,
    ],
    [
      'decimals that went through doubles reach out by the error',
      '1e+30',
      '1e+30',
      decimal(38, 2),
      10n ** 32n - (10n ** 32n / 2n ** 51n + 1n),
      10n ** 32n + (10n ** 32n / 2n ** 51n + 1n),
    ],
    [
      'the ends of 64 bits stand for all beyond them, as delta-rs writes them',
      '-9223372036854775808',
      '9223372036854775807',
      decimal(38, 0),
      null,
      null,
    ],
    [
      'the other end of 64 bits is the double next to it',
      '9223372036854775807',
      '-9223372036854775808',
      decimal(38, 0),
      2n ** 63n - 1n - 4096n,
      -(2n ** 63n) + 4097n,
    ],
    [
      'decimals in 64 bits reach them',
      '-999999999999999999',
      '999999999999999999',
      decimal(18, 0),
      -999999999999999999n,
      999999999999999999n,
    ],
    [
      'decimals of 15 digits came through doubles unharmed',
      '-9999999999999.99',
      '9999999999999.99',
      decimal(38, 2),
      -999999999999999n,
      999999999999999n,
    ],
    [
      'decimals of more digits than the column go outward',
      '1.239',
      '1.231',
      decimal(10, 2),
      123n,
      124n,
    ],
    ['exponents are understood', '1.5E+3', '2e3', decimal(10, 1), 15000n, 20000n],
    ['integers written as decimals go outward', '1.5', '1.5', 'long', 1n, 2n],
    ['integers of a column that is wider now', '5', '7', 'long', 5n, 7n],
    ['integers of a column that is a double now', '5', '7', 'double', 5, 7],
    ['integers of a column that is a decimal now', '5', '7', decimal(12, 2), 500n, 700n],
    ['out of range is nothing', '-2147483649', '2147483648', 'int', null, null],
    [
      'a float is the float nearest to its text',
      '1.1',
      '1.1',
      'float',
      Math.fround(1.1),
      Math.fround(1.1),
    ],
    ['NaN bounds nothing', '"NaN"', '"NaN"', 'double', null, null],
    [
      'infinities bound',
      '"-Infinity"',
      '"Infinity"',
      'double',
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ],
    ['dates are exact', '"2024-01-01"', '"2024-01-02"', 'date', 19723, 19724],
    [
      'a date of a column that is a timestamp now',
      '"2024-01-01"',
      '"2024-01-02"',
      'timestamp',
      1704067200000000n,
      1704153600000999n,
    ],
    [
      'the maximum of a timestamp gains 999 us',
      '"2024-01-02T12:30:00.000Z"',
      '"2024-01-02T12:30:00.123Z"',
      'timestamptz',
      1704198600000000n,
      MS + 999n,
    ],
    [
      'the maximum of a timestamp without zone as well',
      '"2024-01-02T12:30:00.000"',
      '"2024-01-02T12:30:00.123"',
      'timestamp',
      1704198600000000n,
      MS + 999n,
    ],
    [
      'a zone offset counts',
      '"2024-01-02T13:30:00.000+01:00"',
      '"2024-01-02T07:30:00.123-05:00"',
      'timestamptz',
      1704198600000000n,
      MS + 999n,
    ],
    [
      'old zone offsets may lack their seconds',
      '"1900-01-01T00:00:00.000+00:53"',
      '"1900-01-01T01:00:00.000+00:53"',
      'timestamptz',
      -2208992039000000n,
      -2208988320999001n,
    ],
    [
      'a timestamp without its zone is up to 16 hours off',
      '"2024-01-01T00:00:00"',
      '"2024-01-02T00:00:00"',
      'timestamptz',
      1704067200000000n - 57600000000n,
      1704153600000999n + 57600000000n,
    ],
    [
      'an offset on a timestamp without zone is nothing',
      '"2024-01-02T12:30:00+01:00"',
      '"2024-01-02T12:30:00+01:00"',
      'timestamp',
      null,
      null,
    ],
    ['a short string is itself', '"a"', '"zz"', 'string', 'a', 'zz'],
    [
      'a maximum of 32 characters may be cut',
      `"${'m'.repeat(32)}"`,
      `"${'m'.repeat(32)}"`,
      'string',
      'm'.repeat(32),
      `${'m'.repeat(31)}n`,
    ],
    [
      'a maximum of 31 characters is not',
      '"a"',
      `"${'m'.repeat(31)}"`,
      'string',
      'a',
      'm'.repeat(31),
    ],
    [
      'a maximum that ends in U+FFFD is cut before it, however long it is',
      '"a"',
      '"mm\ufffd"',
      'string',
      'a',
      'mn',
    ],
    [
      'half a surrogate pair became a question mark before it',
      '"a"',
      `"${'m'.repeat(31)}?\ufffd"`,
      'string',
      'a',
      `${'m'.repeat(30)}n`,
    ],
    [
      'U+FFFF before the mark is certain',
      '"a"',
      `"${'m'.repeat(32)}\uffff\ufffd"`,
      'string',
      'a',
      `${'m'.repeat(32)}\u{10000}`,
    ],
    ['nothing before the mark is no bound', '"a"', '"\ufffd"', 'string', 'a', null],
    ['half a surrogate pair is no text', '"\\ud800"', '"\\ud800"', 'string', null, null],
    ['booleans bound where somebody wrote them', 'false', 'true', 'boolean', false, true],
    ['a text where a number belongs is nothing', '"5"', '"7"', 'long', null, null],
    ['a number where a text belongs is nothing', '5', '7', 'string', null, null],
    ['null is nothing', 'null', 'null', 'long', null, null],
  ])('%s', (_, min, max, type, lower, upper) => {
    expect(boundsOf(min, max, type)).toEqual([lower, upper])
  })

  it.each<[string, DataType, Partial<ColumnTraits>]>([
    ['binary', 'binary', {}],
    ['variant', { kind: 'opaque', name: 'variant' }, {}],
    ['CHAR(n) and collated strings', 'string', { unordered: true }],
  ])('%s has no bounds', (_, type, traits) => {
    expect(boundsOf('"a"', '"b"', type, traits)).toEqual([null, null])
  })

  it('spans the float and the text of a column that was a float', () => {
    const single = Math.fround(1.1)
    expect(boundsOf('1.1', '1.1', 'double', { widenedFromFloat: true })).toEqual([
      Math.min(1.1, single),
      Math.max(1.1, single),
    ])
  })

  it('takes a minimum of several rows that equals the maximum to the second only', () => {
    const text = '"2024-01-02T12:30:00.123Z"'
    expect(boundsOf(text, text, 'timestamptz')).toEqual([1704198600000000n, MS + 999n])
  })

  it.each([
    ['increments the last code point', 'ab', 'ac'],
    ['steps over the surrogates', 'a\ud7ff', 'a\ue000'],
    ['drops what cannot be incremented', 'a\u{10ffff}', 'b'],
    ['goes beyond the basic plane', 'a\uffff', 'a\u{10000}'],
  ])('the next prefix %s', (_, text, next) => {
    expect(nextPrefix(text)).toBe(next)
  })

  it('has no next prefix of the greatest strings', () => {
    expect(nextPrefix('\u{10ffff}\u{10ffff}')).toBeNull()
  })
})

describe('what a column holds', () => {
  it.each<[string, string, DataType, number]>([
    ['no nulls', '{"numRecords":5,"nullCount":{"c":0}}', 'long', HOLDS_VALUES],
    ['only nulls', '{"numRecords":5,"nullCount":{"c":5}}', 'long', HOLDS_NULLS],
    ['only nulls, of a float', '{"numRecords":5,"nullCount":{"c":5}}', 'double', HOLDS_NULLS],
    ['nothing, in a file without rows', '{"numRecords":0,"nullCount":{"c":0}}', 'long', 0],
    [
      'both, whatever lies between',
      '{"numRecords":5,"nullCount":{"c":3},"tightBounds":false}',
      'long',
      NO_NANS,
    ],
    ['anything, without a null count', '{"numRecords":5}', 'double', HOLDS_ANYTHING],
    ['anything, without a record count', '{"nullCount":{"c":5}}', 'long', NO_NANS],
    [
      'a float may hold NaN',
      '{"numRecords":5,"nullCount":{"c":0},"minValues":{"c":1}}',
      'double',
      HOLDS_VALUES | HOLDS_NANS,
    ],
    [
      'the one row of a file is its minimum',
      '{"numRecords":1,"nullCount":{"c":0},"minValues":{"c":1}}',
      'double',
      HOLDS_VALUES,
    ],
    ['nothing is known from a broken text', '{"numRecords":5,"nullCount":{"c":0', 'long', NO_NANS],
    ['nothing is known from a text of another shape', '[1]', 'long', NO_NANS],
  ])('%s', (_, stats, type, holds) => {
    expect(statistics(stats, type).holds![0]).toBe(holds)
  })
})

describe('bounds from stats_parsed', () => {
  const rules = (type: DataType) => ({ type, traits: plain, stringPrefixLength: 32 })
  it.each<[string, Value, Parameters<typeof typedBound>[1], DataType, Value | null]>([
    ['an int of a column that is a long now', 5, 'int', 'long', 5n],
    ['an int of a column that is a decimal now', 5, 'int', decimal(10, 2), 500n],
    [
      'a decimal of a smaller scale',
      15n,
      { kind: 'decimal', precision: 3, scale: 1 },
      decimal(10, 2),
      150n,
    ],
    [
      'a float of a column that is a double now',
      Math.fround(1.1),
      'float',
      'double',
      Math.fround(1.1),
    ],
    ['a timestamp gains 999 us', 5n, 'timestamptz', 'timestamptz', 1004n],
    ['a date of a column that is a timestamp now', 1, 'date', 'timestamp', 86400000999n],
    ['a cut string', 'm'.repeat(32), 'string', 'string', `${'m'.repeat(31)}n`],
    ['a string of a column that is a long now', 'x', 'string', 'long', null],
    ['NaN', Number.NaN, 'double', 'double', null],
  ])('%s', (_, value, from, type, upper) => {
    expect(typedBound(value, from, rules(type), 'upper')).toEqual(upper)
  })
})

/** As delta-rs records the end of a column of decimals that are longer than 64 bits. */
function recordedByDeltaRs(unscaled: bigint, scale: number): string {
  const value = Number(unscaled) / 10 ** scale
  if (scale > 0) return String(value)
  const [least, greatest] = [-(2n ** 63n), 2n ** 63n - 1n]
  const whole = BigInt(value)
  return String(whole > greatest ? greatest : whole < least ? least : whole)
}

it('decimals that delta-rs recorded are within their bounds', () => {
  const limit = 10n ** 38n - 1n
  const near = fc
    .tuple(fc.nat(38), fc.bigInt(-5000n, 5000n), fc.boolean())
    .map(([power, more, isTen]) => (isTen ? 10n ** BigInt(power) : 2n ** BigInt(power * 3)) + more)
  const value = fc
    .tuple(fc.oneof(near, fc.bigInt(-limit, limit)), fc.boolean())
    .map(([each, isNegative]) => (isNegative ? -each : each))
    .filter(each => each <= limit && each >= -limit)
  fc.assert(
    fc.property(value, fc.constantFrom(0, 0, 2, 10, 37), (each, scale) => {
      const recorded = recordedByDeltaRs(each, scale)
      const [lower, upper] = boundsOf(recorded, recorded, decimal(38, scale)) as (bigint | null)[]
      expect(lower === null || lower! <= each).toBe(true)
      expect(upper === null || upper! >= each).toBe(true)
    }),
    { numRuns: quickOr(500, 50_000) },
  )
})

/** As Delta for Spark up to 3.1 recorded a maximum, encoded as Java encodes it. */
function recordedBySpark31(value: string): string {
  if (value.length <= 32) return value
  const rest = value.slice(32)
  const kept = /^[\ufffd-\uffff]*/.exec(rest)![0]
  return `${value.slice(0, 32)}${kept}\ufffd`.replace(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    '?',
  )
}

const byCodePoints = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const awkward = fc.array(
  fc.constantFrom('?', 'a', 'z', '\ufffd', '\uffff', '\u{1f33c}', '\u{10ffff}'),
  {
    minLength: 1,
    maxLength: 4,
  },
)
const longText = fc
  .tuple(fc.constantFrom(29, 30, 31, 32, 33), awkward, awkward)
  .map(([length, middle, end]) => 'y'.repeat(length) + middle.join('') + end.join(''))

describe('maxima that Spark cut', () => {
  it('bound every value that they stand for', () => {
    fc.assert(
      fc.property(longText, value => {
        const upper = upperOfMaximum(recordedBySpark31(value), 32)
        expect(upper === null || byCodePoints(value, upper) <= 0).toBe(true)
      }),
      { seed: 20261128, numRuns: quickOr(1250, 5000) },
    )
  })

  it('bound, the greatest of them, the values of all', () => {
    fc.assert(
      fc.property(fc.array(longText, { minLength: 2, maxLength: 4 }), values => {
        const recorded = values.map(recordedBySpark31).sort(byCodePoints)
        const upper = upperOfMaxima(recorded.at(-1)!, 32)
        for (const value of values) {
          expect(upper === null || byCodePoints(value, upper) <= 0).toBe(true)
        }
      }),
      { seed: 20261128, numRuns: quickOr(1250, 5000) },
    )
  })
})
