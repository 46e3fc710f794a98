import { afterAll, describe, expect, it } from 'vitest'
import { duckDb } from '../src/index.js'

const duckdb = duckDb()
afterAll(() => duckdb.close())

describe('values of a query', () => {
  it.each([
    ["INTERVAL '1 month 2 days 03:04:05.000006'", '1 month 2 days 03:04:05.000006'],
    ["TIMESTAMP '2026-03-02 12:00:00' - TIMESTAMP '2026-03-01 11:59:59.5'", '1 day 00:00:00.5'],
    ["TIMETZ '12:30:00+02'", '12:30:00+02'],
    ["'1011'::BIT", '1011'],
    ["DATE '1970-01-11'", 10],
    ["TIME '00:00:01'", 1_000_000n],
    ["TIMESTAMP '1970-01-01 00:00:00.000001'", 1n],
    ['170141183460469231731687303715884105727::HUGEINT', 170141183460469231731687303715884105727n],
    ['12.50::DECIMAL(38,2)', 1250n],
    ["[INTERVAL '1 day', NULL]", ['1 day', null]],
  ])('%s keeps all that it says', async (sql, value) => {
    const connection = await duckdb.connect()
    expect(await connection.all(`SELECT ${sql}`)).toEqual([[value]])
    connection.close()
  })
})
