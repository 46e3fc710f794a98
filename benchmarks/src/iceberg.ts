import type { Predicate, Snapshot } from '@spillway/core'
import { createBatchCache } from '@spillway/engine'
import { icebergReader } from '@spillway/iceberg'
import { planScan } from '@spillway/planner'
import { parseSqlPredicate } from '@spillway/protocol'
import { localStore } from '@spillway/storage'
import type { Measured, Question } from './child.js'
import { type IcebergShape, type IcebergTable, icebergTable } from './iceberg-table.js'

function openSnapshot({ path }: IcebergTable): Promise<Snapshot> {
  const cache = createBatchCache({ maxBytes: 2 ** 31 })
  return icebergReader({ store: localStore(), cache }).snapshot({ location: `file://${path}` })
}

/** Survivors with their deletes, as PyIceberg's plan_files gives them. */
async function planned(snapshot: Snapshot, predicate: Predicate): Promise<number> {
  let found = 0
  for await (const { files, selection } of planScan(snapshot, { predicate })) {
    found += (await files.files(selection)).length
  }
  return found
}

/** Survivors as row numbers: what signing and encoding start from. */
async function pruned(snapshot: Snapshot, predicate: Predicate): Promise<number> {
  let found = 0
  for await (const { selection } of planScan(snapshot, { predicate })) found += selection.length
  return found
}

async function timed(action: () => Promise<number>, repeat = 1): Promise<Measured> {
  const ms: number[] = []
  let found = 0
  for (let i = 0; i < repeat; i++) {
    const start = performance.now()
    found = await action()
    ms.push(performance.now() - start)
  }
  return { ms, facts: { found } }
}

function planCold(shape: IcebergShape): Question {
  return async (files, data) => {
    const table = await icebergTable(data, files, shape)
    const { predicate } = parseSqlPredicate(table.where)
    return timed(async () => planned(await openSnapshot(table), predicate))
  }
}

function planWarm(shape: IcebergShape): Question {
  return async (files, data) => {
    const table = await icebergTable(data, files, shape)
    const { predicate } = parseSqlPredicate(table.where)
    const snapshot = await openSnapshot(table)
    await pruned(snapshot, predicate)
    for (let i = 0; i < 5; i++) await planned(snapshot, predicate)
    return timed(() => planned(snapshot, predicate), 10)
  }
}

/** Every live file, as row numbers with their paths and partition values in columns. */
const snapshotCold: Question = async (files, data) => {
  const table = await icebergTable(data, files, 'scattered')
  return timed(async () => pruned(await openSnapshot(table), { kind: 'alwaysTrue' }))
}

export const icebergQuestions: Readonly<Record<string, Question>> = {
  'iceberg-snapshot-cold': snapshotCold,
  'iceberg-plan-cold': planCold('scattered'),
  'iceberg-plan-warm': planWarm('scattered'),
  'iceberg-clustered-cold': planCold('clustered'),
  'iceberg-deletes-cold': planCold('deletes'),
  'iceberg-deletes-warm': planWarm('deletes'),
}
