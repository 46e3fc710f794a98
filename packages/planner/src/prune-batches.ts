import type { FileList, PrunePredicate, Selection, StatsTable } from '@spillway/core'
import { selectAll } from '@spillway/core'
import { fieldsOf } from './fields.js'
import { prune } from './prune.js'

/** Which batches may hold a match, before any is loaded. */
export interface SurvivingBatches {
  readonly kept: Selection
  /** What a batch was judged by: its summary, or what an index says beyond that. */
  evidence(row: number): StatsTable
}

/** With the summaries first; an index is read only of the predicate's fields, for the batches left. */
export async function pruneBatches(
  { handles, summaries, readSummaries }: FileList,
  predicate: PrunePredicate,
  signal: AbortSignal | undefined,
): Promise<SurvivingBatches> {
  const possible = prune(predicate, summaries, selectAll(handles.length))
  const fields = fieldsOf(predicate)
  if (readSummaries === undefined || fields.length === 0 || possible.length === 0) {
    return { kept: possible, evidence: () => summaries }
  }
  const read = await readSummaries(fields, possible, signal)
  const judged = new Set(possible)
  return {
    kept: prune(predicate, read, possible),
    evidence: row => (judged.has(row) ? read : summaries),
  }
}
