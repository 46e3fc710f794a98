import type { LiveFiles, PrunePredicate, Selection, StatsTable } from '@spillway/core'
import { matchesAll } from '../prune/prune.js'

/** Counts rows that are certain to match, and says when enough are held. */
export interface LimitCounter {
  readonly reached: boolean
  /** Those of `rows`, in order, that are still needed. */
  take(
    files: LiveFiles,
    stats: StatsTable,
    rows: Selection,
    signal?: AbortSignal,
  ): Promise<Selection>
}

/**
 * A file counts its live rows if all of them match, and else nothing: live rows are the recorded ones less those the
 * snapshot deletes, and nothing where only reading tells how many those are.
 */
export function limitCounter(predicate: PrunePredicate, limit: number): LimitCounter {
  let certain = 0
  return {
    get reached() {
      return certain >= limit
    },
    async take(files, stats, rows, signal) {
      if (certain >= limit) return rows.subarray(0, 0)
      const whole = matchesAll(predicate, stats, rows)
      if (whole.length === 0) return rows
      const deleted = await files.deletedCounts?.(whole, signal)
      let next = 0
      for (let i = 0; i < rows.length; i++) {
        if (rows[i] !== whole[next]) continue
        const count = stats.recordCount[rows[i]!]! - (deleted?.[next] ?? 0)
        if (count > 0) certain += count
        next++
        if (certain >= limit) return rows.subarray(0, i + 1)
      }
      return rows
    },
  }
}
