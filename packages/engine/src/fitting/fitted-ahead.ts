import { type Selection, throwIfCancelled } from '@spillway/core'
import type { PlannedFiles } from '@spillway/planner'
import type { FittedFile } from './fitted-files.js'
import type { Fitter } from './fitter.js'

export interface AheadOptions {
  readonly fitter: Fitter
  /** Asked before each batch: true where files as those before need nothing but a URL, so that many are ready at once. */
  readonly isQuick?: () => boolean
  readonly signal?: AbortSignal | undefined
}

/** What one recipient keeps in memory, and how long the others wait for it: a block of lines, 32 KiB or so. */
const FILES_PER_BATCH = 32
/** Four blocks and a millisecond: what a batch costs besides its files is a tenth of all for small ones. */
const QUICK_FILES_PER_BATCH = 128
/** Enough that all who read footers have work while one batch is signed and sent. */
const BATCHES_AHEAD = 8

/**
 * The planned files a batch at a time, held against what the recipient finds in them. Where footers are read for it, some
 * batches are begun before they are asked for: so many, however large the table is. Who leaves early ends the reads. `planned` is
 * emptied on the way: what its batches decode for an answer, such as statistics of a part of a log, goes when they are sent.
 */
export async function* fittedAhead(
  planned: PlannedFiles[],
  { fitter, isQuick, signal }: AheadOptions,
): AsyncGenerator<readonly FittedFile[]> {
  const left = new AbortController()
  const leave = () => left.abort(signal?.reason)
  if (signal?.aborted) leave()
  signal?.addEventListener('abort', leave, { once: true })
  const options = { signal: left.signal }
  const begun: Promise<readonly FittedFile[]>[] = []
  const size = () => (isQuick?.() && !fitter.waits ? QUICK_FILES_PER_BATCH : FILES_PER_BATCH)
  try {
    for (const { batch, rows } of batchesOf(planned, size)) {
      throwIfCancelled(signal)
      const fitted = fitter.fitPlanned(batch, rows, options)
      // Whoever comes to it hears of its failure.
      fitted.catch(() => undefined)
      begun.push(fitted)
      if (begun.length >= (fitter.waits ? BATCHES_AHEAD : 1)) yield await begun.shift()!
    }
    for (const fitted of begun) yield await fitted
  } finally {
    signal?.removeEventListener('abort', leave)
    left.abort()
  }
}

interface Rows {
  readonly batch: PlannedFiles
  readonly rows: Selection
}

function* batchesOf(planned: PlannedFiles[], size: () => number): Generator<Rows> {
  planned.reverse()
  for (let batch = planned.pop(); batch !== undefined; batch = planned.pop()) {
    const { selection } = batch
    for (let start = 0, end = 0; start < selection.length; start = end) {
      end = Math.min(start + size(), selection.length)
      yield { batch, rows: selection.subarray(start, end) }
    }
  }
}
