import type { Selection, Snapshot } from '@spillway/core'
import type { PageMark } from './page.js'
import type { ScanMetrics } from './scan-options.js'
import type { Survivors } from './survivors.js'

/** Counters of one run; the only state that grows while it is iterated. */
export interface Progress {
  batchesPruned: number
  loaded: number
  partition: number
  stats: number
  limit: number
  kept: number
  /** Files in batches that were not loaded: pruned by their summary, or past the limit. */
  unloadedPruned: number
  unloadedLimit: number
  nextPage: PageMark | undefined
}

/** The counters of a run that has not begun. */
export function noProgress(): Progress {
  return {
    batchesPruned: 0,
    loaded: 0,
    partition: 0,
    stats: 0,
    limit: 0,
    kept: 0,
    unloadedPruned: 0,
    unloadedLimit: 0,
    nextPage: undefined,
  }
}

/** Counts the survivors of a batch, of which `kept` are in the plan. */
export function count(progress: Progress, survivors: Survivors, kept: Selection): void {
  progress.loaded += survivors.files.live.length
  progress.partition += survivors.dropped.partition
  progress.stats += survivors.dropped.stats
  progress.limit += survivors.selection.length - kept.length
  progress.kept += kept.length
}

/** Counts the files of `batches` from the one at `from` on, which no one loads. */
export function skipBatches(
  { files }: Snapshot,
  batches: Selection,
  from: number,
  progress: Progress,
): void {
  for (const row of batches.subarray(from)) {
    progress.unloadedLimit += files.handles[row]!.fileCount ?? 0
  }
}

/**
 * `fileCount` of a batch that was never loaded is an upper limit. Where the snapshot states its totals, what the limit
 * left unread is taken at its word and the rest went by the summaries.
 */
export function metricsOf({ files, totals }: Snapshot, progress: Progress): ScanMetrics {
  const unloaded = totals
    ? Math.max(0, totals.files - progress.loaded)
    : progress.unloadedPruned + progress.unloadedLimit
  const byLimit =
    progress.batchesPruned === 0 ? unloaded : Math.min(unloaded, progress.unloadedLimit)
  return {
    batchesTotal: files.handles.length,
    batchesPruned: progress.batchesPruned,
    filesTotal: progress.loaded + unloaded,
    filesKept: progress.kept,
    filesPruned: {
      partition: progress.partition + unloaded - byLimit,
      stats: progress.stats,
      limit: progress.limit + byLimit,
    },
  }
}
