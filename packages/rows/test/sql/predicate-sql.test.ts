import {
  and,
  type ComparisonOp,
  createSchema,
  type DataType,
  eq,
  isIn,
  isNull,
  type Literal,
  literal,
  lt,
  not,
  notEq,
  or,
  type Predicate,
  startsWith,
  unknown,
} from '@spillway/core'
import { afterAll, describe, expect, it } from 'vitest'
import { duckDb } from '../../src/index.js'
import { predicateSql } from '../../src/sql/predicate-sql.js'
import { field } from '../support/fixture.js'

const duckdb = duckDb({ threads: 1 })
afterAll(() => duckdb.close())

/** What `predicate` says about each of `values` of a column `v`: true, false or null. */
async function evaluate(predicate: Predicate, type: DataType, values: readonly string[]) {
  const sql = predicateSql(predicate, createSchema([field('v', type)]), () => 'v')
  const connection = await duckdb.connect()
  const rows = values.map((value, i) => `(${i}, ${value})`).join(', ')
  const found = await connection.all(`SELECT ${sql} FROM (VALUES ${rows}) t(i, v) ORDER BY i`)
  connection.close()
  return found.map(([value]) => value)
}

const decimal = (unscaled: bigint, scale: number, precision = 38): Literal => ({
  value: unscaled,
  type: { kind: 'decimal', precision, scale },
})
const compare = (op: ComparisonOp, value: Literal): Predicate => ({
  kind: 'comparison',
  op,
  ref: { names: ['v'] },
  value,
})
const text = (value: string): Literal => ({ value, type: 'string' })

describe('three-valued logic', () => {
  const values = ['1', '2', 'NULL']
  it.each([
    ['eq', eq('v', 1n), [true, false, null]],
    ['not eq', not(eq('v', 1n)), [false, true, null]],
    ['or with null', or(eq('v', 1n), isNull('v')), [true, false, true]],
    ['and with null', and(lt('v', 5n), not(isNull('v'))), [true, true, false]],
    ['in', isIn('v', [2n, 7n]), [false, true, null]],
    [
      'not in',
      { kind: 'notIn', ref: { names: ['v'] }, values: [literal(2n)] },
      [true, false, null],
    ],
    ['an empty in', isIn('v', []), [false, false, null]],
    ['no operands', { kind: 'and', operands: [] }, [true, true, true]],
    ['isNan of an integer', { kind: 'isNan', ref: { names: ['v'] } }, [false, false, false]],
  ] as const)('%s', async (_, predicate, expected) => {
    expect(await evaluate(predicate as Predicate, 'int', values)).toEqual(expected)
  })
})

