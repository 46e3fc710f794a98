import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DataType, Field } from '@spillway/core'
import { parquetFields, parquetShape, readParquetFooter } from '@spillway/encoding'
import { afterAll, describe, expect, it } from 'vitest'
import { rowResolver, tableRows } from '../src/index.js'
import { dataFile, field, rowFixture, snapshotOf } from './support/fixture.js'

const table = rowFixture()
const folder = mkdtempSync(join(tmpdir(), 'spillway-staging-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const staging = { store: table.store, location: `file://${folder}` }
const resolver = rowResolver({ store: table.store, duckdb: table.duckdb, staging })

const fixture = (name: string) =>
  dataFile(fileURLToPath(new URL(`../../../test/fixtures/${name}`, import.meta.url)))
const list = (type: DataType): DataType => ({ kind: 'list', element: field('element', type) })
const struct = (...fields: readonly Field[]): DataType => ({ kind: 'struct', fields })

describe('a column of the null type', () => {
  const file = fixture('real/parquet/types-null-nested/table/a.parquet')
  const snapshot = snapshotOf([
    field('l', list('string')),
    field('s', struct(field('a', 'timestamptz'), field('b', 'int'))),
    field('m', {
      kind: 'map',
      key: field('key', 'string'),
      value: field('value', { kind: 'decimal', precision: 20, scale: 2 }),
    }),
    field('t', struct(field('u', list('binary')))),
    field('d', 'date'),
  ])
  const expected = [[[], { a: null, b: 1 }, [{ key: 'k', value: null }], null, null]]

  it('is null in whatever type the table has it, lists and structs too', async () => {
    expect(await table.rows(snapshot, [file])).toEqual(expected)
  })

  it('is of the declared type in a rewritten file', async () => {
    const complete = await resolver.toCompleteFile(snapshot, file)
    expect(await table.rows(snapshot, [complete])).toEqual(expected)
    const footer = await readParquetFooter(table.store, complete)
    expect(footer.leaves.map(({ type }) => type)).toEqual([
      'string',
      'timestamptz',
      'int',
      'string',
      { kind: 'decimal', precision: 20, scale: 2 },
      'binary',
      'date',
    ])
  })
})

it.each(['types-snappy', 'nested', 'int96'])(
  'rewrites %s so that no plain reader sees other types than the declared ones',
  async name => {
    const file = fixture(`parquet/${name}.parquet`)
    const footer = await readParquetFooter(table.store, file)
    const sayable = parquetFields(footer).filter(
      ({ type }) => type !== 'time' && type !== 'timestamptz_ns',
    )
    const snapshot = snapshotOf(sayable)
    const complete = await resolver.toCompleteFile(snapshot, file)
    const { columns } = parquetShape(await readParquetFooter(table.store, complete))
    expect(columns.filter(({ annotation }) => annotation !== undefined)).toEqual([])
    expect(await table.rows(snapshot, [complete])).toEqual(await table.rows(snapshot, [file]))
  },
)

describe('a column that GeoParquet calls a geometry', () => {
  const snapshot = snapshotOf([field('id', 'long'), field('g', 'binary')])
  const point = 'AQEAAAAAAAAAAAD4PwAAAAAAAARA'

  it.each<[string, unknown]>([
    ['no system of coordinates', null],
    ['one by its name, which DuckDB refuses', 'EPSG:4326'],
    ['one as PROJJSON', { type: 'GeographicCRS', name: 'WGS 84' }],
  ])('is the bytes that it is, with %s', async (_, crs) => {
    const columns = { g: { encoding: 'WKB', geometry_types: ['Point'], crs } }
    const geo = JSON.stringify({ version: '1.1.0', primary_column: 'g', columns })
    const file = await table.write(
      `SELECT 1::BIGINT AS id, from_base64('${point}') AS g UNION ALL SELECT 2, NULL ORDER BY id`,
      `, KV_METADATA {geo: '${geo}'}`,
    )
    const expected = [
      ['1', point],
      ['2', null],
    ]
    expect(await table.rows(snapshot, [file])).toEqual(expected)
    const complete = await resolver.toCompleteFile(snapshot, file)
    expect(await table.rows(snapshot, [complete])).toEqual(expected)
  })
})

describe('valid files that DuckDB has no decoder for', () => {
  const split = fixture('real/parquet/encoding-split/table/a.parquet')
  const ids = snapshotOf([field('id', 'long')])
  const unsupported = {
    code: 'UNSUPPORTED_FEATURE',
    message: expect.stringContaining('BYTE_STREAM_SPLIT'),
  }

  it('are unsupported to readers of rows', async () => {
    await expect(table.rows(ids, [split])).rejects.toMatchObject(unsupported)
    const counted = tableRows({
      store: table.store,
      duckdb: table.duckdb,
      async *files() {
        yield [split]
      },
    })
    await expect(counted.rows(ids).rows[Symbol.asyncIterator]().next()).rejects.toMatchObject(
      unsupported,
    )
  })

  it('are unsupported where they would be rewritten', async () => {
    await expect(resolver.toCompleteFile(ids, split)).rejects.toMatchObject(unsupported)
  })
})
