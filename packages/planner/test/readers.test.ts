import { planScan } from '@spillway/planner'
import {
  quickOr,
  Random,
  type ReaderSubject,
  readerSuite,
  suiteTable,
  type TableWriter,
} from '@spillway/testkit'
import { describe, it } from 'vitest'
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
  describe.each(quickOr([1, 4], [1, 2, 3, 4]))('written as of seed %i', seed => {
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
