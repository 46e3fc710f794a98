import type { ObjectStore, Snapshot } from '@spillway/core'
import { createBatchCache } from '@spillway/engine'
import { icebergReader } from '@spillway/iceberg'
import { parseSqlPredicate } from '@spillway/protocol'
import { localStore } from '@spillway/storage'
import { type IcebergShape, type IcebergTable, icebergTable } from './iceberg-table.js'
import { countKept, nameKept, type Question, timed } from './measure.js'

/** A store that counts the manifests that are opened. */
function countingStore() {
  const opened = new Set<string>()
  const counting = (store: ObjectStore): ObjectStore => ({
    ...store,
    // Fenced, it counts as well.
    within: fence => counting(store.within?.(fence) ?? store),
    get(path, options) {
      if (/\/(?:m|deletes-)\d+\.avro$/.test(path)) opened.add(path)
      return store.get(path, options)
    },
  })
  return { store: counting(localStore()), opened }
}

function openSnapshot(
  { path }: IcebergTable,
  store: ObjectStore = localStore(),
): Promise<Snapshot> {
  const cache = createBatchCache({ maxBytes: 2 ** 31 })
  return icebergReader({ store, cache }).snapshot({ location: `file://${path}` })
}

/** Those of one day, in a table where every manifest has its own: one of data files, and one of deletes. */
const OPENED: Readonly<Partial<Record<IcebergShape, number>>> = { clustered: 1, deletes: 2 }

function planCold(shape: IcebergShape): Question {
  return async (files, data) => {
    const table = await icebergTable(data, files, shape)
    const { predicate } = parseSqlPredicate(table.where)
    const { store, opened } = countingStore()
    const measured = await timed(async () => nameKept(await openSnapshot(table, store), predicate))
    const expected = OPENED[shape]
    if (expected !== undefined && opened.size !== expected) {
      throw new Error(`${opened.size} manifests were opened, and ${expected} can hold a match`)
    }
    return { ...measured, facts: { ...measured.facts, manifests: opened.size } }
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
