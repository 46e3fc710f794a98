import type { Predicate, PrimitiveType, Value } from '@spillway/core'
import { parseSqlPredicate } from '@spillway/protocol'
import { describe, expect, it } from 'vitest'
import { predicateSql } from '../support/predicate-sql.js'

/** The predicate in a fixed spelling; `unknown` where a part is not understood. */
function read(text: string): string {
  return predicateSql(parseSqlPredicate(text).predicate)
}

function literalOf(text: string): { value: Value; type: PrimitiveType } | undefined {
  const { predicate } = parseSqlPredicate(`c = ${text}`)
  return predicate.kind === 'comparison' ? predicate.value : undefined
}

function decimal(precision: number, scale: number): PrimitiveType {
  return { kind: 'decimal', precision, scale }
}

describe('structure', () => {
  it.each([
    ['a = 1 AND b = 2 OR c = 3', '((a = 1) AND (b = 2)) OR (c = 3)'],
    ['a = 1 OR b = 2 AND c = 3', '(a = 1) OR ((b = 2) AND (c = 3))'],
    ['(a = 1 OR b = 2) AND c = 3', '((a = 1) OR (b = 2)) AND (c = 3)'],
    ['NOT a = 1 AND b = 2', '(NOT (a = 1)) AND (b = 2)'],
    ['NOT (a = 1 AND b = 2)', 'NOT ((a = 1) AND (b = 2))'],
    ['NOT NOT a = 1', 'a = 1'],
    ['not not not a = 1', 'NOT (a = 1)'],
    ['((((a = 1))))', 'a = 1'],
    ['(a) = (1)', 'a = 1'],
    ['((a = 1 AND b = 2) AND (c = 3))', '(a = 1) AND (b = 2) AND (c = 3)'],
    ['a BETWEEN 1 AND 2 AND b = 3', '((a >= 1) AND (a <= 2)) AND (b = 3)'],
    [
      'a BETWEEN (1) AND (2) OR b BETWEEN 3 AND 4',
      '((a >= 1) AND (a <= 2)) OR ((b >= 3) AND (b <= 4))',
    ],
    ['a NOT BETWEEN 1 AND 2', 'NOT ((a >= 1) AND (a <= 2))'],
    ['5 BETWEEN a AND b', '(a <= 5) AND (b >= 5)'],
    ['', 'TRUE'],
    ['  \n', 'TRUE'],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected)
  })
})

