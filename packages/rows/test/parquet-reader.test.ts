import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  isValid,
  leafKey,
  type ParquetBatch,
  type ParquetLeaf,
  type ParquetReader,
  readValue,
} from '@spillway/core'
import { parquetReader, readParquetFooter } from '@spillway/encoding'
import { memoryStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { rowFixture } from './support/fixture.js'
import { parquetPaths } from './support/leaf-sql.js'
import { duckdbParquetReader } from './support/parquet-reader.js'

const table = rowFixture()
const reader = duckdbParquetReader({ duckdb: table.duckdb })

async function readAll(
  from: ParquetReader,
  path: string,
  leaves: readonly (readonly string[])[],
  rowGroups?: readonly number[],
) {
  const meta = await table.store.head(path)
  const batches: ParquetBatch[] = []
  for await (const batch of from.read(table.store, meta!, {
    leaves,
    ...(rowGroups && { rowGroups }),
  })) {
    batches.push(batch)
  }
  return batches
}

/** The values of a leaf, row by row; lists as arrays. */
function valuesOf({ column, offsets, type }: ParquetLeaf, length: number): readonly unknown[] {
  const value = (row: number) => {
    const found = isValid(column, row) ? readValue(column, row, type!) : null
    return found instanceof Uint8Array ? Buffer.from(found).toString('hex') : found
  }
  return Array.from({ length }, (_, row) =>
    offsets === undefined
      ? value(row)
      : Array.from({ length: offsets[row + 1]! - offsets[row]! }, (_unused, i) =>
          value(offsets[row]! + i),
        ),
  )
}

function summary(batches: readonly ParquetBatch[]) {
  return batches.map(({ rowGroup, length, leaves }) => ({
    rowGroup,
    length,
    leaves: [...leaves].map(([key, leaf]) => [key, valuesOf(leaf, length)]),
  }))
}

const REFUSED: ReadonlySet<unknown> = new Set(['time', 'uuid', 'timestamptz_ns'])
const folder = fileURLToPath(new URL('../../../test/fixtures/parquet', import.meta.url))
const files = readdirSync(folder).filter(name => name.endsWith('.parquet'))

describe('two independent decoders agree', () => {
  it.each(files)('on every leaf of %s', async name => {
    const path = `${folder}/${name}`
    const footer = await readParquetFooter(table.store, (await table.store.head(path))!)
    for (const { leaf } of parquetPaths(footer).values()) {
      const { path: leafPath, type } = footer.leaves[leaf]!
      // What this reader refuses: types that no metadata has.
      if (REFUSED.has(type) || typeof type === 'object') continue
      const [ours, theirs] = [
        await readAll(reader, path, [leafPath]),
        await readAll(parquetReader(), path, [leafPath]),
      ]
      expect(summary(ours), leafPath.join('.')).toEqual(summary(theirs))
    }
  })

  it('on nulls, structs, maps and lists across row groups', async () => {
    const file = await table.write(
      `SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE {'path': 'p' || i, 'size': i, 'n': {'d': (i / 7)::DECIMAL(9,3)},
         'm': CASE WHEN i % 5 = 0 THEN NULL ELSE MAP{'k' || i: i::VARCHAR, 'z': NULL} END,
         'l': [{'t': i}, {'t': NULL}][1:(i % 3)]} END AS add,
         make_timestamptz(i * 1000003) AS at, i % 2 = 0 AS b, (i - 500)::INTEGER AS n, DATE '1960-01-01' + i::INTEGER AS d
       FROM range(1000) t(i)`,
      ', ROW_GROUP_SIZE 2048',
    )
    const leaves = [
      ['add', 'path'],
      ['add', 'size'],
      ['add', 'n', 'd'],
      ['add', 'm', 'key_value', 'key'],
      ['add', 'm', 'key_value', 'value'],
      ['add', 'l', 'list', 'element', 't'],
      ['at'],
      ['b'],
      ['n'],
      ['d'],
      ['nowhere'],
    ]
    const ours = await readAll(reader, file.path, leaves)
    expect(summary(ours)).toEqual(summary(await readAll(parquetReader(), file.path, leaves)))
    expect(ours[0]!.leaves.has(leafKey(['nowhere']))).toBe(false)
  })

  it('on chosen row groups', async () => {
    const file = await table.write(
      'SELECT range AS id, range::VARCHAR AS s FROM range(10000)',
      ', ROW_GROUP_SIZE 2048',
    )
    const leaves = [['id'], ['s']]
    const ours = await readAll(reader, file.path, leaves, [3, 1])
    expect(ours.map(({ rowGroup }) => rowGroup)).toEqual([3, 1])
    expect(summary(ours)).toEqual(
      summary(await readAll(parquetReader(), file.path, leaves, [3, 1])),
    )
    await expect(readAll(reader, file.path, leaves, [99])).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
  })
})

describe('files of other stores', () => {
  it('are copied within a limit', async () => {
    const store = memoryStore()
    const file = await table.write('SELECT range AS id FROM range(10)')
    const object = await table.store.get(file.path)
    await store.put('s3://b/f.parquet', object!.bytes)
    const meta = (await store.head('s3://b/f.parquet'))!
    const batches: ParquetBatch[] = []
    for await (const batch of reader.read(store, meta, { leaves: [['id']] })) batches.push(batch)
    expect(batches[0]!.length).toBe(10)
    const limited = duckdbParquetReader({ duckdb: table.duckdb, maxBytes: 10 })
    const failing = async () => {
      for await (const _ of limited.read(store, meta, { leaves: [['id']] }));
    }
    await expect(failing()).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
  })
})
