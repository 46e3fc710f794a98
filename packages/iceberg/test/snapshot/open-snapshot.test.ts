import { keepingCache } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { icebergReader } from '../../src/index.js'
import { dataFile, LOCATION, smallTable } from '../support/small-table.js'

const MAPPING = '[{"field-id":1,"names":["id"]}]'

it.each([
  ['without properties', {}, [{ by: 'id', withoutIds: 'position' }, 'files', false]],
  [
    'with a name mapping, which files that were imported go by and may lack partition columns',
    { 'schema.name-mapping.default': MAPPING },
    [{ by: 'id', withoutIds: 'mapping', mapping: MAPPING }, 'files-or-metadata', false],
  ],
  [
    'whose writers write ORC',
    { 'write.format.default': 'ORC' },
    [{ by: 'id', withoutIds: 'position' }, 'files', true],
  ],
  [
    'whose writers write Parquet by name',
    { 'write.format.default': 'PARQUET' },
    [{ by: 'id', withoutIds: 'position' }, 'files', false],
  ],
])('says how a table keeps data: %s', async (_, properties, expected) => {
  const store = await smallTable([{ entries: [dataFile('a.parquet', 1)] }], { properties })
  const reader = icebergReader({ store, cache: keepingCache() })
  const snapshot = await reader.snapshot({ location: LOCATION })
  const { columnMatching, partitionValues, mayHoldOtherFormats } = snapshot
  expect([columnMatching, partitionValues, mayHoldOtherFormats]).toEqual(expected)
})
