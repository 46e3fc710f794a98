import type { DataType, Field, Value } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { keepingCache, parquetFooterFile, parquetPlain } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { parquetTableReader } from '../src/index.js'

const field = (id: number, name: string, type: DataType): Field => ({
  id,
  name,
  physicalName: name,
  type,
  nullable: true,
})
const ID = field(1, 'id', 'long')

interface Own {
  readonly type: DataType
  readonly min?: Value
  readonly max?: Value
  readonly nullCount?: number
}

/** Whether the file of one folder, with a column of the folder's name, is said to contradict it. */
async function contradicts(folder: string, { type, min, max, nullCount = 0 }: Own) {
  const bound = (value: Value | undefined) =>
    value === undefined ? undefined : parquetPlain(value, type as 'long')
  const stats = {
    nullCount,
    ...(min !== undefined && { min: bound(min)! }),
    ...(max !== undefined && { max: bound(max)! }),
  }
  const group = { rowCount: 2, columns: new Map([[2, stats]]) }
  const objects: [string, Uint8Array][] = [
    [`s3://b/t/${folder}/x.parquet`, parquetFooterFile([ID, field(2, 'y', type)], [group])],
    ['s3://b/t/y=__HIVE_DEFAULT_PARTITION__/z.parquet', parquetFooterFile([ID], [group])],
  ]
  const reader = parquetTableReader({ store: memoryStore({ objects }), cache: keepingCache() })
  const snapshot = await reader.snapshot({ location: 's3://b/t' })
  const loaded = await snapshot.files.handles[0]!.load()
  const files = await loaded.files(loaded.live)
  const own = files.find(({ path }) => path.endsWith('x.parquet'))!
  const y = snapshot.schema.find(['y'])![0]
  if (own.contradicted !== undefined) expect(own.contradicted).toEqual([y.id])
  return own.contradicted !== undefined
}

it.each<[string, string, Own, boolean]>([
  ['the same integer', 'y=5', { type: 'int', min: 5, max: 5 }, false],
  ['the same integer, wider', 'y=5', { type: 'long', min: 5n, max: 5n }, false],
  ['the same text', 'y=a', { type: 'string', min: 'a', max: 'a' }, false],
  ['the same date', 'y=1970-01-02', { type: 'date', min: 1, max: 1 }, false],
  [
    'nulls alone, as the folder says',
    'y=__HIVE_DEFAULT_PARTITION__',
    { type: 'string', nullCount: 2 },
    false,
  ],
  ['another value', 'y=5', { type: 'long', min: 99n, max: 99n }, true],
  ['more than one value', 'y=5', { type: 'long', min: 5n, max: 6n }, true],
  ['a null beside it', 'y=5', { type: 'long', min: 5n, max: 5n, nullCount: 1 }, true],
  ['nulls alone', 'y=5', { type: 'long', nullCount: 2 }, true],
  ['no bounds', 'y=5', { type: 'long' }, true],
  ['text that looks like it', 'y=5', { type: 'string', min: '5', max: '5' }, true],
  ['a double', 'y=5', { type: 'double', min: 5, max: 5 }, true],
  [
    'a struct',
    'y=5',
    { type: { kind: 'struct', fields: [field(2, 'x', 'int')] }, nullCount: 2 },
    true,
  ],
])('a file that holds %s in %s', async (_, folder, own, expected) => {
  expect(await contradicts(folder, own)).toBe(expected)
})

it('lets the folder decide the type where files disagree about it', async () => {
  const group = { rowCount: 1, columns: new Map() }
  const objects: [string, Uint8Array][] = [
    ['s3://b/t/y=1/a.parquet', parquetFooterFile([ID, field(2, 'y', 'string')], [group])],
    ['s3://b/t/y=2/b.parquet', parquetFooterFile([ID, field(2, 'y', 'date')], [group])],
  ]
  const reader = parquetTableReader({ store: memoryStore({ objects }), cache: keepingCache() })
  const { schema, features } = await reader.snapshot({ location: 's3://b/t' })
  expect(schema.fields.map(({ name, type }) => [name, type])).toEqual([
    ['id', 'long'],
    ['y', 'int'],
  ])
  expect([...features]).toEqual([])
})