describe('conditions', () => {
  it.each([
    ['a = 1', 'a = 1'],
    ['a == 1', 'a = 1'],
    ['a <> 1', 'a <> 1'],
    ['a != 1', 'a <> 1'],
    ['a<1', 'a < 1'],
    ['a >= 1', 'a >= 1'],
    ['1 = a', 'a = 1'],
    ['1 < a', 'a > 1'],
    ['1 >= a', 'a <= 1'],
    ['a <=> 1', '(a IS NOT NULL) AND (a = 1)'],
    ['a <=> NULL', 'a IS NULL'],
    ['NULL <=> a', 'a IS NULL'],
    ['NULL <=> NULL', 'TRUE'],
    ['1 <=> NULL', 'FALSE'],
    ['a IS NULL', 'a IS NULL'],
    ['a is not null', 'NOT (a IS NULL)'],
    ['NOT a IS NULL', 'NOT (a IS NULL)'],
    ['a IS TRUE', '(a IS NOT NULL) AND (a = true)'],
    ['a IS NOT FALSE', 'NOT ((a IS NOT NULL) AND (a = false))'],
    ['a IS DISTINCT FROM 1', 'NOT ((a IS NOT NULL) AND (a = 1))'],
    ['a IS NOT DISTINCT FROM NULL', 'NOT (NOT (a IS NULL))'],
    ['a IN (1, 2, 3)', 'a IN (1, 2, 3)'],
    ['a NOT IN (1)', 'NOT (a IN (1))'],
    ['1 IN (a, b)', '(a = 1) OR (b = 1)'],
    ["a LIKE 'x%'", "startswith(a, 'x')"],
    ["a LIKE 'x%%'", "startswith(a, 'x')"],
    ["a LIKE '%'", "startswith(a, '')"],
    ["a LIKE 'x'", "a = 'x'"],
    ["a NOT LIKE 'x%'", "NOT (startswith(a, 'x'))"],
    ["a LIKE 'x\\\\%%'", "startswith(a, 'x%')"],
    ["a LIKE 'x\\%%'", "startswith(a, 'x%')"],
    ["a LIKE '10\\%'", "a = '10%'"],
    ["a LIKE 'x!%%' ESCAPE '!'", "startswith(a, 'x%')"],
    ["a LIKE 'x%y'", "(startswith(a, 'x')) AND (unknown)"],
    ["a LIKE 'x_'", "(startswith(a, 'x')) AND (unknown)"],
    ["a LIKE '%x'", "(startswith(a, '')) AND (unknown)"],
    ["startswith(a, 'x')", "startswith(a, 'x')"],
    ['isnull(a)', 'a IS NULL'],
    ['isnotnull(a)', 'NOT (a IS NULL)'],
    ['isnan(a)', 'isnan(a)'],
    ['equal_null(a, 1)', '(a IS NOT NULL) AND (a = 1)'],
    ['a', 'a = true'],
    ['a AND NOT b', '(a = true) AND (NOT (b = true))'],
    ['true', 'TRUE'],
    ['1 = 1', 'TRUE'],
    ["'a' > 'b'", 'FALSE'],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected)
    expect(parseSqlPredicate(text).unapplied.length > 0).toBe(expected.includes('unknown'))
  })
})

describe('names', () => {
  it.each<readonly [string, readonly string[]]>([
    ['a', ['a']],
    ['a.b.c', ['a', 'b', 'c']],
    ['`a.b`', ['a.b']],
    ['`a.b`.c', ['a.b', 'c']],
    ['`back``tick`', ['back`tick']],
    ['"quo""ted"', ['quo"ted']],
    ['`select`', ['select']],
    ['a . b', ['a', 'b']],
    ['naïve', ['naïve']],
    ['日本', ['日本']],
    ['_x$1', ['_x$1']],
    ['`__proto__`', ['__proto__']],
    ['date', ['date']],
    ['timestamp', ['timestamp']],
    ['a.and', ['a', 'and']],
    ['`x y`', ['x y']],
  ])('%s', (text, names) => {
    expect(parseSqlPredicate(`${text} = 1`).predicate).toMatchObject({ ref: { names } })
  })
})

