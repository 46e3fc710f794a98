import type { DataFile, DataType, DeletionVector, Field, Value } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { rowResolver } from '../../src/index.js'
import { readVector, vectorBytes } from '../../src/merge-on-read/deletion-vector.js'
import { field, rowFixture, snapshotOf } from '../support/fixture.js'

const table = rowFixture()
const resolver = rowResolver({ store: table.store, duckdb: table.duckdb })

/** Each part by its values, with the positions that are left of it. */
async function split(file: DataFile, fields: readonly Field[], others: readonly Field[] = []) {
  const snapshot = snapshotOf([...fields, ...others], { format: 'iceberg' })
  const parts = await resolver.splitByValue(snapshot, file, fields)
  const found: [readonly (Value | null | undefined)[], number, readonly number[]][] = []
  for (const part of parts) {
    const vector = part.deletes[0] as DeletionVector | undefined
    const gone =
      vector === undefined ? [] : [...(await readVector(table.store, vector))].map(Number)
    expect(part.path).toBe(file.path)
    expect(vector?.cardinality ?? 0).toBe(gone.length)
    found.push([fields.map(({ id }) => part.constants?.get(id)), part.deletes.length, gone])
  }
  return found
}

const color = field('color', 'string', { id: 2 })
const IDS = ', FIELD_IDS {id: 1, color: 2}'

describe('splitByValue', () => {
  it('gives each value the file with a vector of the other rows', async () => {
    const file = await table.write(
      "SELECT * FROM (VALUES (1, 'red'), (2, NULL), (3, 'blue'), (4, 'red'), (5, '')) t(id, color)",
      IDS,
    )
    expect(await split(file, [color])).toEqual([
      [[''], 1, [0, 1, 2, 3]],
      [['blue'], 1, [0, 1, 3, 4]],
      [['red'], 1, [1, 2, 4]],
      [[null], 1, [0, 2, 3, 4]],
    ])
  })

  it('needs no vector where all rows have one value', async () => {
    const file = await table.write("SELECT range AS id, 'red' AS color FROM range(3)", IDS)
    expect(await split(file, [color])).toEqual([[['red'], 0, []]])
  })

  it('leaves deleted rows out of every part, and parts that had no others', async () => {
    const written = await table.write(
      "SELECT * FROM (VALUES (1, 'red'), (2, 'blue'), (3, 'red')) t(id, color)",
      IDS,
    )
    const gone = (positions: readonly number[]): DataFile => ({
      ...written,
      deletes: [
        {
          kind: 'deletion-vector',
          id: `v${positions}`,
          cardinality: positions.length,
          bitmap: vectorBytes(positions),
        },
      ],
    })
    expect(await split(gone([1]), [color])).toEqual([[['red'], 1, [1]]])
    expect(await split(gone([0, 1, 2]), [color])).toEqual([])
  })

  it('takes position and equality deletes with it', async () => {
    const file = await table.write(
      "SELECT * FROM (VALUES (1, 'red'), (2, 'blue'), (3, 'red'), (4, 'blue')) t(id, color)",
      IDS,
    )
    const positions = await table.write(
      `SELECT '${file.path}' AS file_path, 0::BIGINT AS pos`,
      ', FIELD_IDS {file_path: 2147483546, pos: 2147483545}',
    )
    const equal = await table.write('SELECT 4 AS id', ', FIELD_IDS {id: 1}')
    const deletes: DataFile['deletes'] = [
      { kind: 'position-delete', path: positions.path, fileFormat: 'parquet', size: 1 },
      { kind: 'equality-delete', path: equal.path, fileFormat: 'parquet', size: 1, fieldIds: [1] },
    ]
    const id = field('id', 'int', { id: 1 })
    expect(await split({ ...file, deletes }, [color], [id])).toEqual([
      [['blue'], 1, [0, 2, 3]],
      [['red'], 1, [0, 1, 3]],
    ])
  })

  it('splits by several columns, and one that the file was written before is null', async () => {
    const file = await table.write(
      "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (1, 'b')) t(id, color)",
      IDS,
    )
    const fields = [field('id', 'int', { id: 1 }), color, field('late', 'int', { id: 9 })]
    expect(await split(file, fields)).toEqual([
      [[1, 'a', null], 1, [1, 2]],
      [[1, 'b', null], 1, [0, 1]],
      [[2, 'b', null], 1, [0, 2]],
    ])
  })

  it.each<[DataType, string, readonly (Value | null)[]]>([
    ['int', '-1::INT', [-1]],
    ['long', '9007199254740993::BIGINT', [9007199254740993n]],
    ['boolean', 'true', [true]],
    ['date', "DATE '1969-12-31'", [-1]],
    ['timestamp', "TIMESTAMP '1969-12-31 23:59:59.999999'", [-1n]],
    ['timestamptz', "TIMESTAMPTZ '2024-02-29 12:30:00.000001+00'", [1709209800000001n]],
    [{ kind: 'decimal', precision: 9, scale: 2 }, '-0.01::DECIMAL(9, 2)', [-1n]],
    [
      { kind: 'decimal', precision: 38, scale: 0 },
      "'1000000000000000000000000000000'::DECIMAL(38, 0)",
      [10n ** 30n],
    ],
    ['string', "'a b/c=%é😀'", ['a b/c=%é😀']],
  ])('gives values of %s as planning has them', async (type, sql, expected) => {
    const file = await table.write(`SELECT ${sql} AS c`, ', FIELD_IDS {c: 1}')
    const parts = await split(file, [field('c', type, { id: 1 })])
    expect(parts).toEqual([[expected, 0, []]])
  })

  it('refuses more parts than a file can be sent in', async () => {
    const file = await table.write('SELECT range::INT AS c FROM range(1001)', ', FIELD_IDS {c: 1}')
    await expect(split(file, [field('c', 'int', { id: 1 })])).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('more than 1000 values of c'),
    })
  })

  it('reads a file once, however often it is asked for', async () => {
    const file = await table.write('SELECT 1 AS c', ', FIELD_IDS {c: 1}')
    const snapshot = snapshotOf([field('c', 'int', { id: 1 })], { format: 'iceberg' })
    const asked = [0, 1].map(() => resolver.splitByValue(snapshot, file, snapshot.schema.fields))
    const [first, second] = await Promise.all(asked)
    expect(second).toBe(first)
    expect(await resolver.splitByValue(snapshot, file, snapshot.schema.fields)).toBe(first)
  })
})
