import {
  type DataFile,
  type LiveFiles,
  mapConcurrently,
  readString,
  type Selection,
  type Snapshot,
  type TableRoots,
  throwIfCancelled,
  unionOf,
} from '@spillway/core'
import type { PlannedFiles } from '@spillway/planner'
import { type FittedFile, mayHoldEmptyText, needsShapes } from '../fitting/fitted-files.js'
import type { Fitter } from '../fitting/fitter.js'
import type { ExactRows } from '../recipient/exact-rows.js'
import type { Misfit } from '../recipient/misfit.js'
import { deletedRowsRefusal, foreignRefusal, misfitRefusal } from '../recipient/refusals.js'
import { OutsideFiles, type OutsideFinder } from '../roots/outside-files.js'
import { splitFile } from './exact-files.js'
import { longestVector } from './vector-length.js'
import { fitsInLine } from './vectors.js'
import { hasLogs, unsplit, wayOf } from './ways.js'
import { WideDeletes } from './wide-deletes.js'

export interface EarlyOptions {
  readonly roots: TableRoots
  readonly outside: OutsideFinder
  readonly fitter: Fitter
  readonly signal?: AbortSignal
}

const FILES_AT_ONCE = 1024

const CONCURRENT_LOOKS = 8

/**
 * A file that can only be refused must be, before the first line: the plan is made to its end and kept (columns and
 * selections, no object a file), for the stream that follows. Nothing that lies outside the table is opened.
 */
export async function refuseEarly(
  plan: AsyncIterable<PlannedFiles>,
  exact: ExactRows,
  options: EarlyOptions,
): Promise<readonly PlannedFiles[]> {
  const { fitter } = options
  const mayRefuse = mayRefuseFiles(exact) || looksAtSuspects(exact, fitter)
  const outside = new OutsideFiles(options.roots)
  const wide = new WideDeletes()
  const look: Look = { exact, options, wide, refused: 0, tooLong: 0, misfits: 0, misfit: undefined }
  const kept: PlannedFiles[] = []
  // The next batch of the plan is loaded while this one's files are looked at.
  let looking: Promise<void> = Promise.resolve()
  for await (const planned of plan) {
    throwIfCancelled(options.signal)
    refuseForeign(planned.files, planned.selection, exact.snapshot)
    const isInside = await lookOutside(planned, outside, look)
    await looking
    if (isInside && mayRefuse) {
      looking = lookThrough(planned, look)
      looking.catch(() => undefined)
    }
    kept.push(planned)
  }
  await looking
  outside.refuse()
  const { misfit, misfits } = look
  if (misfit !== undefined) throw misfitRefusal(exact, { files: misfits, misfit })
  if (look.refused > 0) throw deletedRowsRefusal(exact, { files: look.refused })
  if (look.tooLong > 0) throw deletedRowsRefusal(exact, { files: look.tooLong, tooLong: true })
  await wide.check(exact, options.signal)
  return kept
}

/** False where files of the plan that would be handed out lie outside the table: `outside` has them then. */
async function lookOutside(
  planned: PlannedFiles,
  outside: OutsideFiles,
  { exact: { snapshot }, options }: Look,
): Promise<boolean> {
  const rows = await options.outside.find(planned, { ...options, snapshot })
  await outside.addRows(planned.files, rows, options)
  return rows.length === 0
}

/** True where some file of the table may be refused whatever the recipient accepts by itself. */
function mayRefuseFiles(exact: ExactRows): boolean {
  const { snapshot, accepts, resolver } = exact
  if (looksAtAll(exact)) return true
  if (snapshot.mayHoldOtherFormats === true || snapshot.mergedLogs !== undefined) return true
  if (snapshot.files.mayRefuse === true) return true
  if (!snapshot.features.has('deletionVectors')) return false
  if (snapshot.deletes !== 'delta-vectors' || exact.sharedInPart) return true
  return !accepts.features.has('deletionVectors') && resolver?.toCompleteFile === undefined
}

/** Refuses ORC and Avro files by their names, before they are looked at one by one. */
function refuseForeign({ batch }: LiveFiles, rows: Selection, snapshot: Snapshot): void {
  if (snapshot.mayHoldOtherFormats !== true) return
  for (const row of rows) {
    const found = /\.(orc|avro)$/i.exec(readString(batch.path, row))
    if (found !== null) throw foreignRefusal(found[1]!.toLowerCase())
  }
}

interface Look {
  readonly exact: ExactRows
  readonly options: EarlyOptions
  readonly wide: WideDeletes
  /** Files found that can only be refused. */
  refused: number
  tooLong: number
  /** Files that the recipient would misread, and how it would one of them. */
  misfits: number
  misfit: Misfit | undefined
}

