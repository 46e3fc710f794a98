import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AttachedShare, attachShare, type SqlParameter } from '../src/index.js'
import { type ShareServer, shareServer } from './support/share-server.js'
import { SCHEMA, sharedTable } from './support/share-table.js'

let server: ShareServer
let share: AttachedShare
let connection: DuckDBConnection

beforeAll(async () => {
  const files = await sharedTable(2, 1000)
  server = await shareServer({ files, schemaString: SCHEMA, partitionColumns: ['day'] })
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  // Values must not depend on it.
  await connection.run("SET TimeZone = 'America/New_York'")
  share = await attachShare(connection, server.profile)
})
afterAll(async () => {
  await share.close()
  await server.close()
})

async function value(sql: string, parameters?: readonly SqlParameter[]): Promise<unknown> {
  const [row] = await (await share.query(`SELECT ${sql} AS v`, { parameters })).all()
  return row!.v
}

const LONG = 170141183460469231731687303715884105727n

/** SQL, its value as an object's member, and as JSON where that is another. */
const VALUES: readonly (readonly [sql: string, value: unknown, json?: unknown])[] = [
  ['NULL', null],
  ['TRUE', true],
  ['(-128)::TINYINT', -128],
  ['32767::SMALLINT', 32767],
  ['(-5)::INTEGER', -5],
  ['255::UTINYINT', 255],
  ['65535::USMALLINT', 65535],
  ['4294967295::UINTEGER', 4294967295],
  ['9007199254740993::BIGINT', 9007199254740993n, '9007199254740993'],
  ['5::BIGINT', 5n, '5'],
  ['18446744073709551615::UBIGINT', 18446744073709551615n, '18446744073709551615'],
  [`${LONG}::HUGEINT`, LONG, String(LONG)],
  [`${2n * LONG + 1n}::UHUGEINT`, 2n * LONG + 1n, String(2n * LONG + 1n)],
  [`'${LONG * 1000n}'::BIGNUM`, LONG * 1000n, String(LONG * 1000n)],
  ['1.5::FLOAT', 1.5],
  ["'nan'::DOUBLE", Number.NaN, 'NaN'],
  ["'-inf'::DOUBLE", Number.NEGATIVE_INFINITY, '-Infinity'],
  ['0.1::DOUBLE', 0.1],
  ['12.5::DECIMAL(6,2)', '12.50'],
  ['(-0.01)::DECIMAL(6,2)', '-0.01'],
  [
    '12345678901234567890123456789012345.678::DECIMAL(38,3)',
    '12345678901234567890123456789012345.678',
  ],
  ["'it''s'", "it's"],
  ["'b'::ENUM('a', 'b')", 'b'],
  [
    `'{"a": 12345678901234567890}'::JSON`,
    '{"a": 12345678901234567890}',
    { a: '12345678901234567890' },
  ],
  ["'\\x00\\xFF'::BLOB", Uint8Array.of(0, 255), 'AP8='],
  ["'1010'::BIT", '1010'],
  ["'a81bc81b-dead-4e5d-abff-90865d1e13b1'::UUID", 'a81bc81b-dead-4e5d-abff-90865d1e13b1'],
  ["DATE '2026-01-31'", '2026-01-31'],
  ["DATE '0044-03-15 (BC)'", '-000043-03-15'],
  ["DATE '12345-06-07'", '+012345-06-07'],
  ["'infinity'::DATE", 'infinity'],
  ["TIME '23:59:59.123456'", '23:59:59.123456'],
  ["TIME '24:00:00'", '24:00:00.000000'],
  ["'23:59:59.123456789'::TIME_NS", '23:59:59.123456789'],
  ["'12:00:00+02'::TIMETZ", '12:00:00+02'],
  ["TIMESTAMP '2026-01-31 12:00:00.123456'", '2026-01-31T12:00:00.123456'],
  ["TIMESTAMP '1969-12-31 23:59:59.999999'", '1969-12-31T23:59:59.999999'],
  ["'-infinity'::TIMESTAMP", '-infinity'],
  ["'2026-01-31 12:00:00'::TIMESTAMP_S", '2026-01-31T12:00:00.000000'],
  ["'2026-01-31 12:00:00.5'::TIMESTAMP_MS", '2026-01-31T12:00:00.500000'],
  ["'2026-01-31 12:00:00.123456789'::TIMESTAMP_NS", '2026-01-31T12:00:00.123456789'],
  ["'2026-01-31 12:00:00+00'::TIMESTAMPTZ", '2026-01-31T12:00:00.000000Z'],
  ["'infinity'::TIMESTAMPTZ", 'infinity'],
  ["INTERVAL '1 month 2 days 00:00:03.5'", '1 month 2 days 00:00:03.5'],
  ['[1::BIGINT, NULL]', [1n, null], ['1', null]],
  ['[]::INTEGER[]', []],
  ['[1.5, 2]::DECIMAL(4,2)[2]', ['1.50', '2.00']],
  [
    "{'a': DATE '2026-01-31', 'b': [{'__proto__': 1.5::DECIMAL(4,2)}]}",
    { a: '2026-01-31', b: [Object.fromEntries([['__proto__', '1.50']])] },
  ],
  [
    "MAP {DATE '2026-01-31': 5::BIGINT, DATE '2026-02-01': NULL}",
    new Map([
      ['2026-01-31', 5n],
      ['2026-02-01', null],
    ]),
    [
      { key: '2026-01-31', value: '5' },
      { key: '2026-02-01', value: null },
    ],
  ],
]