describe('literals', () => {
  it.each<readonly [string, Value, PrimitiveType]>([
    ['5', 5n, 'long'],
    ['-5', -5n, 'long'],
    ['- 5', -5n, 'long'],
    ['+5', 5n, 'long'],
    ['-(-5)', 5n, 'long'],
    ['5L', 5n, 'long'],
    ['5l', 5n, 'long'],
    ['5S', 5n, 'long'],
    ['5Y', 5n, 'long'],
    ['-9223372036854775808', -(2n ** 63n), 'long'],
    ['-9223372036854775808L', -(2n ** 63n), 'long'],
    ['9223372036854775808', 2n ** 63n, decimal(19, 0)],
    ['1.50', 150n, decimal(3, 2)],
    ['.5', 5n, decimal(1, 1)],
    ['5.', 5n, decimal(1, 0)],
    ['0.001', 1n, decimal(3, 3)],
    ['1.50BD', 150n, decimal(3, 2)],
    ['1E2BD', 100n, decimal(3, 0)],
    ['1E-2BD', 1n, decimal(2, 2)],
    ['1.5D', 1.5, 'double'],
    ['1.0E10D', 1e10, 'double'],
    ['1e3', 1000, 'double'],
    ['1.5E-3', 0.0015, 'double'],
    ['0.1F', Math.fround(0.1), 'float'],
    ["'x'", 'x', 'string'],
    ["''", '', 'string'],
    ["'it''s'", "it's", 'string'],
    ["'it\\'s'", "it's", 'string'],
    ["'a\\\\b'", 'a\\b', 'string'],
    ["'a\\nb'", 'a\nb', 'string'],
    ["'\\u00e9\\U0001F600\\101'", 'é😀A', 'string'],
    ['true', true, 'boolean'],
    ['FALSE', false, 'boolean'],
    ["X'1aFF'", Uint8Array.of(0x1a, 0xff), 'binary'],
    ["x''", new Uint8Array(0), 'binary'],
    ["DATE '2021-04-28'", 18745, 'date'],
    ["date'2021-04-28'", 18745, 'date'],
    ["CAST('2021-04-28' AS DATE)", 18745, 'date'],
    ["'2021-04-28'::date", 18745, 'date'],
    ["TIMESTAMP '1970-01-01 00:00:01'", 1_000_000n, 'timestamp'],
    ["TIMESTAMP '1970-01-01T00:00:01.5Z'", 1_500_000n, 'timestamptz'],
    ["TIMESTAMP '1970-01-01 01:00:01+01:00'", 1_000_000n, 'timestamptz'],
    ["TIMESTAMP '1970-01-01 00:00:01 UTC'", 1_000_000n, 'timestamptz'],
    ["TIMESTAMP_NTZ '1970-01-01 00:00:01'", 1_000_000n, 'timestamp'],
    ["TIMESTAMP_NTZ '1970-01-01 00:00:01Z'", 1_000_000n, 'timestamp'],
    ["TIMESTAMPTZ '1970-01-01 01:00:01.5+01'", 1_500_000n, 'timestamptz'],
    ["'1970-01-01 00:00:01+00'::TIMESTAMPTZ", 1_000_000n, 'timestamptz'],
    ["TIMESTAMP '1970-01-01 00:00:00.0000015Z'", 1500n, 'timestamptz_ns'],
    ["CAST('1970-01-01 00:00:01' AS TIMESTAMP)", 1_000_000n, 'timestamp'],
    ["CAST('1970-01-01 00:00:01' AS TIMESTAMP WITHOUT TIME ZONE)", 1_000_000n, 'timestamp'],
    ["CAST('5' AS INT)", 5n, 'long'],
    ['CAST(5 AS BIGINT)', 5n, 'long'],
    ['CAST(5L AS SMALLINT)', 5n, 'long'],
    ['CAST(5.00 AS INT)', 5n, 'long'],
    ['CAST(1.5 AS FLOAT)', 1.5, 'float'],
    ['CAST(0.1 AS FLOAT)', Math.fround(0.1), 'float'],
    ['CAST(0.1 AS DOUBLE)', 0.1, 'double'],
    ["CAST('1e3' AS DOUBLE PRECISION)", 1000, 'double'],
    ['CAST(1.5 AS DECIMAL(10,2))', 150n, decimal(10, 2)],
    ["CAST('1.5' AS DECIMAL(10,2))", 150n, decimal(10, 2)],
    ['CAST(7 AS DECIMAL)', 7n, decimal(10, 0)],
    ["CAST('true' AS BOOLEAN)", true, 'boolean'],
    ["CAST('x' AS STRING)", 'x', 'string'],
    ['TRY_CAST(5 AS LONG)', 5n, 'long'],
    ["CAST(CAST('5' AS INT) AS BIGINT)", 5n, 'long'],
    ['((5))', 5n, 'long'],
  ])('%s', (text, value, type) => {
    expect(literalOf(text)).toEqual({ value, type })
  })
})