describe('literals meet columns exactly', () => {
  it.each([
    ['int < 1.5', compare('lt', decimal(15n, 1)), 'int', ['1', '2', 'NULL'], [true, false, null]],
    ['int >= 1.5', compare('gtEq', decimal(15n, 1)), 'int', ['1', '2'], [false, true]],
    ['int = 1.5', compare('eq', decimal(15n, 1)), 'int', ['1', 'NULL'], [false, null]],
    ['int <> 1.5', compare('notEq', decimal(15n, 1)), 'int', ['1', 'NULL'], [true, null]],
    ['int < -1.5', compare('lt', decimal(-15n, 1)), 'int', ['-1', '-2'], [false, true]],
    ['int < 2^40', compare('lt', literal(2n ** 40n)), 'int', ['2147483647', 'NULL'], [true, null]],
    ['int > 2^40', compare('gt', literal(2n ** 40n)), 'int', ['2147483647', 'NULL'], [false, null]],
    [
      'long = 2^53 + 1',
      compare('eq', literal(2n ** 53n + 1n)),
      'long',
      ['9007199254740992', '9007199254740993'],
      [false, true],
    ],
    ['long = text', compare('eq', text('7')), 'long', ['7', '8'], [true, false]],
    [
      'decimal < 0.005',
      compare('lt', decimal(5n, 3)),
      { kind: 'decimal', precision: 4, scale: 2 },
      ['0.00::DECIMAL(4,2)', '0.01::DECIMAL(4,2)'],
      [true, false],
    ],
    [
      'decimal = 1e30',
      compare('lt', decimal(10n ** 30n, 0)),
      { kind: 'decimal', precision: 4, scale: 2 },
      ['99.99::DECIMAL(4,2)'],
      [true],
    ],
    [
      'float = 1.1',
      compare('eq', decimal(11n, 1)),
      'float',
      ["'1.1'::FLOAT", "'1.5'::FLOAT"],
      [false, false],
    ],
    [
      'double > NaN',
      compare('gtEq', { value: Number.NaN, type: 'double' }),
      'double',
      ["'NaN'::DOUBLE", "'Infinity'::DOUBLE"],
      [true, false],
    ],
    [
      'double > 1',
      compare('gt', literal(1n)),
      'double',
      ["'NaN'::DOUBLE", "'-Infinity'::DOUBLE"],
      [true, false],
    ],
    [
      'long < infinity',
      compare('lt', { value: Number.POSITIVE_INFINITY, type: 'double' }),
      'long',
      ['9223372036854775807'],
      [true],
    ],
    [
      'date = text',
      compare('eq', text('2020-01-02')),
      'date',
      ["DATE '2020-01-02'", "DATE '2020-01-01'"],
      [true, false],
    ],
    [
      'timestamp = date',
      compare('eq', { value: 1, type: 'date' }),
      'timestamp',
      ["TIMESTAMP '1970-01-02'", "TIMESTAMP '1970-01-02 00:00:01'"],
      [true, false],
    ],
    [
      'zoned = text with zone',
      compare('eq', text('2020-01-01T02:00:00+02:00')),
      'timestamptz',
      ["TIMESTAMPTZ '2020-01-01 00:00:00+00'"],
      [true],
    ],
    [
      'zoned = text without',
      compare('eq', text('2020-01-01 00:00:00')),
      'timestamptz',
      ["TIMESTAMPTZ '2020-01-01 00:00:00+00'"],
      [true],
    ],
    [
      'micros < a nano later',
      compare('lt', { value: 1001n, type: 'timestamp_ns' }),
      'timestamp',
      ['make_timestamp(1)', 'make_timestamp(2)'],
      [true, false],
    ],
    ['boolean = text', compare('eq', text('TRUE')), 'boolean', ['true', 'false'], [true, false]],
    [
      'string order by code point',
      compare('lt', text('\u{1F600}')),
      'string',
      ["'\uE000'"],
      [true],
    ],
    [
      'text with a NUL',
      compare('eq', text('a\0b')),
      'string',
      ["'a' || chr(0) || 'b'", "'a'"],
      [true, false],
    ],
    ['a quote', compare('eq', text("it's")), 'string', ["'it''s'"], [true]],
    [
      'a prefix with wildcards',
      startsWith('v', '%_'),
      'string',
      ["'%_x'", "'ab'", 'NULL'],
      [true, false, null],
    ],
    ['binary = text', compare('eq', text('é')), 'binary', ["'\\xC3\\xA9'::BLOB"], [true]],
    [
      'uuid = text',
      compare('eq', text('00112233-4455-6677-8899-AABBCCDDEEFF')),
      'uuid',
      ["'00112233-4455-6677-8899-aabbccddeeff'::UUID"],
      [true],
    ],
    ['time = text', compare('eq', text('10:00:00')), 'time', ["TIME '10:00:00'"], [true]],
    [
      'not equal NaN',
      notEq('v', Number.NaN),
      'double',
      ["'NaN'::DOUBLE", '1::DOUBLE'],
      [false, true],
    ],
  ] as const)('%s', async (_, predicate, type, values, expected) => {
    expect(await evaluate(predicate, type, values)).toEqual(expected)
  })

  it.each([
    ['an unknown part', unknown('function f is not known'), 'int', /function f/],
    ['a date beside an integer', eq('v', { value: 1, type: 'date' }), 'int', /int column/],
    ['text that is no number', eq('v', 'x'), 'int', /'x'/],
    ['a number beside text', eq('v', 1n), 'string', /string column/],
    ['a struct', eq('v', 1n), { kind: 'struct', fields: [] }, /struct column/],
    ['an impossible date', eq('v', '2021-02-30'), 'date', /2021-02-30/],
    ['a fraction as text beside an integer', eq('v', '0.1'), 'int', /'0\.1'/],
    ['a clock beside a date', eq('v', '2021-02-03 12:00:00'), 'date', /date column/],
    [
      'a zone beside a column without',
      eq('v', '2021-02-03 12:00:00+02'),
      'timestamp',
      /timestamp column/,
    ],
  ] as const)('refuses %s', (_, predicate, type, message) => {
    expect(() => predicateSql(predicate, createSchema([field('v', type)]), () => 'v')).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_FEATURE',
        message: expect.stringMatching(message),
      }),
    )
  })

  it('refuses what is nested too deep for any stack', () => {
    let predicate = eq('v', 1n)
    for (let depth = 0; depth < 10_000; depth++) predicate = not(predicate)
    expect(() => predicateSql(predicate, createSchema([field('v', 'int')]), () => 'v')).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  it('finds a nested column by one dotted name, after a column that is called so', () => {
    const inner = field('b', 'int')
    const nested = createSchema([field('a', { kind: 'struct', fields: [inner] })])
    const spelled = (schema: ReturnType<typeof createSchema>) =>
      predicateSql(eq('a.b', 1n), schema, path => path.map(({ name }) => name).join('/'))
    expect(spelled(nested)).toContain('a/b =')
    expect(spelled(createSchema([...nested.fields, field('a.b', 'int')]))).toContain('a.b =')
  })

  it('names the columns there are when one is not', () => {
    expect(() => predicateSql(eq('w', 1n), createSchema([field('v', 'int')]), () => 'v')).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('its columns are v'),
      }),
    )
  })

  it('says of a column with dots in its name that it is written in quotes', () => {
    const schema = createSchema([field('id', 'int'), field('price.net', 'int')])
    expect(() => predicateSql(eq(['price', 'net'], 1n), schema, () => 'v')).toThrow(
      'the table has no column price with a field net in it; its column of that name is written in quotes: "price.net"',
    )
    expect(predicateSql(eq('price.net', 1n), schema, () => 'v')).toContain('v =')
  })
})
