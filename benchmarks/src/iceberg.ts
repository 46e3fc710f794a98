import type { Snapshot } from '@spillway/core'
import { createBatchCache } from '@spillway/engine'
import { icebergReader } from '@spillway/iceberg'
import { parseSqlPredicate } from '@spillway/protocol'
import { localStore } from '@spillway/storage'
import { type IcebergShape, type IcebergTable, icebergTable } from './iceberg-table.js'
import { countKept, nameKept, type Question, timed } from './measure.js'

function openSnapshot({ path }: IcebergTable): Promise<Snapshot> {
  const cache = createBatchCache({ maxBytes: 2 ** 31 })
  return icebergReader({ store: localStore(), cache }).snapshot({ location: `file://${path}` })
}

function planCold(shape: IcebergShape): Question {
  return async (files, data) => {
    const table = await icebergTable(data, files, shape)
    const { predicate } = parseSqlPredicate(table.where)
    return timed(async () => nameKept(await openSnapshot(table), predicate))
  }
}

function planWarm(shape: IcebergShape): Question {
  return async (files, data) => {
    const table = await icebergTable(data, files, shape)
    const { predicate } = parseSqlPredicate(table.where)
    const snapshot = await openSnapshot(table)
    await countKept(snapshot, predicate)
    for (let i = 0; i < 5; i++) await nameKept(snapshot, predicate)
    return timed(() => nameKept(snapshot, predicate), 10)
  }
}

/** Every live file, as row numbers with their paths and partition values in columns. */
const snapshotCold: Question = async (files, data) => {
  const table = await icebergTable(data, files, 'scattered')
  return timed(async () => countKept(await openSnapshot(table)))
}

export const icebergQuestions: Readonly<Record<string, Question>> = {
  'iceberg-snapshot-cold': snapshotCold,
  'iceberg-plan-cold': planCold('scattered'),
  'iceberg-plan-warm': planWarm('scattered'),
  'iceberg-clustered-cold': planCold('clustered'),
  'iceberg-deletes-cold': planCold('deletes'),
  'iceberg-deletes-warm': planWarm('deletes'),
}