describe('what is not understood', () => {
  it.each([
    ['f(x) = 1', 'function f is not supported'],
    ['x = f(1)', 'function f is not supported'],
    ['a = b', 'a comparison of two columns is not supported'],
    ['a + 1 = 2', 'expected a comparison, found +'],
    ['a = 1 + 1', 'expected AND, OR or the end, found +'],
    ['-a = 1', 'arithmetic is not supported'],
    ['CAST(a AS STRING) = 1', 'CAST of a column to string is not supported'],
    ['a = CAST(1.5 AS INT)', 'a cast of this literal to int is not supported'],
    ['a = CAST(300 AS TINYINT)', '300 is beyond the range of tinyint'],
    ["a = DATE '2021-02-30'", "'2021-02-30' is not a yyyy-MM-dd date"],
    ["a = TIMESTAMP 'now'", "'now' is not a timestamp"],
    ['a = 1e999', '1e999 is beyond the range of a double'],
    ['a = 128Y', '128 is beyond the range of byte'],
    ["a = X'1'", 'not a hexadecimal literal'],
    ['a = NULL', 'the result of a comparison with NULL is NULL'],
    ['a RLIKE 1', 'expected a comparison, found RLIKE'],
    ["a LIKE 'x\\\\'", 'the LIKE pattern ends in, or misuses, its escape'],
    ['a IN (SELECT 1)', 'expected a value, found SELECT'],
    ['a[0] = 1', 'expected a comparison, found ['],
    ['a IN (1, NULL)', 'only the literals of the IN list are used'],
    ['a = 1 b', 'expected AND, OR or the end, found b'],
    ['CASE WHEN a AND b THEN 1 END = 1', 'expected a value, found CASE'],
    ['EXISTS (SELECT 1 WHERE a OR b)', 'function EXISTS is not supported'],
    ["INTERVAL '1' DAY = a", 'expected a comparison, found 1'],
  ])('%s', (text, reason) => {
    const { predicate, unapplied } = parseSqlPredicate(`x = 1 AND ${text} AND y = 2`)
    expect(unapplied).toEqual([{ predicate: text, reason }])
    expect(predicateSql(predicate)).toMatch(/^\(x = 1\) AND .*unknown.* AND \(y = 2\)$/)
  })

  it.each([
    ['a = 1 AND', 'expected a condition at the end'],
    ['AND a = 1', 'expected a condition at offset 0, found AND'],
    ['a = 1 OR OR b = 2', 'expected a condition at offset 9, found OR'],
    ['(a = 1', 'the bracket at offset 0 is not closed'],
    ['a = 1)', 'unexpected ) at offset 5'],
    ['(a = 1]', 'unexpected ] at offset 6'],
    ['()', 'expected a condition at offset 1, found )'],
    ['NOT', 'expected a condition at the end'],
    ["a = 'x", 'the text at offset 4 has no end'],
    ['a = 1 AND `b', 'the quoted name at offset 10 has no end'],
    ["a = X'1", 'the hexadecimal literal at offset 4 has no end'],
    ['a = 1 || b = 2', '|| is not supported'],
    ['a = 1 && b = 2', '&& is not supported'],
    ['a = 1 -- AND b = 2', '-- is not supported'],
    ['a = 1 /* x */', '/* is not supported'],
    ['!a', '! is not supported'],
    ['a = 1; DROP TABLE t', '; is not supported'],
    ['a = 5abc', 'unexpected character at offset 4'],
    ['a = 1 AND \u0000', 'unexpected character at offset 10'],
  ])('uses nothing of %s', (text, reason) => {
    const { predicate, unapplied } = parseSqlPredicate(text)
    expect(predicate.kind).toBe('unknown')
    expect(unapplied.map(part => part.reason)).toEqual([reason])
  })

  it('shows long parts short, and many parts as a number', () => {
    const long = parseSqlPredicate(`f('${'x'.repeat(1000)}') = 1`)
    expect(long.unapplied[0]?.predicate).toHaveLength(203)
    const many = parseSqlPredicate(Array.from({ length: 500 }, () => 'f(x)').join(' OR '))
    expect(many.unapplied).toHaveLength(101)
    expect(many.unapplied.at(-1)?.reason).toBe('400 more parts are not listed')
  })
})

