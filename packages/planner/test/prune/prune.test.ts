import {
  and,
  eq,
  type Field,
  gt,
  gtEq,
  isIn,
  isNull,
  lt,
  ltEq,
  not,
  notEq,
  notNull,
  or,
  type Predicate,
  startsWith,
  unknown,
} from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { isCertain, type Statistics, verdict } from '../support/one-column.js'

type Row = readonly [
  rule: string,
  type: Field['type'],
  statistics: Statistics,
  predicate: Predicate,
  expected: 'kept' | 'pruned',
]

const isNan: Predicate = { kind: 'isNan', ref: { names: ['c'] } }
const notNan: Predicate = { kind: 'notNan', ref: { names: ['c'] } }
const notStartsWith = (prefix: string): Predicate => ({
  kind: 'notStartsWith',
  ref: { names: ['c'] },
  prefix,
})
const notIn = (...values: readonly bigint[]): Predicate => not(isIn('c', values))

/** `delta.md` 2c, `iceberg.md` 2.4 and `architecture.md` 6, rule by rule. */
const RULES: readonly Row[] = [
  ['= below the minimum', 'long', { lower: 5n, upper: 9n }, eq('c', 4n), 'pruned'],
  ['= at the minimum', 'long', { lower: 5n, upper: 9n }, eq('c', 5n), 'kept'],
  ['= at the maximum', 'long', { lower: 5n, upper: 9n }, eq('c', 9n), 'kept'],
  ['= above the maximum', 'long', { lower: 5n, upper: 9n }, eq('c', 10n), 'pruned'],
  ['= without a minimum', 'long', { upper: 9n }, eq('c', 4n), 'kept'],
  ['= with a null minimum', 'long', { lower: null, upper: 9n }, eq('c', 4n), 'kept'],
  ['< at the minimum', 'long', { lower: 5n }, lt('c', 5n), 'pruned'],
  ['< above the minimum', 'long', { lower: 5n }, lt('c', 6n), 'kept'],
  ['<= at the minimum', 'long', { lower: 5n }, ltEq('c', 5n), 'kept'],
  ['<= below the minimum', 'long', { lower: 5n }, ltEq('c', 4n), 'pruned'],
  ['> at the maximum', 'long', { upper: 9n }, gt('c', 9n), 'pruned'],
  ['> below the maximum', 'long', { upper: 9n }, gt('c', 8n), 'kept'],
  ['>= at the maximum', 'long', { upper: 9n }, gtEq('c', 9n), 'kept'],
  ['>= above the maximum', 'long', { upper: 9n }, gtEq('c', 10n), 'pruned'],
  ['no statistics', 'long', {}, eq('c', 4n), 'kept'],

  ['all null: a comparison', 'long', { holds: 'n' }, eq('c', 4n), 'pruned'],
  ['all null: <', 'long', { holds: 'n' }, lt('c', 4n), 'pruned'],
  ['all null: IN', 'long', { holds: 'n' }, isIn('c', [4n]), 'pruned'],
  ['all null: a prefix', 'string', { holds: 'n' }, startsWith('c', 'a'), 'pruned'],
  ['all null: IS NULL', 'long', { holds: 'n' }, isNull('c'), 'kept'],
  ['all null: IS NOT NULL', 'long', { holds: 'n' }, notNull('c'), 'pruned'],
  ['no nulls: IS NULL', 'long', { holds: 'v' }, isNull('c'), 'pruned'],
  ['nulls unknown: IS NULL', 'long', { lower: 1n, upper: 2n }, isNull('c'), 'kept'],
  ['values unknown: IS NOT NULL', 'long', {}, notNull('c'), 'kept'],

  ['<> of the only value', 'long', { holds: 'v', lower: 4n, upper: 4n }, notEq('c', 4n), 'pruned'],
  ['<> of another value', 'long', { holds: 'v', lower: 4n, upper: 4n }, notEq('c', 5n), 'kept'],
  ['<> with two values', 'long', { holds: 'v', lower: 4n, upper: 5n }, notEq('c', 4n), 'kept'],
  ['<> with nulls', 'long', { holds: 'vn', lower: 4n, upper: 4n }, notEq('c', 4n), 'kept'],
  ['<> with nulls unknown', 'long', { lower: 4n, upper: 4n }, notEq('c', 4n), 'kept'],
  ['<> with NaN', 'double', { holds: 'vN', lower: 4, upper: 4 }, notEq('c', 4), 'kept'],
  ['<> without NaN', 'double', { holds: 'v', lower: 4, upper: 4 }, notEq('c', 4), 'pruned'],
  ['<> of nothing at all', 'long', { holds: '' }, notEq('c', 4n), 'pruned'],
  [
    'NOT IN of the only value',
    'long',
    { holds: 'v', lower: 4n, upper: 4n },
    notIn(3n, 4n),
    'pruned',
  ],
  ['NOT IN of two values', 'long', { holds: 'v', lower: 3n, upper: 4n }, notIn(3n, 4n), 'kept'],
  ['NOT IN with nulls', 'long', { holds: 'vn', lower: 4n, upper: 4n }, notIn(3n, 4n), 'kept'],
  ['NOT IN of none', 'long', { holds: 'v', lower: 4n, upper: 4n }, notIn(), 'kept'],

  ['IN: a member inside', 'long', { lower: 5n, upper: 9n }, isIn('c', [1n, 7n, 20n]), 'kept'],
  [
    'IN: members on both sides only',
    'long',
    { lower: 5n, upper: 9n },
    isIn('c', [1n, 20n]),
    'pruned',
  ],
  ['IN: at a bound', 'long', { lower: 5n, upper: 9n }, isIn('c', [1n, 9n]), 'kept'],
  ['IN: one bound only', 'long', { lower: 5n }, isIn('c', [1n, 4n]), 'pruned'],
  ['IN of none', 'long', {}, isIn('c', []), 'pruned'],
  ['IN of texts', 'string', { lower: 'b', upper: 'd' }, isIn('c', ['a', 'cc', 'e']), 'kept'],
  ['IN of texts outside', 'string', { lower: 'b', upper: 'd' }, isIn('c', ['a', 'e']), 'pruned'],

  ['a prefix before', 'string', { lower: 'b', upper: 'd' }, startsWith('c', 'a'), 'pruned'],
  ['a prefix inside', 'string', { lower: 'b', upper: 'd' }, startsWith('c', 'cx'), 'kept'],
  ['a prefix of the minimum', 'string', { lower: 'bcd', upper: 'd' }, startsWith('c', 'b'), 'kept'],
  [
    'a prefix after the maximum',
    'string',
    { lower: 'b', upper: 'd' },
    startsWith('c', 'da'),
    'pruned',
  ],
  ['the empty prefix', 'string', { holds: 'v' }, startsWith('c', ''), 'kept'],
  ['the empty prefix of nulls', 'string', { holds: 'n' }, startsWith('c', ''), 'pruned'],
  ['no empty prefix', 'string', { holds: 'v' }, notStartsWith(''), 'pruned'],
  [
    'NOT LIKE, all inside',
    'string',
    { holds: 'v', lower: 'ab', upper: 'ax' },
    notStartsWith('a'),
    'pruned',
  ],
  [
    'NOT LIKE, one outside',
    'string',
    { holds: 'v', lower: 'ab', upper: 'b' },
    notStartsWith('a'),
    'kept',
  ],
  [
    'NOT LIKE, with nulls',
    'string',
    { holds: 'vn', lower: 'ab', upper: 'ax' },
    notStartsWith('a'),
    'kept',
  ],

  ['float >, NaN possible', 'double', { upper: 1 }, gt('c', 5), 'kept'],
  ['float >, NaN there', 'double', { holds: 'vN', upper: 1 }, gt('c', 5), 'kept'],
  ['float >, no NaN', 'double', { holds: 'v', upper: 1 }, gt('c', 5), 'pruned'],
  ['float >=, NaN possible', 'float', { upper: 1 }, gtEq('c', 5), 'kept'],
  ['float <, NaN there', 'double', { holds: 'vN', lower: 9 }, lt('c', 5), 'pruned'],
  ['float =, NaN there', 'double', { holds: 'vN', lower: 9, upper: 9 }, eq('c', 5), 'pruned'],
  ['NOT float >, NaN there', 'double', { holds: 'vN', lower: 9 }, not(gt('c', 5)), 'kept'],
  ['NOT float <, NaN possible', 'double', { upper: 1 }, not(lt('c', 5)), 'kept'],
  ['a NaN literal', 'double', { holds: 'v', lower: 1, upper: 2 }, eq('c', Number.NaN), 'kept'],
  [
    'a NaN bound',
    'double',
    { holds: 'v', lower: Number.NaN, upper: Number.NaN },
    eq('c', 5),
    'kept',
  ],
  ['a NaN upper bound', 'double', { holds: 'v', upper: Number.NaN }, gt('c', 5), 'kept'],
  ['-0 equals 0', 'double', { holds: 'v', lower: 0, upper: 0 }, eq('c', -0), 'kept'],
  ['-0 is not less than 0', 'double', { holds: 'v', lower: 0, upper: 0 }, lt('c', -0), 'pruned'],
  ['isnan without NaN', 'double', { holds: 'vn' }, isNan, 'pruned'],
  ['isnan with NaN', 'double', { holds: 'N' }, isNan, 'kept'],
  ['NOT isnan of NaN only', 'double', { holds: 'N' }, notNan, 'pruned'],
  ['NOT isnan of nulls', 'double', { holds: 'Nn' }, notNan, 'kept'],
  ['isnan of an integer', 'long', {}, isNan, 'pruned'],

  ['text order is by code point', 'string', { lower: '\u{ffff}' }, lt('c', '\u{10000}'), 'kept'],
  ['text order, the other way', 'string', { upper: '\u{ffff}' }, gt('c', '\u{10000}'), 'pruned'],
  ['64 bits are not rounded', 'long', { upper: 2n ** 53n }, gtEq('c', 2n ** 53n + 1n), 'pruned'],
  ['64 bits at the end', 'long', { upper: 2n ** 63n - 1n }, gt('c', 2n ** 63n - 1n), 'pruned'],
  ['64 bits at the start', 'long', { lower: -(2n ** 63n) }, lt('c', -(2n ** 63n)), 'pruned'],
  [
    'wide decimals, exactly',
    { kind: 'decimal', precision: 38, scale: 0 },
    { upper: 10n ** 37n },
    gt('c', { value: 10n ** 37n, type: { kind: 'decimal', precision: 38, scale: 0 } }),
    'pruned',
  ],
  [
    'wide decimals below zero',
    { kind: 'decimal', precision: 38, scale: 0 },
    { lower: -(10n ** 37n), upper: -5n },
    eq('c', -6n),
    'kept',
  ],
  ['booleans', 'boolean', { lower: true, upper: true }, eq('c', false), 'pruned'],

  ['unknown keeps', 'long', { lower: 5n }, unknown('f(c)'), 'kept'],
  ['NOT unknown keeps', 'long', { lower: 5n }, not(unknown('f(c)')), 'kept'],
  [
    'AND with unknown still prunes',
    'long',
    { lower: 5n },
    and(unknown('f(c)'), lt('c', 1n)),
    'pruned',
  ],
  ['OR with unknown keeps', 'long', { lower: 5n }, or(lt('c', 1n), unknown('f(c)')), 'kept'],
  [
    'NOT (OR with unknown) prunes',
    'long',
    { lower: 5n },
    not(or(gt('c', 1n), unknown('f(c)'))),
    'pruned',
  ],
  ['an unknown column', 'long', { lower: 5n }, eq('nowhere', 1n), 'kept'],
  ['TRUE', 'long', { lower: 5n }, { kind: 'alwaysTrue' }, 'kept'],
  ['FALSE', 'long', { lower: 5n }, { kind: 'alwaysFalse' }, 'pruned'],
  ['an empty AND', 'long', { lower: 5n }, { kind: 'and', operands: [] }, 'kept'],
  ['an empty OR', 'long', { lower: 5n }, { kind: 'or', operands: [] }, 'pruned'],
  ['<=> NULL', 'long', { holds: 'v' }, isNull('c'), 'pruned'],
  [
    'NOT (<=> value)',
    'long',
    { holds: 'vn', lower: 4n, upper: 4n },
    not(and(notNull('c'), eq('c', 4n))),
    'kept',
  ],
]

