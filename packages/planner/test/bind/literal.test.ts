import {
  type DataType,
  type Literal,
  literal,
  type PrimitiveType,
  type Value,
} from '@spillway/core'
import { describe, expect, it } from 'vitest'
import type { BoundLiteral, ZonelessLiterals } from '../../src/bind/bound-literal.js'
import { coerceLiteral } from '../../src/bind/literal.js'

const DAY = 86_400_000_000n
const HOUR = 3_600_000_000n
const MAX_LONG = 2n ** 63n - 1n

function decimal(precision: number, scale: number): PrimitiveType {
  return { kind: 'decimal', precision, scale }
}

function exactly(value: Value): BoundLiteral {
  return { kind: 'exact', value }
}

function between(below: Value | undefined, above: Value | undefined): BoundLiteral {
  return {
    kind: 'gap',
    ...(below === undefined ? {} : { below }),
    ...(above === undefined ? {} : { above }),
  }
}

function within(low: Value, high: Value): BoundLiteral {
  return { kind: 'range', low, high }
}

const REFUSED = { kind: 'incomparable', reason: expect.any(String) }

type Row = readonly [DataType, string, Literal, unknown, ZonelessLiterals?]

function typed(value: Value, type: PrimitiveType): Literal {
  return { value, type }
}

function asTyped(value: string): Literal {
  return { value, type: 'string', asTyped: true }
}

