import type { Field } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { parquetFooterFile, parquetPlain, turnsDuring } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { parquetTableReader } from '../src/index.js'

const field = (id: number, name: string): Field => ({
  id,
  name,
  physicalName: name,
  type: 'long',
  nullable: true,
})
const plain = (value: bigint) => parquetPlain(value, 'long')
const fileOf = (names: readonly string[]) =>
  parquetFooterFile(
    names.map((name, i) => field(i + 1, name)),
    [{ rowCount: 10, columns: new Map([[1, { min: plain(3n), max: plain(7n), nullCount: 0 }]]) }],
  )

function readerOf(objects: readonly (readonly [string, Uint8Array])[]) {
  const cache = {
    get: (_: string, load: (signal: AbortSignal) => Promise<never>) =>
      load(new AbortController().signal),
  }
  return parquetTableReader({ store: memoryStore({ objects }), cache })
}

const source = { location: 's3://b/t' }

describe('a folder of very many files', () => {
  const bytes = fileOf(['id'])
  const MANY = 8000
  const reader = readerOf(
    Array.from({ length: MANY }, (_, i) => [`s3://b/t/day=${i % 50}/part-${i}.parquet`, bytes]),
  )

  it('is opened, and found unchanged, while others go on', async () => {
    const opened = await turnsDuring(() => reader.snapshot(source))
    expect(opened.value.totals).toMatchObject({ files: MANY })
    // It was one piece of work but for its partition values: a store in memory waits for nothing.
    expect(opened.turns).toBeGreaterThan(8)
    const again = await turnsDuring(() => reader.snapshot(source, { previous: opened.value }))
    expect(again.value).toBe(opened.value)
    expect(again.turns).toBeGreaterThan(1)
  })

  it('has its bounds read while others go on', async () => {
    const { files, schema } = await reader.snapshot(source)
    const id = schema.find(['id'])!
    const { turns, value } = await turnsDuring(async () => {
      const tables = []
      for (const handle of files.handles) {
        const { batch, live } = await handle.load()
        tables.push(await batch.readStats([id], live))
      }
      return tables
    })
    expect(value.reduce((sum, { length }) => sum + length, 0)).toBe(MANY)
    expect(value.every(({ columns }) => columns.get(id[0].id)![0]!.nullCount![0] === 0)).toBe(true)
    expect(turns).toBeGreaterThan(8)
  })
})

describe('files of very many columns that differ', () => {
  const names = Array.from({ length: 4000 }, (_, i) => `c${i}`)

  it('have one schema, in the order of the first', async () => {
    const reader = readerOf([
      ['s3://b/t/a.parquet', fileOf(names)],
      ['s3://b/t/b.parquet', fileOf([...names.toReversed(), 'more'])],
    ])
    const { turns, value } = await turnsDuring(() => reader.snapshot(source))
    expect(value.schema.fields.map(({ name }) => name)).toEqual([...names, 'more'])
    expect(turns).toBeGreaterThan(3)
  })

  it('are refused where two differ in case alone', async () => {
    const reader = readerOf([
      ['s3://b/t/a.parquet', fileOf(names)],
      ['s3://b/t/b.parquet', fileOf([...names.slice(0, -1), 'C3999'])],
    ])
    await expect(reader.snapshot(source)).rejects.toThrow(
      'columns c3999 and C3999 of different files differ in case alone',
    )
  })

  it('have the bounds of many of them found, each its own', async () => {
    const reader = readerOf([['s3://b/t/a.parquet', fileOf(names)]])
    const { files, schema } = await reader.snapshot(source)
    const { batch, live } = await files.handles[0]!.load()
    const asked = names.slice(0, 20).map(name => schema.find([name])!)
    const { columns } = await batch.readStats(asked, live)
    const bounds = asked.map(([{ id }]) => columns.get(id)![0]!.lower)
    expect(bounds[0]).toMatchObject({ values: BigInt64Array.of(3n) })
    expect(bounds.slice(1).every(lower => lower === undefined || 'validity' in lower)).toBe(true)
  })
})
