import type { FileList, PrunePredicate, Selection, StatsTable } from '@spillway/core'
import { selectAll } from '@spillway/core'
import { fieldsOf } from '../predicates/fields.js'
import { pruneInTurns } from '../prune/prune-in-turns.js'

/** Which batches may hold a match, before any is loaded. */
export interface SurvivingBatches {
  readonly kept: Selection
  /** What a batch was judged by: its summary, or what an index says beyond that. */
  statistics(row: number): StatsTable
}

export interface PruneBatchesOptions {
  readonly signal?: AbortSignal | undefined
  /** Awaited between pieces of work, as `ScanOptions` has it. */
  readonly turn?: ((milliseconds: number) => Promise<void>) | undefined
}

/** Prunes batches by their summaries first; an index is read only of the predicate's fields, for the batches left. */
export async function pruneBatches(
  { handles, summaries, readSummaries }: FileList,
  predicate: PrunePredicate,
  { signal, turn }: PruneBatchesOptions,
): Promise<SurvivingBatches> {
  const possible = await pruneInTurns(predicate, summaries, selectAll(handles.length), turn)
  const fields = fieldsOf(predicate)
  if (readSummaries === undefined || fields.length === 0 || possible.length === 0) {
    return { kept: possible, statistics: () => summaries }
  }
  const read = await readSummaries(fields, possible, signal)
  const kept = await pruneInTurns(predicate, read, possible, turn)
  // Whoever plans asks for no statistics.
  let judged: ReadonlySet<number> | undefined
  return {
    kept,
    statistics(row) {
      judged ??= new Set(possible)
      return judged.has(row) ? read : summaries
    },
  }
}
