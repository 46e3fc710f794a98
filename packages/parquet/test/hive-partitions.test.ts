import type { Field } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { keepingCache, parquetFooterFile, turnsDuring } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { hivePartitions } from '../src/hive-partitions.js'
import { parquetTableReader } from '../src/index.js'

const ID: Field = { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true }
const BYTES = parquetFooterFile([ID], [{ rowCount: 1, columns: new Map() }])

/** The columns and the values of files in these folders, in the order of their paths. */
async function opened(...folders: readonly string[]) {
  const objects = folders.map((name): [string, Uint8Array] => [`s3://b/t/${name}/x.parquet`, BYTES])
  const reader = parquetTableReader({ store: memoryStore({ objects }), cache: keepingCache() })
  const snapshot = await reader.snapshot({ location: 's3://b/t' })
  const values = []
  for (const handle of snapshot.files.handles) {
    const loaded = await handle.load()
    const files = await loaded.files(loaded.live)
    values.push(...files.map(({ partition }) => partition))
  }
  const columns = snapshot.schema.fields.slice(1).map(({ name, type }) => `${name} ${type}`)
  return { snapshot, columns, values }
}

describe('names of folders', () => {
  it('are UTF-8, escaped or not', async () => {
    expect(await opened('k=%C3%BCn%C3%AF', 'k=a%20b%2Fc', 'k=süd+%zz')).toMatchObject({
      columns: ['k string'],
      values: [['ünï'], ['a b/c'], ['süd+%zz']],
    })
    expect(await opened('r%C3%A9gion=1')).toMatchObject({ columns: ['région int'], values: [[1]] })
  })

  it('keep the empty text, zeros in front, and null apart', async () => {
    expect((await opened('p=', 'p=__HIVE_DEFAULT_PARTITION__', 'p=a')).values).toEqual([
      [''],
      [null],
      ['a'],
    ])
    expect(await opened('p=01', 'p=1')).toMatchObject({
      columns: ['p string'],
      values: [['01'], ['1']],
    })
    expect(await opened('p=', 'p=1')).toMatchObject({
      columns: ['p string'],
      values: [[''], ['1']],
    })
  })

  it('are told apart where no answer can spell one', async () => {
    const { snapshot } = await opened('p=/q=1', 'p=a/q=2')
    expect([...snapshot.unspeltPartitions!]).toEqual([snapshot.schema.find(['p'])![0].id])
    expect((await opened('p=b/q=1')).snapshot.unspeltPartitions).toBeUndefined()
  })

  it.each([
    ['k=%FC', /k=%FC is escaped in bytes that are no UTF-8/],
    ['%E2%82=1', /no UTF-8/],
    ['k=1/k=2', /name the partition column k twice/],
    ['k=1/K=2', /k and K differ in case alone/],
    ['ID=1', /id and ID differ in case alone/],
  ])('are refused where they are %s', async (folder, message) => {
    await expect(opened(folder)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringMatching(message),
    })
  })
})

it('lets others go on while many paths are read', async () => {
  const files = Array.from({ length: 50_000 }, (_, i) => {
    const day = String((i % 28) + 1).padStart(2, '0')
    const relative = `day=2026-01-${day}/hour=${i % 24}/region=r%20${i % 100}/part-${i}.parquet`
    return { path: `s3://b/t/${relative}`, relative, size: 1, lastModified: 1 }
  })
  const { turns, value } = await turnsDuring(async () => hivePartitions(files))
  expect(value.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'day date',
    'hour int',
    'region string',
  ])
  expect(value.values).toHaveLength(50_000)
  expect(value.values[49_999]).toEqual([
    Date.UTC(2026, 0, (49_999 % 28) + 1) / 86_400_000,
    7,
    'r 99',
  ])
  expect(turns).toBeGreaterThan(5)
})