describe('a value', () => {
  it.each(VALUES)('%s', async (sql, expected, json = expected) => {
    const query = () => share.query(`SELECT ${sql} AS v`)
    const [row] = await (await query()).all()
    expect(row).toStrictEqual({ v: expected })
    const rows = await (await query()).json()
    expect(JSON.parse(JSON.stringify(rows))).toStrictEqual([{ v: json }])
    let text = ''
    for await (const lines of (await query()).jsonLines()) text += lines
    expect(text).toBe(`${JSON.stringify({ v: rows[0]!.v })}\n`)
  })

  it('is there for every type that DuckDB has, or refused before the first row', async () => {
    const described = await connection.runAndReadAll('DESCRIBE FROM test_all_types()')
    const refused: unknown[] = []
    for (const [name, type] of described.getRows()) {
      const result = await share.query(`SELECT "${name}" AS v FROM test_all_types()`)
      await result.all().then(
        rows => expect(rows).toHaveLength(3),
        error => {
          expect(error).toMatchObject({ message: expect.stringMatching(/CAST it to VARCHAR/) })
          refused.push(type)
        },
      )
    }
    expect(refused).toEqual(['UNION("name" VARCHAR, age SMALLINT)', 'GEOMETRY'])
  })

  it('of a shared table comes as one of a local table does', async () => {
    const sql = 'SELECT * FROM share.main.t WHERE id = 1001'
    const [row] = await (await share.query(sql)).all()
    expect(row).toStrictEqual({
      day: '2026-01-02',
      id: 1001n,
      name: 'b8c37e33defde51cf91e1e03e51657da',
      amount: 500.5,
    })
  })

  it('stays what it was when its block is gone', async () => {
    const rows = await (
      await share.query('SELECT encode(range::VARCHAR) AS v FROM range(100000)')
    ).all()
    const texts = rows.map(({ v }) => new TextDecoder().decode(v as Uint8Array))
    expect(texts.findIndex((text, i) => text !== String(i))).toBe(-1)
  })
})

describe('rows', () => {
  it('come one by one, and a reader that leaves ends them', async () => {
    let count = 0
    const result = await share.query('SELECT id FROM share.main.t')
    for await (const { id } of result.rows()) {
      expect(id).toBeTypeOf('bigint')
      if (++count === 5) break
    }
    await expect(result.all()).rejects.toThrow(/run the query again/)
  })

  it('have a member for each column, whatever its name', async () => {
    const sql = 'SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS "__proto__", 5 AS "constructor"'
    const [row] = await (await share.query(sql)).all()
    expect(Object.entries(row!)).toEqual([
      ['a', 1],
      ['a_2', 2],
      ['a_1', 3],
      ['__proto__', 4],
      ['constructor', 5],
    ])
  })
})

