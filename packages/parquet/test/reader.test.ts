import { fileURLToPath } from 'node:url'
import type { Snapshot } from '@spillway/core'
import { localStore, memoryStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { parquetTableReader } from '../src/index.js'

const fixtures = fileURLToPath(new URL('../../../test/fixtures/parquet-tables/', import.meta.url))
const cache = {
  get: (_: string, load: (signal: AbortSignal) => Promise<never>) =>
    load(new AbortController().signal),
}
const reader = parquetTableReader({ store: localStore(), cache })
const open = (name: string) => reader.snapshot({ location: `file://${fixtures}${name}` })

async function filesOf(snapshot: Snapshot) {
  const files = []
  for (const handle of snapshot.files.handles) {
    const loaded = await handle.load()
    files.push(...(await loaded.files(loaded.live)))
  }
  return files
}

describe('a directory of Parquet files', () => {
  it('lists data files with their partition values, and hides what other tools hide', async () => {
    const files = await filesOf(await open('hive'))
    expect(files.map(file => [file.recordedPath, file.partition, file.recordCount])).toEqual([
      ['day=2026-01-01/country=de/part-0.parquet', [20454, 'de'], 2],
      ['day=2026-01-02/country=a%2Fb/part-2.parquet', [20455, 'a/b'], 2],
      ['day=2026-01-02/country=de/part-1.parquet', [20455, 'de'], 2],
      ['day=2026-01-03/country=__HIVE_DEFAULT_PARTITION__/part-3.parquet', [20456, null], 2],
    ])
  })

  it('bounds columns by folders and footers', async () => {
    const snapshot = await open('hive')
    const loaded = await snapshot.files.handles[0]!.load()
    const stats = await loaded.batch.readStats([snapshot.schema.find(['id'])!], loaded.live)
    const id = stats.columns.get(snapshot.schema.find(['id'])![0].id)![0]!
    expect(
      [id.lower, id.upper].map(column => column && 'values' in column && column.values),
    ).toEqual([BigInt64Array.from([0n, 20n, 10n, 30n]), BigInt64Array.from([9n, 29n, 19n, 39n])])
  })

  it('unifies schemas by name where no value changes', async () => {
    const snapshot = await open('evolved')
    expect(
      snapshot.schema.fields.map(({ name, type, nullable }) => [name, type, nullable]),
    ).toEqual([
      ['id', 'long', true],
      ['score', 'double', true],
      ['price', { kind: 'decimal', precision: 12, scale: 4 }, true],
      ['extra', 'string', true],
    ])
    expect([...snapshot.features]).toEqual(['typeWidening'])
    expect(snapshot.schema.fields.map(({ earlierTypes }) => earlierTypes)).toEqual([
      ['int'],
      ['float'],
      [{ kind: 'decimal', precision: 6, scale: 2 }],
      undefined,
    ])
  })

  it('knows that a column is null in files that lack it', async () => {
    const snapshot = await open('evolved')
    const loaded = await snapshot.files.handles[0]!.load()
    const path = snapshot.schema.find(['extra'])!
    const stats = await loaded.batch.readStats([path], loaded.live)
    expect(stats.columns.get(path[0].id)![0]!.holds).toEqual(Uint8Array.from([2, 1]))
  })

  it.each([
    ['conflicting', /column id is long in some files and string in others/],
    ['mixed_partitions', /different partition columns: \(a\) and \(b\)/],
  ])('refuses %s', async (name, message) => {
    await expect(open(name)).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE', message })
  })

  it('reads a pattern over files', async () => {
    const files = await filesOf(await open('hive/day=2026-01-0[12]/**/*-{0,2}.parquet'))
    expect(files.map(file => file.recordedPath)).toEqual([
      'day=2026-01-01/country=de/part-0.parquet',
      'day=2026-01-02/country=a%2Fb/part-2.parquet',
    ])
  })

  it('answers the same snapshot while nothing changed', async () => {
    const first = await open('types')
    const source = { location: `file://${fixtures}types` }
    expect(await reader.snapshot(source, { previous: first })).toBe(first)
  })

  it.each(['_delta_log/00000000000000000000.json', '.hoodie/hoodie.properties'])(
    'leaves a folder with %s to its own format',
    async marker => {
      const store = memoryStore({
        objects: [
          [`s3://b/t/${marker}`, ''],
          ['s3://b/t/x.parquet', 'x'],
        ],
      })
      const other = parquetTableReader({ store, cache })
      expect(await other.detect({ location: 's3://b/t' })).toBe(false)
    },
  )

  it.each([
    ['delta/_delta_log/00000000000000000000.json', 'delta/'],
    ['a/hudi/.hoodie/hoodie.properties', 'a/hudi/'],
    ['ice/metadata/00001-x.metadata.json', 'ice/'],
  ])(
    'takes no files out of a table with a log of its own that lies within: %s',
    async (log, table) => {
      const store = memoryStore({
        objects: [
          [`s3://b/t/${log}`, ''],
          [`s3://b/t/${table}part=1/x.parquet`, 'x'],
          ['s3://b/t/other/y.parquet', 'y'],
        ],
      })
      const refusing = parquetTableReader({ store, cache })
      for (const location of ['s3://b/t', 's3://b/t/**/*.parquet']) {
        await expect(refusing.snapshot({ location })).rejects.toMatchObject({
          code: 'INVALID_REQUEST',
          message: expect.stringContaining('share that folder by itself'),
          context: { path: `s3://b/t/${table}` },
        })
      }
      // What a pattern leaves out is nobody's business: the file is looked at, and is no Parquet.
      await expect(refusing.snapshot({ location: 's3://b/t/other/*' })).rejects.toMatchObject({
        code: 'TABLE_CORRUPT',
      })
      await expect(refusing.snapshot({ location: 's3://b/t/*/y.parquet' })).rejects.toMatchObject({
        code: 'TABLE_CORRUPT',
      })
    },
  )

  it('refuses bytes that are no Parquet', async () => {
    const store = memoryStore({ objects: [['s3://b/t/x.parquet', 'not a Parquet file at all']] })
    const broken = parquetTableReader({ store, cache })
    await expect(broken.snapshot({ location: 's3://b/t' })).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
  })

  it('has only its current version', async () => {
    const source = { location: `file://${fixtures}types` }
    await expect(reader.resolve(source, { kind: 'version', version: 1n })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})
