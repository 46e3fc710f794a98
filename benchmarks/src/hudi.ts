import type { Predicate, Snapshot } from '@spillway/core'
import { createBatchCache } from '@spillway/engine'
import { hudiReader } from '@spillway/hudi'
import { planScan } from '@spillway/planner'
import { parseSqlPredicate } from '@spillway/protocol'
import { localStore } from '@spillway/storage'
import type { Measured, Question } from './child.js'
import { type HudiTable, hudiTable } from './hudi-table.js'

function openSnapshot({ path }: HudiTable): Promise<Snapshot> {
  const cache = createBatchCache({ maxBytes: 2 ** 31 })
  return hudiReader({ store: localStore(), cache }).snapshot({ location: `file://${path}` })
}

async function planned(snapshot: Snapshot, predicate: Predicate): Promise<number> {
  let found = 0
  for await (const { files, selection } of planScan(snapshot, { predicate })) {
    found += (await files.files(selection)).length
  }
  return found
}

async function timed(
  table: HudiTable,
  action: () => Promise<number>,
  repeat = 1,
): Promise<Measured> {
  const ms: number[] = []
  let found = 0
  for (let i = 0; i < repeat; i++) {
    const start = performance.now()
    found = await action()
    ms.push(performance.now() - start)
  }
  return { ms, facts: { found, ideal: table.ideal } }
}

/** Every slice of the table. */
function snapshotCold(columnStats: boolean): Question {
  return async (files, data) => {
    const table = await hudiTable(data, files, columnStats)
    return timed(table, async () => planned(await openSnapshot(table), { kind: 'alwaysTrue' }))
  }
}

/** The slices that may hold a range of ids, from a table that nobody has opened yet. */
function planCold(columnStats: boolean): Question {
  return async (files, data) => {
    const table = await hudiTable(data, files, columnStats)
    const { predicate } = parseSqlPredicate(table.where)
    return timed(table, async () => planned(await openSnapshot(table), predicate))
  }
}

export const hudiQuestions: Readonly<Record<string, Question>> = {
  'hudi-snapshot-indexed': snapshotCold(true),
  'hudi-snapshot-plain': snapshotCold(false),
  'hudi-plan-indexed': planCold(true),
  'hudi-plan-plain': planCold(false),
}
