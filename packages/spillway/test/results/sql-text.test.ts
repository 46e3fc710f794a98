import { TableError } from '@spillway/core'
import type { AttachedTable } from '@spillway/duckdb'
import { describe, expect, it } from 'vitest'
import { helpfulError } from '../../src/recipient/sql-error.js'
import { exactType } from '../../src/results/parquet-select.js'
import { limitedSql, parametersOf, singleStatement, sqlOf } from '../../src/results/sql-text.js'

const table = (share: string, name: string): AttachedTable => ({
  share,
  schema: 'public',
  table: name,
  catalog: share,
  sqlName: `"${share}"."public"."${name}"`,
})
const listed = async () => [
  table('city', 'trips'),
  table('city', 'stations'),
  table('my lake', 'a b'),
]

describe('one statement', () => {
  it.each([
    ['SELECT 1', 'SELECT 1'],
    [' SELECT 1 ; ', 'SELECT 1'],
    ["SELECT ';' -- done;\n", "SELECT ';' -- done;"],
  ])('%j is %j', (text, statement) => {
    expect(singleStatement(text)).toBe(statement)
  })

  it.each([
    ['', /expected SQL, found none/],
    [' -- nothing', /found none/],
    ['SELECT 1; SELECT 2', /found 2; spillway shell/],
  ])('%j is refused', (text, message) => {
    expect(() => singleStatement(text)).toThrow(message)
  })
})

describe('what may be SQL or a name', () => {
  const catalogs = new Map([
    ['city', 'city'],
    ['my lake', 'my lake'],
    ['a.b', 'a_b'],
  ])
  it.each([
    ['city.public.trips', 'FROM "city"."public"."trips"'],
    ['my lake.public.a b', 'FROM "my lake"."public"."a b"'],
    ['city.public.trip', 'FROM "city"."public"."trip"'],
    ['town.public.trips', 'FROM town.public.trips'],
    ['a.b.public.trips', 'FROM "a_b"."public"."trips"'],
    ['SELECT 1;', 'SELECT 1'],
    ['FROM city.public.trips', 'FROM city.public.trips'],
  ])('%j is read as %j', (text, sql) => {
    expect(sqlOf(text, catalogs)).toBe(sql)
  })
})

describe('a limit', () => {
  it.each(['SELECT 1', 'from t', '-- c\n/* d */ WITH a AS (SELECT 1) FROM a', 'VALUES (1)'])(
    'goes around %j',
    sql => {
      expect(limitedSql(sql, 5)).toBe(`SELECT * FROM (\n${sql}\n) LIMIT 5`)
    },
  )
  it.each(['DESCRIBE t', 'SHOW TABLES', 'SET x = 1', 'EXPLAIN SELECT 1', 'selection'])(
    'leaves %j alone',
    sql => {
      expect(limitedSql(sql, 5)).toBe(sql)
    },
  )
})

describe('parameters', () => {
  it('are typed as they look, unless quoted', () => {
    expect(
      parametersOf([
        'a=5',
        '$b=-1.5',
        'c=true',
        'd=null',
        "e='007'",
        'f=2026-03-01',
        'g=',
        "h='it''s'",
      ]),
    ).toEqual({ a: 5n, b: -1.5, c: true, d: null, e: '007', f: '2026-03-01', g: '', h: "it's" })
  })

  it.each(['novalue', '=5', '1a=2'])('%j is refused', text => {
    expect(() => parametersOf([text])).toThrow(/expects NAME=VALUE/)
  })
})

describe('an error about a name', () => {
  const refused = (message: string) => new TableError('INVALID_REQUEST', message)

  it.each([
    [
      'Catalog Error: Table with name trip does not exist!',
      /there is no table trip; did you mean city\.public\.trips\?/,
    ],
    [
      'Catalog Error: Table with name qqqqqqqq does not exist!',
      /shared are city\.public\.trips, city\.public\.stations/,
    ],
  ])('%s', async (message, expected) => {
    const error = await helpfulError(refused(message), listed)
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: expect.stringMatching(expected) })
  })

  it('stays as it is where the tables cannot be listed', async () => {
    const error = refused('Catalog Error: Table with name trip does not exist!')
    expect(await helpfulError(error, () => Promise.reject(new Error('gone')))).toBe(error)
  })

  it('of another kind stays as it is', async () => {
    const error = refused('Binder Error: Referenced column "fre" not found')
    expect(await helpfulError(error, listed)).toBe(error)
  })
})

describe('a type that Parquet keeps', () => {
  it.each([
    ['HUGEINT', 'DECIMAL(38,0)'],
    ['HUGEINT[]', 'DECIMAL(38,0)[]'],
    ['MAP(VARCHAR, INTERVAL)', 'MAP(VARCHAR, VARCHAR)'],
    // A field's name is no type, however it is spelled.
    [
      'STRUCT(a HUGEINT, HUGEINT INTEGER, "HUGEINT" TIME WITH TIME ZONE)',
      'STRUCT(a DECIMAL(38,0), HUGEINT INTEGER, "HUGEINT" VARCHAR)',
    ],
    ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMP WITH TIME ZONE'],
    ['DECIMAL(8,2)', 'DECIMAL(8,2)'],
  ])('%s becomes %s', (type, exact) => {
    expect(exactType(type)).toBe(exact)
  })
})
