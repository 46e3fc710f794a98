import { type Selection, throwIfCancelled } from '@spillway/core'
import type { PlannedFiles } from '@spillway/planner'
import type { FittedFile } from './fitted-files.js'
import type { Fitter } from './fitter.js'

export interface AheadOptions {
  readonly fitter: Fitter
  readonly signal?: AbortSignal | undefined
}

/** What one recipient keeps in memory, and how long the others wait for it: a block of lines, 32 KiB or so. */
const FILES_PER_BATCH = 32
/** Enough that all who read footers have work while one batch is signed and sent. */
const BATCHES_AHEAD = 8

/**
 * The planned files a batch at a time, held against what the recipient finds in them. Where footers are read for it, some
 * batches are begun before they are asked for: so many, however large the table is. Who leaves early ends the reads.
 */
export async function* fittedAhead(
  planned: Iterable<PlannedFiles>,
  { fitter, signal }: AheadOptions,
): AsyncGenerator<readonly FittedFile[]> {
  const left = new AbortController()
  const leave = () => left.abort(signal?.reason)
  if (signal?.aborted) leave()
  signal?.addEventListener('abort', leave, { once: true })
  const options = { signal: left.signal }
  const begun: Promise<readonly FittedFile[]>[] = []
  try {
    for (const { batch, rows } of batchesOf(planned)) {
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

function* batchesOf(planned: Iterable<PlannedFiles>): Generator<Rows> {
  for (const batch of planned) {
    const { selection } = batch
    for (let start = 0; start < selection.length; start += FILES_PER_BATCH) {
      yield { batch, rows: selection.subarray(start, start + FILES_PER_BATCH) }
    }
  }
}
