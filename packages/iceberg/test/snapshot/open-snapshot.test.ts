import { keepingCache } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { icebergReader } from '../../src/index.js'
import { dataFile, LOCATION, smallTable } from '../support/small-table.js'

const MAPPING = '[{"field-id":1,"names":["id"]}]'

it.each([
  ['without properties', {}, [{ by: 'id', withoutIds: 'position' }, 'files']],
  [
    'with a name mapping, which files that were imported go by and may lack partition columns',
    { 'schema.name-mapping.default': MAPPING },
    [{ by: 'id', withoutIds: 'mapping', mapping: MAPPING }, 'files-or-metadata'],
  ],
])('says how a table keeps data: %s', async (_, properties, expected) => {
  const store = await smallTable([{ entries: [dataFile('a.parquet', 1)] }], { properties })
  const reader = icebergReader({ store, cache: keepingCache() })
  const snapshot = await reader.snapshot({ location: LOCATION })
  const { columnMatching, partitionValues } = snapshot
  expect([columnMatching, partitionValues]).toEqual(expected)
})

it.each([
  ['none', ['PARQUET', 'parquet'], [undefined, undefined, undefined]],
  ['one', ['PARQUET', 'ORC'], ['orc', undefined, 'orc']],
  ['others', ['avro', 'ORC'], ['avro', 'avro', 'orc']],
  [
    'files of no known format, which say so themselves',
    ['LANCE', 'PARQUET'],
    [undefined, undefined, undefined],
  ],
])('tells which of the files asked for are no Parquet: %s', async (_, formats, expected) => {
  // Named as Hive names files: nothing else tells.
  const entries = formats.map((format, at) => ({
    ...dataFile(`00000${at}_0`, 1),
    format,
  }))
  const store = await smallTable([{ entries }])
  const reader = icebergReader({ store, cache: keepingCache() })
  const { files } = await reader.snapshot({ location: LOCATION })
  const batch = await files.handles[0]!.load()
  const told = [[0, 1], [0], [1]].map(rows => batch.otherFormat?.(Uint32Array.from(rows)))
  expect(told).toEqual(expected)
})
