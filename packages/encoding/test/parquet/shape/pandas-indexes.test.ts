import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { pandasIndexes, parseParquetMetadata } from '../../../src/index.js'

const TABLE = new URL(
  '../../../../../test/fixtures/real/parquet/pandas-index/table/',
  import.meta.url,
)
const { root } = footerOf('a')

function footerOf(name: string) {
  const bytes = readFileSync(new URL(`${name}.parquet`, TABLE))
  const end = bytes.length - 8
  const footer = bytes.subarray(end - bytes.readUInt32LE(end), end)
  return parseParquetMetadata(footer, name).footer
}

const saying = (pandas?: string) =>
  pandasIndexes({ root, keyValue: new Map(pandas === undefined ? [] : [['pandas', pandas]]) })

it.each([
  ['a', ['id']],
  ['b', []],
  ['c', ['__index_level_0__']],
])('tells which columns of %s.parquet pandas wrote as an index', (name, expected) => {
  expect([...pandasIndexes(footerOf(name))]).toEqual(expected)
})

it.each([
  ['nothing', undefined, []],
  ['a column that is not there', '{"index_columns": ["gone"]}', []],
  ['a range', '{"index_columns": [{"kind": "range", "name": "id", "start": 0, "stop": 3}]}', []],
  ['several', '{"index_columns": ["id", 7, null, "v"]}', ['id', 'v']],
  ['no list', '{"index_columns": "id"}', []],
  ['no object', '"index_columns"', []],
  ['null', 'null /* index_columns */', []],
  ['half of it', '{"index_columns": ["id"', []],
])('takes %s as it is', (_, text, expected) => {
  expect([...saying(text)]).toEqual(expected)
})

it('passes over what else pandas said, whatever is in it', () => {
  const columns = Array.from({ length: 5000 }, (_, i) => ({
    name: `"index_columns": ["v"] ${i}`,
    metadata: { index_columns: ['v'], text: '\\"}]' },
  }))
  const text = JSON.stringify({ columns, index_columns: ['id'], creator: null, pandas_version: 1 })
  expect([...saying(text)]).toEqual(['id'])
  expect([...saying(text.replace('"creator"', '"index\\u005fcolumns":["v"],"creator"'))]).toEqual([
    'v',
  ])
})

it('refuses more than any frame has, which nobody would look through', () => {
  expect(() => saying(`{"index_columns": ["id"], "x": "${'x'.repeat(9 * 2 ** 20)}"}`)).toThrow(
    /metadata of pandas has \d+ bytes/,
  )
})

const keys = (count: number) =>
  `{"index_columns": ["id"]${Array.from({ length: count - 1 }, (_, i) => `, "${i}": ${i}`).join('')}}`

it('refuses more keys than pandas has ever written', () => {
  expect([...saying(keys(100))]).toEqual(['id'])
  expect(() => saying(keys(101))).toThrow(
    /metadata of pandas has 101 keys at its top: no more than 100/,
  )
})

it.each([
  ['names', `{"index_columns": [${'"id",'.repeat(60_000)}"id"]}`],
  ['lists of names', `{${`"index_columns": [${'"id",'.repeat(6_000)}"id"],`.repeat(10)} "x": 0}`],
  ['letters in a key', `{"index_columns": ["id"], "${'x'.repeat(2 ** 18)}": 0}`],
])('refuses long %s before it is parsed', (_, text) => {
  expect(() => saying(text)).toThrow(
    expect.objectContaining({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringMatching(/has \d+ bytes of keys and of index_columns: no more than/),
    }),
  )
})

it('looks through the words of a footer once', () => {
  const footer = footerOf('a')
  expect(pandasIndexes(footer)).toBe(pandasIndexes({ ...footer }))
})
