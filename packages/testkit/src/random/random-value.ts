import { compareValues, type PrimitiveType, type Value } from '@spillway/core'
import type { Random } from './random.js'

const DAY = 86_400_000_000n

/** Every type of a column that pruning compares. */
export const COMPARABLE_TYPES: readonly PrimitiveType[] = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'timestamp_ns',
  'timestamptz_ns',
  'string',
  'binary',
  'uuid',
  { kind: 'fixed', length: 2 },
  { kind: 'decimal', precision: 5, scale: 2 },
  { kind: 'decimal', precision: 15, scale: 3 },
  { kind: 'decimal', precision: 18, scale: 0 },
  { kind: 'decimal', precision: 20, scale: 4 },
  { kind: 'decimal', precision: 38, scale: 10 },
]

const TEXTS = [
  '',
  ' ',
  '0',
  '10',
  '9',
  'A',
  'a',
  'a%b',
  'a_b',
  'ab',
  'aba',
  'abb',
  'b',
  "it's",
  'é',
  '日本',
  '\u{d7ff}',
  '\u{e000}',
  '\u{fffd}',
  '\u{ffff}',
  '\u{10000}',
  '\u{10ffff}',
  'a\u{10ffff}',
  'a\u{ffff}b',
  'z'.repeat(40),
  `${'a'.repeat(31)}b`,
  `${'a'.repeat(32)}`,
  `${'a'.repeat(32)}b`,
  `${'a'.repeat(40)}\u{10ffff}`,
  `${'\u{10ffff}'.repeat(33)}`,
  '2026-01-03',
  'true',
]

const LONGS = [
  -(2n ** 63n),
  -(2n ** 53n) - 1n,
  -(2n ** 53n),
  -(2n ** 31n) - 1n,
  -5n,
  -1n,
  0n,
  1n,
  2n,
  3n,
  7n,
  2n ** 24n + 1n,
  2n ** 31n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 53n + 2n,
  2n ** 63n - 1n,
]

const DOUBLES = [
  Number.NEGATIVE_INFINITY,
  -1e300,
  -1.5,
  -1,
  -0.1,
  -0,
  0,
  Number.MIN_VALUE,
  0.1,
  Math.fround(0.1),
  0.5,
  1,
  1.5,
  2,
  16777217,
  2 ** 53,
  1e300,
  Number.POSITIVE_INFINITY,
]

const MICROS = [
  -62135596800000000n,
  -DAY - 1n,
  -DAY,
  -1000n,
  -999n,
  -1n,
  0n,
  1n,
  999n,
  1000n,
  1001n,
  1767398400000000n,
  1767398400000000n + DAY / 2n,
  1767398400000000n + DAY - 1n,
  1767398400000000n + DAY,
  1767398400123456n,
  4102444800000000n,
]

const DAYS = [-719162, -25567, -2, -1, 0, 1, 2, 20453, 20454, 20455, 20456, 47482]

/** Values of a type, ascending, with those that readers and engines trip over; NaN is not among them. */
export function interestingValues(type: PrimitiveType): readonly Value[] {
  const known = pools.get(type)
  if (known !== undefined) return known
  const pool = [...poolOf(type)].sort(compareValues)
  pools.set(type, pool)
  return pool
}

const pools = new Map<PrimitiveType, readonly Value[]>()

function poolOf(type: PrimitiveType): readonly Value[] {
  if (typeof type === 'object') return type.kind === 'decimal' ? decimals(type) : bytes()
  switch (type) {
    case 'boolean':
      return [false, true]
    case 'int':
      return [-(2 ** 31), -7, -2, -1, 0, 1, 2, 3, 4, 5, 6, 100, 2 ** 24 + 1, 2 ** 31 - 1]
    case 'long':
      return LONGS
    case 'float':
      return [...new Set(DOUBLES.map(Math.fround))]
    case 'double':
      return DOUBLES
    case 'date':
      return DAYS
    case 'time':
      return [0n, 1n, 999n, 3_600_000_000n, DAY / 2n, DAY - 1n]
    case 'timestamp':
    case 'timestamptz':
      return MICROS
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return MICROS.filter(micros => micros > -DAY * 300n).flatMap(micros => [
        micros * 1000n,
        micros * 1000n + 1n,
      ])
    case 'string':
      return TEXTS
    case 'uuid':
      return [0, 1, 127, 128, 255].map(first =>
        Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? first : i)),
      )
    case 'binary':
      return [...bytes(), new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(1, 2, 3)]
  }
}

function bytes(): readonly Value[] {
  return [
    [0, 0],
    [0, 255],
    [1, 2],
    [127, 255],
    [128, 0],
    [255, 255],
  ].map(each => Uint8Array.from(each))
}

function decimals({ precision }: { precision: number }): readonly Value[] {
  const max = 10n ** BigInt(precision) - 1n
  const small = [-150n, -100n, -1n, 0n, 1n, 10n, 99n, 100n, 101n, 150n, 250n]
  return [-max, ...small, max - 1n, max]
}

/** One value of `type`, from a window of its pool so that files differ. */
export function randomValue(
  type: PrimitiveType,
  random: Random,
  window: readonly [number, number],
): Value {
  const pool = interestingValues(type)
  const from = Math.min(Math.floor(window[0] * pool.length), pool.length - 1)
  const to = Math.min(Math.floor(window[1] * pool.length), pool.length - 1)
  return pool[random.integer(from, Math.max(from, to))]!
}
