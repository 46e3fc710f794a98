import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { pandasIndexes, parseParquetMetadata } from '../src/index.js'

const TABLE = new URL('../../../test/fixtures/real/parquet/pandas-index/table/', import.meta.url)
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
