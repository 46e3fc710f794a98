import type {
  FieldPath,
  LiveFiles,
  PrunePredicate,
  Selection,
  Snapshot,
  StatsTable,
} from '@spillway/core'
import { fieldsOf } from '../predicates/fields.js'
import { pruneInTurns } from '../prune/prune-in-turns.js'
import { loadInOrder } from './load-in-order.js'
import type { PlannedFiles, ScanOptions } from './scan-options.js'

const DEFAULT_CONCURRENCY = 4

/** A batch and its survivors, with the statistics they survived. */
export interface Survivors extends PlannedFiles {
  readonly statistics: StatsTable
  readonly dropped: { readonly partition: number; readonly stats: number }
}

/** What files are left out by, and what of it is asked of rows. */
export interface Conditions {
  readonly predicate: PrunePredicate
  readonly asked: PrunePredicate
}

/** Batches that are at hand wait for nothing: very many of them would be one piece of work. */
export async function* loadSurvivors(
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
        turn: options.turn,
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
  readonly turn?: ((milliseconds: number) => Promise<void>) | undefined
}

/** Prunes a batch with what is at hand first; more statistics are read only of the predicate's fields and of the rows left. */
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
    return { files, selection: atHand, statistics: batch.stats, dropped: { partition, stats: 0 } }
  }
  const statistics = await batch.readStats(fields, atHand, signal)
  const selection = await pruneInTurns(predicate, statistics, atHand, turn)
  const stats = atHand.length - selection.length
  return { files, selection, statistics, dropped: { partition, stats } }
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
