import {
  type PrunePredicate,
  type Selection,
  type Snapshot,
  selectAll,
  TableError,
} from '@spillway/core'
import { timed } from '../prune/prune-in-turns.js'
import { type LimitCounter, limitCounter } from './limit.js'
import { type PageMark, pageCollector } from './page.js'
import { pruneBatches } from './prune-batches.js'
import type { PlannedFiles, ScanMetrics, ScanOptions } from './scan-options.js'
import { count, metricsOf, noProgress, type Progress, skipBatches } from './scan-progress.js'
import { type Conditions, loadSurvivors, type Survivors } from './survivors.js'

/** One run through a snapshot's files: what survives, and a count of what did not. */
export interface Scan {
  files(): AsyncIterable<PlannedFiles>
  metrics(): ScanMetrics
  nextPage(): PageMark | undefined
}

/** A run through the files of `snapshot`, not yet begun. */
export function scan(snapshot: Snapshot, conditions: Conditions, options: ScanOptions): Scan {
  checkOptions(options)
  const progress = noProgress()
  const { page } = options
  return {
    files: () =>
      page === undefined
        ? streamed(snapshot, conditions, options, progress)
        : paged(snapshot, conditions, { ...options, page }, progress),
    metrics: () => metricsOf(snapshot, progress),
    nextPage: () => progress.nextPage,
  }
}

async function* streamed(
  snapshot: Snapshot,
  conditions: Conditions,
  options: ScanOptions,
  progress: Progress,
): AsyncGenerator<PlannedFiles> {
  const { predicate } = conditions
  const counter = options.limit === undefined ? undefined : limitCounter(predicate, options.limit)
  if (counter?.reached) {
    skipBatches(snapshot, allBatches(snapshot), 0, progress)
    return
  }
  const batches = await survivingBatches(snapshot, predicate, options, progress)
  let position = 0
  for await (const survivors of loadSurvivors(snapshot, batches, conditions, options)) {
    position++
    const selection = await take(counter, survivors, options.signal)
    count(progress, survivors, selection)
    if (selection.length > 0) yield { files: survivors.files, selection }
    if (counter?.reached) break
  }
  skipBatches(snapshot, batches, position, progress)
}

/** Every survivor must be seen before the smallest keys are known. */
async function* paged(
  snapshot: Snapshot,
  conditions: Conditions,
  options: ScanOptions & { readonly page: NonNullable<ScanOptions['page']> },
  progress: Progress,
): AsyncGenerator<PlannedFiles> {
  const collector = pageCollector(options.page.maxFiles, options.page.after)
  const batches = await survivingBatches(snapshot, conditions.predicate, options, progress)
  for await (const survivors of loadSurvivors(snapshot, batches, conditions, options)) {
    count(progress, survivors, survivors.selection)
    await collector.add(survivors.files, survivors.selection, options.turn)
  }
  const page = await collector.finish(options.turn)
  progress.nextPage = page.next
  progress.kept = page.batches.reduce((sum, { selection }) => sum + selection.length, 0)
  yield* page.batches
}

/** Batches looked at between two turns of others: about a millisecond. */
const BATCHES_AT_ONCE = 32_768

async function survivingBatches(
  { files }: Snapshot,
  predicate: PrunePredicate,
  options: ScanOptions,
  progress: Progress,
): Promise<Selection> {
  const { handles } = files
  const { kept } = await pruneBatches(files, predicate, options)
  progress.batchesPruned = handles.length - kept.length
  if (progress.batchesPruned === 0) return kept
  // Those that survive are in order: each is passed where it stands among all.
  let next = 0
  const countPruned = (start: number) => {
    const end = Math.min(start + BATCHES_AT_ONCE, handles.length)
    for (let row = start; row < end; row++) {
      if (kept[next] === row) next++
      else progress.unloadedPruned += handles[row]!.fileCount ?? 0
    }
  }
  for (let start = 0; start < handles.length; start += BATCHES_AT_ONCE) {
    if (options.turn === undefined) countPruned(start)
    else await timed(() => countPruned(start), options.turn, handles.length)
  }
  return kept
}

async function take(
  counter: LimitCounter | undefined,
  { files, statistics, selection }: Survivors,
  signal: AbortSignal | undefined,
): Promise<Selection> {
  return counter === undefined ? selection : counter.take(files, statistics, selection, signal)
}

function allBatches({ files }: Snapshot): Selection {
  return selectAll(files.handles.length)
}

function checkOptions({ limit, page }: ScanOptions): void {
  if (limit !== undefined && !(limit >= 0)) {
    throw new TableError('INVALID_REQUEST', `limit must be 0 or more, found ${limit}`)
  }
  if (page !== undefined && !(Number.isInteger(page.maxFiles) && page.maxFiles > 0)) {
    throw new TableError('INVALID_REQUEST', `maxFiles must be 1 or more, found ${page.maxFiles}`)
  }
}
