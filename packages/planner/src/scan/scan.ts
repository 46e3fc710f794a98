import {
  type FieldPath,
  type LiveFiles,
  type PrunePredicate,
  type Selection,
  type Snapshot,
  type StatsTable,
  selectAll,
  TableError,
} from '@spillway/core'
import type { PlannedFiles, ScanMetrics, ScanOptions } from '../plan.js'
import { fieldsOf } from '../predicates/fields.js'
import { pruneInTurns, timed } from '../prune/prune-in-turns.js'
import { type LimitCounter, limitCounter } from './limit.js'
import { loadInOrder } from './load-in-order.js'
import { type PageMark, pageCollector } from './page.js'
import { pruneBatches } from './prune-batches.js'

const DEFAULT_CONCURRENCY = 4

/** One run through a snapshot's files: what survives, and a count of what did not. */
export interface Scan {
  files(): AsyncIterable<PlannedFiles>
  metrics(): ScanMetrics
  nextPage(): PageMark | undefined
}

/** Counters of one run; the only state that grows while it is iterated. */
interface Progress {
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

/** A batch and its survivors, with the evidence they survived. */
interface Survivors extends PlannedFiles {
  readonly evidence: StatsTable
  readonly dropped: { readonly partition: number; readonly stats: number }
}

/** What files are left out by, and what of it is asked of rows. */
interface Conditions {
  readonly predicate: PrunePredicate
  readonly asked: PrunePredicate
}

export function scan(snapshot: Snapshot, conditions: Conditions, options: ScanOptions): Scan {
  checkOptions(options)
  const progress: Progress = {
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

/** Batches that are at hand wait for nothing: very many of them would be one piece of work. */
async function* loadSurvivors(
  ...[snapshot, batches, conditions, options]: Parameters<typeof loadAll>
): AsyncGenerator<Survivors> {
  const { turn } = options
  let last = performance.now()
  for await (const survivors of loadAll(snapshot, batches, conditions, options)) {
    yield survivors
    if (turn === undefined || performance.now() - last < TURN_MS) continue
    // What pruning takes is told where it is done; most of the rest may have been a wait.
    await turn(0)
    last = performance.now()
  }
}

const TURN_MS = 10

function loadAll(
  { files }: Snapshot,
  batches: Selection,
  { predicate, asked }: Conditions,
  options: ScanOptions,
): AsyncGenerator<Survivors> {
  const fields = fieldsOf(asked)
  return loadInOrder(
    batches,
    async (row, signal) => {
      const loaded = await files.handles[row]!.load(signal)
      await refuseUnreadable(loaded, options, signal)
      const survivors = await pruneBatch(loaded, predicate, {
        fields,
        signal,
        omitEmpty: asksOfRows(asked, options),
        ...(options.turn && { turn: options.turn }),
      })
      return keepOf(survivors, options, signal)
    },
    { concurrency: options.concurrency ?? DEFAULT_CONCURRENCY, signal: options.signal },
  )
}

/** What is not in the plan at all is refused as little as it is told about. */
async function refuseUnreadable(
  files: LiveFiles,
  { keep }: ScanOptions,
  signal: AbortSignal,
): Promise<void> {
  const { unreadable } = files
  if (unreadable === undefined) return
  const { rows, refusal } = unreadable
  const [first] = keep === undefined ? rows : await keep(files, rows, signal)
  if (first !== undefined) throw refusal(first)
}

interface BatchPruning {
  readonly fields: readonly FieldPath[]
  readonly signal: AbortSignal
  readonly omitEmpty: boolean
  readonly turn?: (milliseconds: number) => Promise<void>
}

/** With what is at hand first; more statistics are read only of the predicate's fields and of the rows left. */
async function pruneBatch(
  files: LiveFiles,
  predicate: PrunePredicate,
  { fields, signal, omitEmpty, turn }: BatchPruning,
): Promise<Survivors> {
  const { batch, live } = files
  const survivors = await pruneInTurns(predicate, batch.stats, live, turn)
  const atHand = omitEmpty ? withoutEmpty(batch.stats, survivors) : survivors
  const partition = live.length - atHand.length
  if (atHand.length === 0 || fields.length === 0) {
    return { files, selection: atHand, evidence: batch.stats, dropped: { partition, stats: 0 } }
  }
  const evidence = await batch.readStats(fields, atHand, signal)
  const selection = await pruneInTurns(predicate, evidence, atHand, turn)
  const stats = atHand.length - selection.length
  return { files, selection, evidence, dropped: { partition, stats } }
}

async function keepOf(
  survivors: Survivors,
  { keep }: ScanOptions,
  signal: AbortSignal,
): Promise<Survivors> {
  const { files, selection, dropped } = survivors
  if (keep === undefined || selection.length === 0) return survivors
  const kept = await keep(files, selection, signal)
  const partition = dropped.partition + selection.length - kept.length
  return { ...survivors, selection: kept, dropped: { ...dropped, partition } }
}

/** A file without rows holds no match. */
function asksOfRows({ kind }: PrunePredicate, { omitEmpty = false }: ScanOptions): boolean {
  return omitEmpty || (kind !== 'alwaysTrue' && kind !== 'unknown')
}

function withoutEmpty({ recordCount }: StatsTable, rows: Selection): Selection {
  let empty = 0
  for (let i = 0; i < rows.length; i++) if (recordCount[rows[i]!] === 0) empty++
  return empty === 0 ? rows : rows.filter(row => recordCount[row] !== 0)
}

async function take(
  counter: LimitCounter | undefined,
  { files, evidence, selection }: Survivors,
  signal: AbortSignal | undefined,
): Promise<Selection> {
  return counter === undefined ? selection : counter.take(files, evidence, selection, signal)
}

function count(progress: Progress, survivors: Survivors, kept: Selection): void {
  progress.loaded += survivors.files.live.length
  progress.partition += survivors.dropped.partition
  progress.stats += survivors.dropped.stats
  progress.limit += survivors.selection.length - kept.length
  progress.kept += kept.length
}

function allBatches({ files }: Snapshot): Selection {
  return selectAll(files.handles.length)
}

function skipBatches(
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
function metricsOf({ files, totals }: Snapshot, progress: Progress): ScanMetrics {
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

function checkOptions({ limit, page }: ScanOptions): void {
  if (limit !== undefined && !(limit >= 0)) {
    throw new TableError('INVALID_REQUEST', `limit must be 0 or more, found ${limit}`)
  }
  if (page !== undefined && !(Number.isInteger(page.maxFiles) && page.maxFiles > 0)) {
    throw new TableError('INVALID_REQUEST', `maxFiles must be 1 or more, found ${page.maxFiles}`)
  }
}