describe('prune', () => {
  it.each(RULES)('%s', (_, type, statistics, predicate, expected) => {
    expect(verdict(type, statistics, predicate)).toBe(expected)
  })
})

describe('bucket statistics', () => {
  // bucket[16] of 34 is 3 (2017239379 mod 16).
  const inBucket3: Statistics = { holds: 'v', lower: 3, upper: 3, bucketCount: 16 }
  it.each<readonly [string, Statistics, Predicate, 'kept' | 'pruned']>([
    ['keeps a value of the bucket', inBucket3, eq('c', 34n), 'kept'],
    ['prunes a value of another', { ...inBucket3, lower: 4, upper: 4 }, eq('c', 34n), 'pruned'],
    ['keeps a list with a member of the bucket', inBucket3, isIn('c', [1n, 34n]), 'kept'],
    ['says nothing about an order', { ...inBucket3, lower: 4, upper: 4 }, lt('c', -1000n), 'kept'],
    ['says nothing about inequality', inBucket3, notEq('c', 3n), 'kept'],
    ['knows a null bucket', { holds: 'n', bucketCount: 16 }, gt('c', 1n), 'pruned'],
    ['keeps a null bucket for IS NULL', { holds: 'n', bucketCount: 16 }, isNull('c'), 'kept'],
    [
      'prunes a null bucket for IS NOT NULL',
      { holds: 'n', bucketCount: 16 },
      notNull('c'),
      'pruned',
    ],
  ])('%s', (_, statistics, predicate, expected) => {
    expect(verdict('long', statistics, predicate)).toBe(expected)
  })
})

