import { readFileSync } from 'node:fs'
import {
  type Column,
  type DataType,
  leafKey,
  type ParquetBatch,
  readValue,
  typeName,
  type Value,
} from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { parquetReader, readParquetFooter } from '../../../src/index.js'
import { byteStore, parquetFixture } from '../../support/byte-store.js'

interface ExpectedLeaf {
  readonly path: readonly string[]
  readonly values: readonly unknown[]
  readonly offsets?: readonly number[]
}

/** What Arrow reads from the same files; see test/fixtures/parquet/generate.py. */
const expected = JSON.parse(
  readFileSync(
    new URL('../../../../../test/fixtures/parquet/expected.json', import.meta.url),
    'utf8',
  ),
) as Record<string, { readonly rows: number; readonly leaves: readonly ExpectedLeaf[] }>

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

async function readAll(
  bytes: Uint8Array,
  leaves: readonly (readonly string[])[],
): Promise<readonly ParquetBatch[]> {
  const { store, file } = byteStore(bytes)
  return collect(parquetReader().read(store, file, { leaves }))
}

function spelled(value: Value | null): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
  }
  return value
}

function valuesOf(column: Column, length: number, type: DataType): unknown[] {
  return Array.from({ length }, (_, row) => spelled(readValue(column, row, type)))
}

describe('the Parquet reader', () => {
  it.each(Object.entries(expected))('reads every leaf of %s as Arrow does', async (name, file) => {
    const paths = file.leaves.map(({ path }) => path)
    const batches = await readAll(parquetFixture(`${name}.parquet`), paths)
    expect(batches.reduce((rows, batch) => rows + batch.length, 0)).toBe(file.rows)
    for (const { path, values, offsets } of file.leaves) {
      const found: unknown[] = []
      const starts: number[] = [0]
      for (const batch of batches) {
        const leaf = batch.leaves.get(leafKey(path))!
        const length = leaf.offsets?.at(-1) ?? batch.length
        const base = starts.at(-1)!
        for (const end of leaf.offsets?.subarray(1) ?? []) starts.push(base + end)
        found.push(...valuesOf(leaf.column, length, leaf.type!))
      }
      expect({ path, values: found }).toEqual({ path, values })
      if (offsets !== undefined) expect(starts).toEqual(offsets)
    }
  })

  it('reads only the bytes of the leaves asked for', async () => {
    const { store, file, reads } = byteStore(parquetFixture('types-required.parquet'))
    const options = { leaves: [['i64']], rowGroups: [1] }
    const batches = await collect(parquetReader().read(store, file, options))
    const footer = await readParquetFooter(store, file)
    expect(batches.map(batch => [batch.rowGroup, batch.length])).toEqual([[1, 64]])
    const { byteLength } = footer.rowGroups[1]!
    expect(reads[1]!.end - reads[1]!.start).toBeLessThan(byteLength / 10)
  })

  it('leaves out what the file lacks', async () => {
    const [batch] = await readAll(parquetFixture('nested.parquet'), [['point', 'y'], ['absent']])
    expect([...batch!.leaves.keys()]).toEqual([])
  })

  it('finds map leaves under their standard names', async () => {
    const [batch] = await readAll(parquetFixture('nested.parquet'), [
      ['tags', 'key_value', 'value'],
    ])
    expect(batch!.leaves.has(leafKey(['tags', 'key_value', 'value']))).toBe(true)
  })

  it('names the types it reads', async () => {
    const { store, file } = byteStore(parquetFixture('types-snappy.parquet'))
    const footer = await readParquetFooter(store, file)
    const types = footer.leaves.map(({ path, type }) => `${path.join('.')} ${typeName(type)}`)
    expect(types).toEqual([
      'bool boolean',
      'i8 int',
      'i16 int',
      'i32 int',
      'i64 long',
      'u8 int',
      'u16 int',
      'u32 long',
      'u64 decimal(20,0)',
      'f16 float',
      'f32 float',
      'f64 double',
      'text string',
      'few string',
      'bytes binary',
      'fixed fixed(5)',
      'date date',
      'time_ms time',
      'time_us time',
      'ts_ms timestamp',
      'ts_us timestamptz',
      'ts_ns timestamptz_ns',
      'd9 decimal(9,2)',
      'd18 decimal(18,6)',
      'd38 decimal(38,10)',
      'nothing string',
    ])
  })
})