describe('a struct without names', () => {
  it.each([
    ["row(1, 'x')", { 1: 1, 2: 'x' }],
    ['row(NULL, row(2::BIGINT))', { 1: null, 2: { 1: 2n } }],
    ['[row(1), NULL, row(3)]', [{ 1: 1 }, null, { 1: 3 }]],
    ['[[row(1)], []]', [[{ 1: 1 }], []]],
    ["map {row(1): [row('a')]}", new Map([[{ 1: 1 }, [{ 1: 'a' }]]])],
    ["{'a': row(1.50, {'b': row(TRUE)})}", { a: { 1: '1.50', 2: { b: { 1: true } } } }],
    ['CASE WHEN TRUE THEN NULL ELSE row(1) END', null],
    ['CASE WHEN TRUE THEN NULL ELSE map {1: row(1)} END', null],
  ])('has a number for each field, as in SQL: %s', async (sql, expected) => {
    expect(await value(sql)).toStrictEqual(expected)
  })

  it('comes in every form, and from a shared table batch by batch', async () => {
    const sql = 'SELECT row(id, day) AS r, id AS r, day FROM share.main.t LIMIT 1500'
    const all = await (await share.query(sql)).all()
    expect(all).toHaveLength(1500)
    expect(all[1400]).toEqual({ r: { 1: 1400n, 2: '2026-01-02' }, r_1: 1400n, day: '2026-01-02' })
    const json = await (await share.query(sql)).json()
    expect(json[0]).toEqual({ r: { 1: '0', 2: '2026-01-01' }, r_1: '0', day: '2026-01-01' })
    const arrow = await (await share.query(sql)).arrow()
    expect(arrow.schema.names).toEqual(['r', 'r_1', 'day'])
    expect(arrow.get(5)!.toArray()[0].toJSON()).toMatchObject({ 1: 5n })
    const relation = await (await share.query(sql)).relation()
    const again = await connection.runAndReadAll(`SELECT max(r."1") FROM ${relation}`)
    expect(again.getRows()).toEqual([[1499n]])
  })

  it('is refused in words where a table cannot be made of it', async () => {
    for (const [sql, parameters] of [
      ['CREATE TABLE own AS SELECT row(1, 2) AS r'],
      ['SELECT row($1, 2)', [1]],
    ] as const) {
      await expect(share.query(sql, { parameters })).rejects.toMatchObject({
        code: 'UNSUPPORTED_FEATURE',
        message: expect.stringMatching(/name the fields/),
      })
    }
  })
})

it.each([
  ['SELECT $1 AS a, 2 AS A, 3 AS a', ['a', 'A', 'a']],
  ['(SELECT $1 AS a, 2 AS A, 3 AS a)', ['a', 'A', 'a']],
  ['WITH x AS (SELECT 1) SELECT $1 AS a, 2 AS A, 3 AS a FROM x', ['a', 'A', 'a']],
  ['SELECT id, id, day FROM share.main.t WHERE id < $1', ['id', 'id', 'day']],
  ['VALUES ($1, 2)', ['col0', 'col1']],
  ['FROM (SELECT $1 AS a)', ['a']],
  ['PIVOT (SELECT 1 AS k, $1 AS v) ON k IN (1, 2) USING sum(v)', ['1', '2']],
])('columns have their names with parameters as without: %s', async (sql, names) => {
  const named = async (text: string, parameters?: readonly number[]) => {
    const { columns } = await share.query(text, { parameters })
    return columns.map(({ name }) => name)
  }
  expect(await named(sql, [1])).toEqual(names)
  expect(await named(sql.replace('$1', '1'))).toEqual(names)
})

it('EXPLAIN ANALYZE of a shared table is refused in words', async () => {
  await expect(share.query('EXPLAIN ANALYZE SELECT count(*) FROM share.main.t')).rejects.toThrow(
    /as EXPLAIN ANALYZE does: explain\(\) says what a query reads/,
  )
})