describe('matchesAll', () => {
  it.each<readonly [string, Field['type'], Statistics, Predicate, boolean]>([
    ['needs both bounds inside', 'long', { holds: 'v', lower: 5n, upper: 9n }, gtEq('c', 5n), true],
    [
      'fails on one value outside',
      'long',
      { holds: 'v', lower: 4n, upper: 9n },
      gtEq('c', 5n),
      false,
    ],
    ['fails where nulls may be', 'long', { lower: 5n, upper: 9n }, gtEq('c', 5n), false],
    ['fails where NaN may be', 'double', { holds: 'vN', lower: 5, upper: 9 }, gtEq('c', 5), false],
    ['fails on NaN under NOT', 'double', { holds: 'N' }, not(gtEq('c', 5)), false],
    ['knows all-null files', 'long', { holds: 'n' }, isNull('c'), true],
    ['never trusts unknown', 'long', { holds: 'v' }, unknown('?'), false],
    ['never trusts NOT unknown', 'long', { holds: 'v' }, not(unknown('?')), false],
    [
      'takes one certain side of OR',
      'long',
      { holds: 'v', lower: 5n },
      or(unknown('?'), gtEq('c', 5n)),
      true,
    ],
    [
      'does not count nulls under NOT',
      'long',
      { holds: 'n' },
      not(lt('c', { value: 10n ** 30n, type: { kind: 'decimal', precision: 31, scale: 0 } })),
      false,
    ],
    [
      'does not count nulls where all values match',
      'long',
      { holds: 'n' },
      not(eq('c', { value: 15n, type: { kind: 'decimal', precision: 2, scale: 1 } })),
      false,
    ],
  ])('%s', (_, type, statistics, predicate, expected) => {
    expect(isCertain(type, statistics, predicate)).toBe(expected)
  })
})
