import type { PrimitiveType, Transform, Value } from '@spillway/core'
import { compareValues } from '@spillway/core'
import { interestingValues } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { parseTransform, transformName } from '../../src/partition/transform.js'
import { sourceInterval } from '../../src/partition/transform-interval.js'
import { transformType, transformValue } from '../support/transform-value.js'

describe('parseTransform', () => {
  it.each([
    ['identity', { kind: 'identity' }],
    ['bucket[16]', { kind: 'bucket', width: 16 }],
    ['truncate[4]', { kind: 'truncate', width: 4 }],
    ['void', { kind: 'void' }],
    ['zorder[16]', { kind: 'unknown', name: 'zorder[16]' }],
  ])('reads %s and spells it again', (text, transform) => {
    expect(parseTransform(text)).toEqual(transform)
    expect(transformName(parseTransform(text))).toBe(text)
  })

  it('refuses a width of zero', () => {
    expect(() => parseTransform('bucket[0]')).toThrow(/bucket\[0\]/)
  })
})

describe('the transforms of the tests agree with the spec', () => {
  it.each([
    ['int', 34, 2017239379],
    ['long', 34n, 2017239379],
    ['date', 17486, -653330422],
    ['string', 'iceberg', 1210000089],
    [{ kind: 'decimal', precision: 9, scale: 2 }, 1420n, -500754589],
  ] as const)('hashes %o %s', (type, value, hash) => {
    const bucket = { kind: 'bucket', width: 2 ** 31 } as const
    expect(transformValue(bucket, value, type)).toBe((hash & 0x7fffffff) % 2 ** 31)
  })
})

const TYPES: readonly PrimitiveType[] = [
  'int',
  'long',
  'date',
  'timestamp',
  'timestamptz_ns',
  'string',
  'binary',
  'uuid',
  { kind: 'decimal', precision: 15, scale: 3 },
  { kind: 'decimal', precision: 38, scale: 10 },
]
const TRANSFORMS: readonly Transform[] = [
  { kind: 'identity' },
  { kind: 'truncate', width: 1 },
  { kind: 'truncate', width: 2 },
  { kind: 'truncate', width: 1000 },
  { kind: 'truncate', width: 2 ** 31 - 1 },
  { kind: 'year' },
  { kind: 'month' },
  { kind: 'day' },
  { kind: 'hour' },
]

describe('sourceInterval', () => {
  const pairs = TYPES.flatMap(type =>
    TRANSFORMS.filter(transform => transformType(transform, type) !== undefined).map(
      transform => [transformName(transform), JSON.stringify(type), transform, type] as const,
    ),
  )

  it.each(pairs)(
    'of %s on %s holds every value that the transform takes there',
    (...[, , transform, type]) => {
      for (const value of interestingValues(type)) {
        const partition = transformValue(transform, value, type)!
        for (const found of [partition, ...tooLarge(transform, partition)]) {
          const { lower, upper } = sourceInterval(transform, type, { lower: found, upper: found })!
          if (lower !== undefined) expect(compareValues(lower, value)).toBeLessThanOrEqual(0)
          if (upper !== undefined) expect(compareValues(upper, value)).toBeGreaterThanOrEqual(0)
        }
      }
    },
  )

  it.each([
    [{ kind: 'truncate', width: 10 }, 'int', -10, { lower: -10, upper: -1 }],
    [
      { kind: 'truncate', width: 10 },
      'int',
      2 ** 31 - 2,
      { lower: -(2 ** 31), upper: 2 ** 31 - 1 },
    ],
    [
      { kind: 'truncate', width: 10 },
      'int',
      2 ** 31 - 8,
      { lower: 2 ** 31 - 8, upper: 2 ** 31 - 1 },
    ],
    [{ kind: 'truncate', width: 2 }, 'string', 'a', { lower: 'a', upper: 'a' }],
    [{ kind: 'truncate', width: 2 }, 'string', 'az', { lower: 'az', upper: 'a{' }],
    [
      { kind: 'truncate', width: 1 },
      'string',
      '\u{d7ff}',
      { lower: '\u{d7ff}', upper: '\u{e000}' },
    ],
    [{ kind: 'truncate', width: 1 }, 'string', '\u{10ffff}', { lower: '\u{10ffff}' }],
    [{ kind: 'year' }, 'date', 56, { lower: 20454, upper: 20818 }],
    [{ kind: 'month' }, 'date', 1, { lower: 31, upper: 58 }],
    [{ kind: 'day' }, 'timestamp', 1, { lower: 86_400_000_000n, upper: 172_799_999_999n }],
    [
      { kind: 'hour' },
      'timestamp_ns',
      0,
      { lower: -3_600_000_000_000n, upper: 3_599_999_999_999n },
    ],
    [{ kind: 'day' }, 'date', -1, { lower: -2, upper: -1 }],
  ] as const)('of %o on %s says for %s exactly %o', (transform, type, value, interval) => {
    const values = { lower: value as Value, upper: value as Value }
    expect(sourceInterval(transform as Transform, type, values)).toEqual(interval)
  })
})

/** Iceberg up to 0.10 wrote times before 1970 one unit too large, those of the last unit as the epoch's. */
function tooLarge(transform: Transform, partition: Value): readonly Value[] {
  const time = ['year', 'month', 'day', 'hour'].includes(transform.kind)
  return time && (partition as number) < 0 ? [(partition as number) + 1] : []
}
