import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { chunkRows } from '../../src/values/chunk-rows.js'

async function rowsOf(sql: string) {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  try {
    const chunks = await (await connection.run(sql)).fetchAllChunks()
    return chunks.flatMap(chunk => chunkRows(chunk))
  } finally {
    connection.closeSync()
  }
}

describe('a struct', () => {
  it('is its values, by position', async () => {
    const sql = "SELECT {'a': 1, 'toString': NULL, 'constructor': {'valueOf': 'x'}}"
    expect(await rowsOf(sql)).toEqual([[[1, null, ['x']]]])
  })

  it.each([
    ["{'a': 1, '__proto__': NULL}", [1, null]],
    ["{'__proto__': {'a': 5}, 'a': NULL}", [[5], null]],
    ["{'b': {'__proto__': DATE '1970-01-06', '_': 1}}", [[5, 1]]],
    ["{'__proto__': [7]}", [[7]]],
  ])('has the values of a field that is called __proto__: %s', async (sql, expected) => {
    expect(await rowsOf(`SELECT ${sql}`)).toEqual([[expected]])
  })

  it.each([
    ["{'__proto__': 1}", /field __proto__/],
    ["{'__proto__': 'x', 'a': 1}", /field __proto__/],
    ["map {'k': {'__proto__': 1}}", /field __proto__/],
    ['row(1, 2)', /fields without names/],
    ["[row('x', 2, NULL)]", /fields without names/],
  ])('of which DuckDB loses a value is refused: %s', async (sql, message) => {
    await expect(rowsOf(`SELECT ${sql}`)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringMatching(message),
    })
  })
})
