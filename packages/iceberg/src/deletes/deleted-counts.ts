import type { Steps } from '@spillway/core'
import type { AppliedDelete } from './opened-deletes.js'

/** Counted in a step: part of a millisecond. */
const COUNTS_IN_A_STEP = 4096

/** How many rows of each file its deletes leave out: NaN where only reading them tells. */
export function* deletedCounts(lists: readonly (readonly AppliedDelete[])[]): Steps<Float64Array> {
  const counts = new Float64Array(lists.length)
  for (const [i, list] of lists.entries()) {
    counts[i] = deletedCount(list)
    if (i % COUNTS_IN_A_STEP === COUNTS_IN_A_STEP - 1) yield
  }
  return counts
}

/** A vector counts its rows; how many rows other deletes match, only reading tells. */
function deletedCount(applied: readonly AppliedDelete[]): number {
  if (applied.length === 0) return 0
  const [only] = applied
  if (applied.length > 1 || only!.kind !== 'vector') return Number.NaN
  return only!.view.manifest.columns.recordCount[only!.row]!
}
