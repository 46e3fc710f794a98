import type { SharesConfig } from '../../src/index.js'
import {
  add,
  cdc,
  DAY,
  featureProtocol,
  ID,
  type Lake,
  metaData,
  protocol,
  remove,
  VECTOR,
  VECTOR_FILE,
} from './lake.js'

const FEED = { 'delta.enableChangeDataFeed': 'true' }
const NAME: { name: string; type: string } = { name: 'name', type: 'string' }

/** The tables that the checks are made on, each small and each the shape of a fixture of the reference server. */
export function writeTables(lake: Lake): void {
  simple(lake)
  partitioned(lake)
  empty(lake)
  changing(lake)
  optimized(lake)
  vectors(lake)
  mapped(lake)
  zoneless(lake)
  outside(lake)
}

/** Version 0: one column; 1: another column and a file; 2: a second file. */
function simple(lake: Lake): void {
  const table = lake.table('simple')
  table.commit(protocol, metaData([{ ...ID, metadata: { comment: 'the key', hidden: 'x' } }]))
  table.commit(metaData([ID, NAME]), add('a.parquet', { ids: [1, 1] }))
  table.commit(add('b.parquet', { ids: [2, 2] }))
  for (const name of ['a', 'b']) table.file(`${name}.parquet`)
}

export const DAYS = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04'] as const

/** Four days, one file each, ids 0-9, 10-19 and so on; the fifth file's day is null and has no statistics. */
function partitioned(lake: Lake): void {
  const table = lake.table('partitioned')
  const files = DAYS.map((day, index) =>
    add(`day=${day}/p.parquet`, {
      partitionValues: { day },
      ids: [index * 10, index * 10 + 9],
      rows: 10,
    }),
  )
  table.commit(protocol, metaData([ID, DAY], { partitionColumns: ['day'] }), ...files)
  table.commit(add('day=none/p.parquet', { partitionValues: { day: null } }))
  for (const day of [...DAYS, 'none']) table.file(`day=${day}/p.parquet`)
}

function empty(lake: Lake): void {
  lake.table('empty').commit(protocol, metaData([ID]))
}

/** Version 1: 3 adds; 2: a delete with its change file; 3: an update; 4: the feed is switched off; 5: on again. */
function changing(lake: Lake): void {
  const table = lake.table('changing')
  table.commit(protocol, metaData([ID, NAME], { configuration: FEED }))
  table.commit(add('a', { ids: [1, 1] }), add('b', { ids: [2, 2] }), add('c', { ids: [3, 3] }))
  table.commit(remove('a'), cdc('_change_data/delete'))
  table.commit(remove('b'), add('b2', { ids: [2, 2] }), cdc('_change_data/update'))
  table.commit(metaData([ID, NAME]))
  table.commit(metaData([ID, NAME], { configuration: FEED }))
  for (const name of ['a', 'b', 'c', 'b2']) table.file(name)
  for (const name of ['delete', 'update']) table.file(`_change_data/${name}`)
}

/** Version 1-3: adds and a remove; 4: OPTIMIZE; 5: a new column; 6: an add. */
function optimized(lake: Lake): void {
  const table = lake.table('optimized')
  table.commit(protocol, metaData([ID]))
  table.commit(add('a', { ids: [1, 1] }), add('b', { ids: [2, 2] }))
  table.commit(add('c', { ids: [3, 3] }), add('d', { ids: [4, 4] }))
  table.commit(remove('a'), add('a2', { ids: [1, 1] }))
  table.commit(
    ...['b', 'c', 'd', 'a2'].map(path => remove(path, { dataChange: false })),
    add('all', { ids: [1, 4], rows: 4, dataChange: false }),
  )
  table.commit(metaData([ID, NAME]))
  table.commit(add('e', { ids: [5, 5] }))
  for (const name of ['a', 'b', 'c', 'd', 'a2', 'all', 'e']) table.file(name)
}

/** Version 1: two files; 2: one of them loses rows by a vector. The feed is on. */
function vectors(lake: Lake): void {
  const table = lake.table('vectors')
  const configuration = { 'delta.enableDeletionVectors': 'true', ...FEED }
  table.commit(
    featureProtocol('deletionVectors'),
    metaData([ID], { configuration, id: 'c0ffee00-0000-4000-8000-00000000000d' }),
  )
  table.commit(add('a', { ids: [1, 9], rows: 9 }), add('b', { ids: [10, 19], rows: 10 }))
  table.commit(remove('a'), add('a', { ids: [1, 9], rows: 9, deletionVector: VECTOR }))
  for (const name of ['a', 'b', VECTOR_FILE]) table.file(name)
}

function mapped(lake: Lake): void {
  const table = lake.table('mapped')
  const column = (name: string, type: string, id: number) => ({
    name,
    type,
    metadata: { 'delta.columnMapping.id': id, 'delta.columnMapping.physicalName': `col-${id}` },
  })
  table.commit(
    { protocol: { minReaderVersion: 2, minWriterVersion: 5 } },
    metaData([column('id', 'long', 1), column('day', 'date', 2)], {
      configuration: { 'delta.columnMapping.mode': 'name', 'delta.columnMapping.maxColumnId': '2' },
      partitionColumns: ['day'],
    }),
    add('a', { partitionValues: { 'col-2': '2026-01-01' } }),
    add('b', { partitionValues: { 'col-2': '2026-01-02' } }),
  )
  for (const name of ['a', 'b']) table.file(name)
}

function zoneless(lake: Lake): void {
  const table = lake.table('zoneless')
  const columns = [ID, { name: 'at', type: 'timestamp_ntz' }]
  table.commit(featureProtocol('timestampNtz'), metaData(columns), add('a'))
  table.file('a')
}

/** A log that names a file which is not the table's. */
function outside(lake: Lake): void {
  lake.table('outside').commit(protocol, metaData([ID]), add('file:///etc/passwd'))
}

/** Everything above in one schema, with history; `limited` and `started` are tables that share less. */
export function sharesConfig(lake: Lake): SharesConfig {
  const names = ['simple', 'partitioned', 'empty', 'changing', 'optimized', 'vectors', 'mapped']
  const location = (name: string) => `file://${lake.root}/${name}`
  const shared = [...names, 'zoneless', 'outside'].map(name => ({
    name,
    location: location(name),
    history: true,
  }))
  return {
    shares: [
      {
        name: 'Lake',
        comment: 'demo',
        schemas: [
          { name: 'Main', tables: shared },
          {
            name: 'guarded',
            tables: [
              { name: 'limited', location: location('changing') },
              { name: 'started', location: location('changing'), history: true, startVersion: 2 },
              { name: 'gone', location: location('nowhere') },
            ],
          },
          { name: 'bare' },
        ],
      },
      {
        name: 'other',
        schemas: [{ name: 'x', tables: [{ name: 'y', location: location('simple') }] }],
      },
      { name: 'third' },
      { name: 'nobodys', schemas: [] },
    ],
    recipients: [],
  }
}