describe('what Spark sends', () => {
  it.each([
    ["(date = CAST('2021-04-28' AS DATE))", "date = DATE '18745'"],
    ['((`date` IS NOT NULL) AND (`id` > 5L))', '(NOT (date IS NULL)) AND (id > 5)'],
    ['(NOT (`a`.`b` IN (1, 2)))', 'NOT (a.b IN (1, 2))'],
    ["((a = 'x') OR (NOT (b <=> 1.50BD)))", "(a = 'x') OR (NOT ((b IS NOT NULL) AND (b = 150/2)))"],
    ["(ts >= TIMESTAMP '2021-04-28 00:00:00')", 'ts >= TIMESTAMP 1619568000000000'],
    ['(f > CAST(0.5 AS FLOAT))', 'f > 0.5'],
    ["(name LIKE 'a%')", "startswith(name, 'a')"],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected)
  })
})

describe('hostile text', () => {
  it.each<readonly [string, string]>([
    ['brackets', `${'('.repeat(300_000)}a = 1${')'.repeat(300_000)}`],
    ['NOTs', `${'NOT '.repeat(250_000)}a = 1`],
    ['brackets around a value', `a = ${'('.repeat(100_000)}1${')'.repeat(100_000)}`],
    ['minus signs', `a = ${'- '.repeat(300_000)}1`],
    ['a chain of ANDs', Array.from({ length: 100_000 }, () => 'a = 1').join(' AND ')],
    ['ANDs nested to the left', `${'('.repeat(90_000)}a${' AND a)'.repeat(90_000)}`],
    ['ANDs nested to the right', `${'a AND ('.repeat(90_000)}a${')'.repeat(90_000)}`],
    ['AND and OR by turns', `${'a AND (b OR ('.repeat(40_000)}a${'))'.repeat(40_000)}`],
    ['open brackets', '('.repeat(1_000_000)],
    ['one long number', `a = ${'9'.repeat(1_000_000)}`],
    ['one long exponent', `a = 1e${'9'.repeat(1_000_000)}`],
    ['a huge scale', 'a = 1E-999999999BD'],
    ['one long text', `a = '${"''".repeat(500_000)}'`],
    ['one long name', `${'a.'.repeat(500_000)}a = 1`],
    ['one long list', `a IN (${'1,'.repeat(400_000)}1)`],
    ['CASE without end', 'CASE '.repeat(200_000)],
    ['BETWEEN without end', 'a BETWEEN '.repeat(100_000)],
    ['casts', `a = 1${'::int'.repeat(100_000)}`],
    ['more than a MiB', `a = 1 AND b = '${'x'.repeat(1024 * 1024)}'`],
  ])('survives %s', (_, text) => {
    const started = performance.now()
    const { predicate } = parseSqlPredicate(text)
    expect(depthOf(predicate)).toBeLessThanOrEqual(101)
    expect(performance.now() - started).toBeLessThan(8000)
  })

  it('keeps what is understood around a part that nests too deep', () => {
    const deep = `${'a AND (b OR ('.repeat(100)}a${'))'.repeat(100)}`
    const { predicate, unapplied } = parseSqlPredicate(`x = 1 AND NOT (${deep})`)
    expect(unapplied).toEqual([{ predicate: '(...)', reason: 'nested deeper than 100 levels' }])
    expect(predicate).toMatchObject({ kind: 'and', operands: [{ ref: { names: ['x'] } }, {}] })
  })
})

function depthOf(predicate: Predicate): number {
  if (predicate.kind === 'not') return 1 + depthOf(predicate.operand)
  if (predicate.kind !== 'and' && predicate.kind !== 'or') return 0
  return 1 + predicate.operands.reduce((depth, operand) => Math.max(depth, depthOf(operand)), 0)
}
