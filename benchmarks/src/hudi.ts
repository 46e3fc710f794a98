import type { Snapshot } from '@spillway/core'
import { createBatchCache } from '@spillway/engine'
import { hudiReader } from '@spillway/hudi'
import { parseSqlPredicate } from '@spillway/protocol'
import { localStore } from '@spillway/storage'
import { type HudiTable, hudiTable } from './hudi-table.js'
import { type Measured, nameKept, type Question, timed } from './measure.js'

function openSnapshot({ path }: HudiTable): Promise<Snapshot> {
  const cache = createBatchCache({ maxBytes: 2 ** 31 })
  return hudiReader({ store: localStore(), cache }).snapshot({ location: `file://${path}` })
}

/** With how many files ideal minima and maxima would keep. */
async function timedBesideIdeal(
  table: HudiTable,
  action: () => Promise<number>,
): Promise<Measured> {
  const { ms, facts } = await timed(action)
  return { ms, facts: { ...facts, ideal: table.ideal } }
}

/** Every slice of the table. */
function snapshotCold(columnStats: boolean): Question {
  return async (files, data) => {
    const table = await hudiTable(data, files, columnStats)
    return timedBesideIdeal(table, async () => nameKept(await openSnapshot(table)))
  }
}

/** The slices that may hold a range of ids, from a table that nobody has opened yet. */
function planCold(columnStats: boolean): Question {
  return async (files, data) => {
    const table = await hudiTable(data, files, columnStats)
    const { predicate } = parseSqlPredicate(table.where)
    return timedBesideIdeal(table, async () => nameKept(await openSnapshot(table), predicate))
  }
}

export const hudiQuestions: Readonly<Record<string, Question>> = {
  'hudi-snapshot-indexed': snapshotCold(true),
  'hudi-snapshot-plain': snapshotCold(false),
  'hudi-plan-indexed': planCold(true),
  'hudi-plan-plain': planCold(false),
}