const ROWS: readonly Row[] = [
  ['int', '5', literal(5), exactly(5)],
  ['int', '5.5', typed(55n, decimal(2, 1)), between(5, 6)],
  ['int', '-5.5', typed(-55n, decimal(2, 1)), between(-6, -5)],
  ['int', '5.0', typed(50n, decimal(2, 1)), exactly(5)],
  ['int', '5.5D', typed(5.5, 'double'), between(5, 6)],
  ['int', '2^31', literal(2n ** 31n), between(2 ** 31 - 1, undefined)],
  ['int', '-2^31 - 1', literal(-(2n ** 31n) - 1n), between(undefined, -(2 ** 31))],
  ['int', '2^31 - 0.5', typed(21474836475n, decimal(11, 1)), between(2 ** 31 - 1, undefined)],
  ['int', 'infinity', typed(Number.POSITIVE_INFINITY, 'double'), between(2 ** 31 - 1, undefined)],
  ['int', '1e300', typed(1e300, 'double'), between(2 ** 31 - 1, undefined)],
  ['int', "'5'", literal('5'), exactly(5)],
  ['int', "'05'", literal('05'), REFUSED],
  ['int', "'5.0'", literal('5.0'), REFUSED],
  ['int', "'99999999999'", literal('99999999999'), REFUSED],
  ['int', 'true', literal(true), REFUSED],
  ['int', 'NaN', literal(Number.NaN), REFUSED],
  ['int', 'DATE', typed(5, 'date'), REFUSED],
  ['long', '2^53 + 1', literal(2n ** 53n + 1n), exactly(2n ** 53n + 1n)],
  ['long', '2^53 as a double', typed(2 ** 53, 'double'), within(2n ** 53n - 4n, 2n ** 53n + 5n)],
  ['long', '2^63 as a double', typed(2 ** 63, 'double'), REFUSED],
  ['long', '1e19 as a double', typed(1e19, 'double'), between(MAX_LONG, undefined)],
  ['long', '2^24 as a float', typed(2 ** 24, 'float'), within(2n ** 24n - 4n, 2n ** 24n + 5n)],
  ['long', '3.5 as a float', typed(3.5, 'float'), between(3n, 4n)],

  [decimal(5, 2), '1.5', typed(15n, decimal(2, 1)), exactly(150n)],
  [decimal(5, 2), '1.234', typed(1234n, decimal(4, 3)), between(123n, 124n)],
  [decimal(5, 2), '-1.234', typed(-1234n, decimal(4, 3)), between(-124n, -123n)],
  [decimal(5, 2), '1000', literal(1000), between(99999n, undefined)],
  [decimal(5, 2), '0.1D', typed(0.1, 'double'), exactly(10n)],
  [decimal(5, 2), '0.125D', typed(0.125, 'double'), between(12n, 13n)],
  [decimal(20, 2), '0.1D', typed(0.1, 'double'), within(9n, 11n)],
  [decimal(5, 2), '0.1F', typed(Math.fround(0.1), 'float'), within(9n, 11n)],
  [decimal(5, 2), "'1.5'", literal('1.5'), exactly(150n)],
  [decimal(5, 2), "'1e2'", literal('1e2'), REFUSED],
  [decimal(38, 10), '1e28', typed(10n ** 28n, decimal(29, 0)), REFUSED],
  [decimal(38, 10), 'a scale of 12', typed(15n * 10n ** 11n, decimal(13, 12)), REFUSED],

  ['double', '0.1', typed(1n, decimal(2, 1)), exactly(0.1)],
  ['double', '2^53 + 1', literal(2n ** 53n + 1n), exactly(2 ** 53)],
  ['double', '1e400', typed(10n ** 400n, decimal(401, 0)), REFUSED],
  [
    'double',
    'infinity',
    typed(Number.POSITIVE_INFINITY, 'double'),
    exactly(Number.POSITIVE_INFINITY),
  ],
  ['double', "'1.5e3'", literal('1.5e3'), exactly(1500)],
  ['double', "'NaN'", literal('NaN'), REFUSED],
  ['float', '0.5', typed(5n, decimal(2, 1)), exactly(0.5)],
  ['float', '0.1', typed(1n, decimal(2, 1)), within(0.1, Math.fround(0.1))],
  ['float', '0.1F', typed(Math.fround(0.1), 'float'), exactly(Math.fround(0.1))],
  ['float', '2^24 + 1', literal(2n ** 24n + 1n), within(2 ** 24, 2 ** 24 + 1)],

  ['boolean', 'true', literal(true), exactly(true)],
  ['boolean', "'FALSE'", literal('FALSE'), exactly(false)],
  ['boolean', "'yes'", literal('yes'), REFUSED],
  ['boolean', '1', literal(1), REFUSED],

  ['date', 'DATE', typed(20456, 'date'), exactly(20456)],
  ['date', "'2026-01-03'", literal('2026-01-03'), exactly(20456)],
  ['date', "'2026-02-30'", literal('2026-02-30'), REFUSED],
  ['date', "'2026-1-3'", literal('2026-1-3'), REFUSED],
  ['date', 'midnight', typed(20456n * DAY, 'timestamp'), exactly(20456)],
  ['date', 'noon', typed(20456n * DAY + 12n * HOUR, 'timestamp'), between(20456, 20457)],
  ['date', 'noon of 1969', typed(-12n * HOUR, 'timestamp'), between(-1, 0)],
  ['date', "'2026-01-03 00:00:00'", literal('2026-01-03 00:00:00'), exactly(20456)],
  ['date', "'2026-01-03 12:00:00'", literal('2026-01-03 12:00:00'), REFUSED],
  ['date', 'an instant, in UTC', typed(20456n * DAY, 'timestamptz'), exactly(20456), 'utc'],
  ['date', 'an instant, anywhere', typed(20456n * DAY, 'timestamptz'), within(20455, 20457)],

  ['timestamp', 'a local time', typed(5n, 'timestamp'), exactly(5n)],
  ['timestamp', 'DATE', typed(1, 'date'), exactly(DAY)],
  ['timestamp', 'an instant, in UTC', typed(5n, 'timestamptz'), exactly(5n), 'utc'],
  ['timestamp', 'an instant, anywhere', typed(0n, 'timestamptz'), within(-16n * HOUR, 16n * HOUR)],
  ['timestamptz', 'an instant', typed(5n, 'timestamptz'), exactly(5n)],
  ['timestamptz', 'a local time, in UTC', typed(5n, 'timestamp'), exactly(5n), 'utc'],
  [
    'timestamptz',
    'a local time, anywhere',
    typed(0n, 'timestamp'),
    within(-16n * HOUR, 16n * HOUR),
  ],
  ['timestamptz', 'DATE, anywhere', typed(0, 'date'), within(-16n * HOUR, 16n * HOUR)],
  ['timestamptz', "'1970-01-01T01:00:00+01:00'", literal('1970-01-01T01:00:00+01:00'), exactly(0n)],
  [
    'timestamptz',
    "'1970-01-01 00:00:00.000001Z'",
    literal('1970-01-01 00:00:00.000001Z'),
    exactly(1n),
  ],
  [
    'timestamptz',
    "'1970-01-01 00:00:00.0000015Z'",
    literal('1970-01-01 00:00:00.0000015Z'),
    within(1n, 2n),
  ],
  ['timestamptz', "'now'", literal('now'), REFUSED],
  ['timestamptz', "'1970-01-01 24:00:00Z'", literal('1970-01-01 24:00:00Z'), REFUSED],
  [
    'timestamp',
    "'1970-01-01 01:00:00+01:00', in UTC",
    literal('1970-01-01 01:00:00+01:00'),
    within(0n, HOUR),
    'utc',
  ],
  ['timestamp_ns', 'a local time', typed(5n, 'timestamp'), exactly(5000n)],
  [
    'timestamp_ns',
    'beyond 64 bits',
    typed(4n * 10n ** 17n, 'timestamp'),
    between(MAX_LONG, undefined),
  ],
  ['timestamp', 'nanoseconds', typed(5001n, 'timestamp_ns'), within(5n, 6n)],
  ['timestamp', '5', literal(5), REFUSED],
  ['time', "'12:00:00'", literal('12:00:00'), exactly(12n * HOUR)],
  ['time', "'12:00'", literal('12:00'), exactly(12n * HOUR)],
  ['time', "'12'", literal('12'), REFUSED],

  ['string', "'5'", literal('5'), exactly('5')],
  ['string', '5', literal(5), REFUSED],
  ['string', 'half a surrogate pair', literal('a\ud800'), REFUSED],
  ['binary', "X'01'", literal(Uint8Array.of(1)), exactly(Uint8Array.of(1))],
  ['binary', "'a'", literal('a'), REFUSED],
  [
    'uuid',
    'a text',
    literal('00000000-0000-0000-0000-0000000000fF'),
    exactly(Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? 255 : 0))),
  ],
  ['uuid', 'short bytes', literal(Uint8Array.of(1)), REFUSED],
  [{ kind: 'opaque', name: 'variant' }, '5', literal(5), REFUSED],
  [{ kind: 'struct', fields: [] }, '5', literal(5), REFUSED],

  ['int', "'5' as text", asTyped('5'), REFUSED],
  ['date', "'2026-01-03' as text", asTyped('2026-01-03'), exactly(20456)],
  ['timestamptz', "'2026-01-03' as text", asTyped('2026-01-03'), REFUSED],
  ['boolean', "'true' as text", asTyped('true'), REFUSED],
  ['string', "'a' as text", asTyped('a'), exactly('a')],
]

describe('coerceLiteral', () => {
  it.each(ROWS.map(row => ({ row, name: `${JSON.stringify(row[0])}: ${row[1]}` })))(
    'beside $name',
    ({ row }) => {
      const [type, , value, expected, zonelessLiterals = 'unknown'] = row
      expect(coerceLiteral(value, type, { ordered: true, zonelessLiterals })).toEqual(expected)
    },
  )

  it('compares a number with a text that is typed as one for equality only', () => {
    expect(coerceLiteral(asTyped('5'), 'int', { ordered: false })).toEqual(exactly(5))
  })
})
