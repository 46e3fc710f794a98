import type { Snapshot } from '@spillway/core'
import { planScan } from '@spillway/planner'
import {
  holdsFacts,
  quickOr,
  Random,
  type ReaderSubject,
  readerSuite,
  suiteTable,
  type TableWriter,
} from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { icebergWriter } from '../../iceberg/test/support/random-iceberg.js'
import { LOCATION as FOLDER, openFolder } from '../../parquet/test/support/random-parquet.js'
import { deltaWriter, LOCATION, openDeltaLog } from './support/delta-writer.js'
import { hudiWriter } from './support/hudi-writer.js'

const plan: ReaderSubject['plan'] = (snapshot, predicate) =>
  planScan(snapshot, { predicate, zonelessLiterals: 'utc' })

async function written(writer: TableWriter, seed: number): Promise<ReaderSubject> {
  const table = suiteTable({ deletes: writer.deletes })
  return { table, snapshot: await writer.write(table, new Random(seed)), plan }
}

async function deltaSubject(seed: number): Promise<ReaderSubject> {
  const table = suiteTable({ deletes: deltaWriter.deletes })
  const reader = openDeltaLog(table, new Random(seed))
  return { table, reader, snapshot: await reader.snapshot({ location: LOCATION }), plan }
}

async function parquetSubject(seed: number): Promise<ReaderSubject> {
  const table = suiteTable({ deletes: false })
  const reader = openFolder(table, new Random(seed))
  return { table, reader, snapshot: await reader.snapshot({ location: FOLDER }), plan }
}

// Each seed is another way of writing the same table.
describe.each<readonly [string, (seed: number) => Promise<ReaderSubject>]>([
  ['delta', deltaSubject],
  ['iceberg', seed => written(icebergWriter, seed)],
  ['hudi', seed => written(hudiWriter, seed)],
  ['parquet', parquetSubject],
])('%s', (_, open) => {
  describe.each(quickOr([4], [1, 2, 3, 4]))('written as of seed %i', seed => {
    for (const { name, run, skip } of readerSuite) {
      it(name, async context => {
        const subject = await open(seed)
        const reason = skip(subject)
        if (reason !== undefined) context.skip(reason)
        await run(subject)
      })
    }
  })
})

describe('facts about a format', () => {
  const iceberg = (seed: number) => written(icebergWriter, seed)
  it.each<[string, (seed: number) => Promise<ReaderSubject>, Partial<Snapshot>]>([
    ['that name no value', deltaSubject, { deletes: 'vectors' as Snapshot['deletes'] }],
    ['of no deletes where files have some', deltaSubject, { deletes: 'none' }],
    ['of vectors in a log where files are', iceberg, { deletes: 'delta-vectors' }],
    ['of logs that nothing merges', deltaSubject, { deletes: 'log-files' }],
    ['of changes that the reader does not give', parquetSubject, { changeFeed: 'compared' }],
    ['of times that files do not have', deltaSubject, { modificationTimes: 'snapshot' }],
    [
      'of a name mapping that is none',
      iceberg,
      { columnMatching: { by: 'id', withoutIds: 'mapping', mapping: '{}' } },
    ],
    ['of a folder that files lie outside', parquetSubject, { folder: 'memory:///elsewhere/' }],
    [
      'of columns that metadata gives files whose footers are not read',
      deltaSubject,
      { partitionValues: 'files-or-metadata' },
    ],
    [
      'of documents of another table',
      deltaSubject,
      { deltaActions: { protocol: '{"minReaderVersion":1}', metaData: '{"id":"other"}' } },
    ],
  ])('do not hold %s', async (_, open, wrong) => {
    const { snapshot, reader } = await open(1)
    await holdsFacts(snapshot, reader)
    await expect(holdsFacts({ ...snapshot, ...wrong }, reader)).rejects.toThrow()
  })
})