describe('a parameter', () => {
  const day = new Date('2026-01-31T12:00:00.123Z')
  it.each([
    [null, '"NULL"', null],
    [true, 'BOOLEAN', true],
    [5, 'INTEGER', 5],
    [-(2 ** 40), 'BIGINT', -(2n ** 40n)],
    [1.5, 'DOUBLE', 1.5],
    [-0, 'DOUBLE', -0],
    [2 ** 60, 'DOUBLE', 2 ** 60],
    [5n, 'BIGINT', 5n],
    [2n ** 70n, 'HUGEINT', 2n ** 70n],
    ["it's", 'VARCHAR', "it's"],
    [day, 'TIMESTAMP WITH TIME ZONE', '2026-01-31T12:00:00.123000Z'],
    [Uint8Array.of(0, 255), 'BLOB', Uint8Array.of(0, 255)],
    [[], '"NULL"[]', []],
    [[1, null, 2.5], 'DOUBLE[]', [1, null, 2.5]],
    [[1, 2n], 'BIGINT[]', [1n, 2n]],
    [[1n, 2n ** 70n], 'HUGEINT[]', [1n, 2n ** 70n]],
    // Numbers are no more than doubles hold, whichever of them look whole.
    [[1.5, 2 ** 40], 'DOUBLE[]', [1.5, 2 ** 40]],
    [[2 ** 53, 2 ** 40], 'DOUBLE[]', [2 ** 53, 2 ** 40]],
    [[2 ** 53 - 1, -0, 1], 'DOUBLE[]', [2 ** 53 - 1, -0, 1]],
    [[[2 ** 40], [], [0.5]], 'DOUBLE[][]', [[2 ** 40], [], [0.5]]],
    [[2 ** 40, 2n], 'BIGINT[]', [2n ** 40n, 2n]],
    [[2 ** 40, null], 'BIGINT[]', [2n ** 40n, null]],
    [[2 ** 40, 2n ** 70n], 'HUGEINT[]', [2n ** 40n, 2n ** 70n]],
    [['a', null], 'VARCHAR[]', ['a', null]],
    [[day], 'TIMESTAMP WITH TIME ZONE[]', ['2026-01-31T12:00:00.123000Z']],
    [[[], [1, 2]], 'INTEGER[][]', [[], [1, 2]]],
  ] as const)('$0 is $1', async (parameter, type, expected) => {
    expect(await value('typeof($1)', [parameter])).toBe(type)
    expect(await value('$1', [parameter])).toStrictEqual(expected)
  })

  it.each([
    [[1.5, 2n], /several types/],
    [[1, 'a'], /several types/],
    [[2 ** 53, 2n], /several types/],
    // biome-ignore lint/suspicious/noSparseArray: what is left out is what is refused.
    [[1, , 2], /found undefined/],
    [new Date(Number.NaN), /a Date that is no time/],
    [2n ** 200n, /more than 128 bits/],
    [undefined, /found undefined/],
    [{ a: 1 }, /found an object/],
  ])('%o is refused', async (parameter, message) => {
    // What JavaScript without types may give.
    const given = [parameter] as unknown[] as SqlParameter[]
    await expect(value('$1', given)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(message),
    })
  })

  it('that is left out is refused, not another one bound in its place', async () => {
    // biome-ignore lint/suspicious/noSparseArray: as above.
    const given = [1, , 2] as unknown[] as SqlParameter[]
    await expect(value('$1 + $3', given)).rejects.toThrow(/parameter \$2: .* found undefined/)
  })

  it('filters a shared table, by name too', async () => {
    const sql = 'SELECT count(*)::INTEGER AS n FROM share.main.t WHERE id IN $ids AND day = $day'
    const parameters = { ids: [1n, 1001n, 1002n, 5000n], day: '2026-01-02' }
    expect(await (await share.query(sql, { parameters })).all()).toEqual([{ n: 2 }])
    const { scans } = await share.explain('SELECT id FROM share.main.t WHERE id = ?', {
      parameters: [7n],
    })
    expect(scans[0]!.hints.jsonPredicateHints).toMatch(/"7"/)
  })
})