/** True where any file may turn out to be one that only rewriting, or nothing, makes readable. */
function looksAtAll(exact: ExactRows): boolean {
  if (!needsShapes(exact)) return false
  const { snapshot, accepts } = exact
  const lookup = accepts.lookup?.(snapshot)
  return readsToRefuse(exact) || (lookup !== undefined && lookup.fromPartitions.size > 0)
}

/** True where a file's own shape may be the reason to refuse it. */
function readsToRefuse({ snapshot, resolver }: ExactRows): boolean {
  return resolver?.toCompleteFile === undefined || snapshot.source.redactDropped === 'refuse'
}

/** True where a file that is misread could only be refused. */
function looksAtSuspects(exact: ExactRows, fitter: Fitter): boolean {
  return fitter.suspectsAny && readsToRefuse(exact)
}

async function lookThrough(planned: PlannedFiles, look: Look): Promise<void> {
  const { exact, options } = look
  const { fitter, signal } = options
  if (looksAtAll(exact)) return lookAtRows(planned, planned.selection, look)
  const misread = looksAtSuspects(exact, fitter) ? await fitter.suspects(planned, signal) : NO_ROWS
  const deleted = await deletedRows(planned, look)
  await lookAtRows(planned, unionOf(deleted, misread), look)
}

const NO_ROWS: Selection = new Uint32Array(0)

/** Rows with deletes that need a closer look; where all of them are refused they are only counted. */
async function deletedRows({ files, selection }: PlannedFiles, look: Look): Promise<Selection> {
  const { exact, options } = look
  if (files.deletedCounts === undefined || !mayRefuseFiles(exact)) return NO_ROWS
  const counts = await files.deletedCounts(selection, options.signal)
  const suspects = selection.filter((_, index) => counts[index] !== 0)
  if (!refusesAll(exact)) return suspects
  look.refused += suspects.length
  return NO_ROWS
}

async function lookAtRows(planned: PlannedFiles, rows: Selection, look: Look): Promise<void> {
  const { exact, options } = look
  const { fitter } = options
  for (let start = 0; start < rows.length; start += FILES_AT_ONCE) {
    throwIfCancelled(options.signal)
    const some = rows.subarray(start, start + FILES_AT_ONCE)
    // Where everything can be rewritten, only what partition values cannot say is refused: that takes no footer.
    const fitted = readsToRefuse(exact)
      ? await fitter.fitPlanned(planned, some, options)
      : fitter.fitByMetadata(await planned.files.files(some, options.signal))
    await mapConcurrently(fitted, CONCURRENT_LOOKS, file => lookAt(file, look))
  }
}

/** Without vectors and staging, every file with deletes is refused: which they are need not be asked. */
function refusesAll({ accepts, resolver }: ExactRows): boolean {
  return !accepts.features.has('deletionVectors') && resolver?.toCompleteFile === undefined
}

async function lookAt(fitted: FittedFile, look: Look): Promise<void> {
  if (fitted.isEmpty) return
  const { exact } = look
  const { file } = fitted
  const way = wayOf(fitted, exact)
  const misfit = fitted.misfit ?? unsplit(fitted, exact)
  if (misfit !== undefined && (way === 'refused' || fitted.misfit === undefined)) {
    look.misfits++
    look.misfit ??= misfit
    return
  }
  // The resolver keeps the parts for the stream.
  if (mayHoldEmptyText(fitted)) await splitFile(fitted, exact, look.options.signal)
  if (way === 'refused') look.refused++
  else if (way !== 'itself') look.wide.add(file)
  if (way === 'vector') await lookAtVector(file, look)
  if (hasLogs(file) && (way === 'split' || way === 'rewritten')) await lookAtLogs(file, look)
}

/** What the metadata does not prove short enough is resolved now: the resolver keeps it for the stream. */
async function lookAtVector(file: DataFile, look: Look): Promise<void> {
  const { exact, options } = look
  if (exact.resolver?.toVectorFile !== undefined) return
  if (longestVector(file) <= exact.accepts.inlineVectorBytes) return
  const vector = await exact.resolver!.toDeletionVector(exact.snapshot, file, options.signal)
  if (!fitsInLine(vector, exact)) look.tooLong++
}

/** Refuses logs whose headers tell that they cannot be merged, and changed rows that there is nowhere to write to. */
async function lookAtLogs(file: DataFile, look: Look): Promise<void> {
  const { exact, options } = look
  const { snapshot, resolver } = exact
  const summary = await snapshot.inspectLogs?.(file, options.signal)
  if (resolver?.toCompleteFile !== undefined) return
  // Once the answer is known to be a refusal, the rest is only counted.
  if (summary?.mayAddRows !== false && look.refused > 0) {
    look.refused++
    return
  }
  const slice = await resolver!.splitSlice(snapshot, file, options.signal)
  if (slice === undefined) look.refused++
  else if (!fitsInLine(slice.base?.vector, exact)) look.tooLong++
}
