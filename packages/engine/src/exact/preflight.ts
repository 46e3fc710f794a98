import {
  type DataFile,
  mapConcurrently,
  type RowResolver,
  type Selection,
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
import { deliveryOf, hasLogs, unsplit } from './delivery.js'
import { splitFile } from './exact-files.js'
import { longestVector } from './vector-length.js'
import { fitsInLine } from './vectors.js'
import { WideDeletes } from './wide-deletes.js'

export interface PreflightOptions {
  readonly roots: TableRoots
  readonly outside: OutsideFinder
  readonly fitter: Fitter
  readonly signal?: AbortSignal | undefined
}

const FILES_AT_ONCE = 1024

const CONCURRENT_CHECKS = 8

/**
 * A file that can only be refused must be, before the first line: the plan is made to its end and kept (columns and
 * selections, no object a file), for the stream that follows. Nothing that lies outside the table is opened.
 */
export async function preflight(
  plan: AsyncIterable<PlannedFiles>,
  exact: ExactRows,
  options: PreflightOptions,
): Promise<PlannedFiles[]> {
  const { fitter } = options
  const checks = checksSuspects(exact, fitter) || fitter.refusesSome
  const mayRefuse = mayRefuseFiles(exact, fitter) || checks
  const outside = new OutsideFiles(options.roots)
  const wide = new WideDeletes()
  const found: Preflight = {
    exact,
    options,
    wide,
    refused: 0,
    tooLong: 0,
    misfits: 0,
    misfit: undefined,
  }
  const kept: PlannedFiles[] = []
  // The next batch of the plan is loaded while this one's files are looked at.
  let checking: Promise<void> = Promise.resolve()
  for await (const planned of plan) {
    throwIfCancelled(options.signal)
    refuseForeign(planned)
    const isInside = await findOutside(planned, outside, found)
    await checking
    if (isInside && mayRefuse) {
      checking = checkBatch(planned, found)
      checking.catch(() => undefined)
    }
    kept.push(planned)
  }
  await checking
  outside.refuse()
  const { misfit, misfits } = found
  if (misfit !== undefined) throw misfitRefusal(exact, { files: misfits, misfit })
  if (found.refused > 0) throw deletedRowsRefusal(exact, { files: found.refused })
  if (found.tooLong > 0) throw deletedRowsRefusal(exact, { files: found.tooLong, tooLong: true })
  await wide.check(exact, options.signal)
  return kept
}

/** False where files of the plan that would be handed out lie outside the table: `outside` has them then. */
async function findOutside(
  planned: PlannedFiles,
  outside: OutsideFiles,
  { exact: { snapshot }, options }: Preflight,
): Promise<boolean> {
  const rows = await options.outside.find(planned, { ...options, snapshot })
  await outside.addRows(planned.files, rows, options)
  return rows.length === 0
}

/** True where some file of the table may be refused whatever the recipient accepts by itself. */
function mayRefuseFiles(exact: ExactRows, fitter: Fitter): boolean {
  const { snapshot, accepts, resolver } = exact
  if (checksAll(exact, fitter)) return true
  if (snapshot.mergedLogs !== undefined) return true
  if (snapshot.files.mayRefuse === true) return true
  if (!snapshot.features.has('deletionVectors')) return false
  if (snapshot.deletes !== 'delta-vectors' || exact.sharedInPart) return true
  return !accepts.features.has('deletionVectors') && resolver?.toCompleteFile === undefined
}

/** Refuses files of other formats, before any is looked at by itself. */
function refuseForeign({ files, selection }: PlannedFiles): void {
  const found = files.otherFormat?.(selection)
  if (found !== undefined) throw foreignRefusal(found)
}

interface Preflight {
  readonly exact: ExactRows
  readonly options: PreflightOptions
  readonly wide: WideDeletes
  /** Files found that can only be refused. */
  refused: number
  tooLong: number
  /** Files that the recipient would misread, and how it would one of them. */
  misfits: number
  misfit: Misfit | undefined
}

/** True where any file may turn out to be one that only rewriting, or nothing, makes readable. */
function checksAll(exact: ExactRows, fitter: Fitter): boolean {
  if (!needsShapes(exact)) return false
  const { snapshot, accepts } = exact
  const lookup = accepts.lookup?.(snapshot)
  return readsToRefuse(exact, fitter) || (lookup !== undefined && lookup.fromPartitions.size > 0)
}

/** True where a file's own shape, or what it holds, may be the reason to refuse it. */
function readsToRefuse(exact: ExactRows, { refusesSome }: Fitter): boolean {
  return refusesSome || refusesMisread(exact)
}

function refusesMisread({ snapshot, resolver }: ExactRows): boolean {
  return resolver?.toCompleteFile === undefined || snapshot.source.redactDropped === 'refuse'
}

/** True where a file that is misread could only be refused. */
function checksSuspects(exact: ExactRows, fitter: Fitter): boolean {
  return fitter.suspectsAny && refusesMisread(exact)
}

async function checkBatch(planned: PlannedFiles, found: Preflight): Promise<void> {
  const { exact, options } = found
  const { fitter, signal } = options
  if (checksAll(exact, fitter)) return checkRows(planned, planned.selection, found)
  const misread = checksSuspects(exact, fitter)
    ? await fitter.suspects(planned, signal)
    : fitter.refusable(planned)
  const deleted = await deletedRows(planned, found)
  await checkRows(planned, unionOf(deleted, misread), found)
}

const NO_ROWS: Selection = new Uint32Array(0)

/** Rows with deletes that need a closer look; where all of them are refused they are only counted. */
async function deletedRows(
  { files, selection }: PlannedFiles,
  found: Preflight,
): Promise<Selection> {
  const { exact, options } = found
  if (files.deletedCounts === undefined || !mayRefuseFiles(exact, options.fitter)) return NO_ROWS
  const counts = await files.deletedCounts(selection, options.signal)
  const suspects = selection.filter((_, index) => counts[index] !== 0)
  if (!refusesAll(exact)) return suspects
  found.refused += suspects.length
  return NO_ROWS
}

async function checkRows(planned: PlannedFiles, rows: Selection, found: Preflight): Promise<void> {
  const { exact, options } = found
  const { fitter } = options
  for (let start = 0; start < rows.length; start += FILES_AT_ONCE) {
    throwIfCancelled(options.signal)
    const some = rows.subarray(start, start + FILES_AT_ONCE)
    // Where everything can be rewritten, only what partition values cannot say is refused: that takes no footer.
    const fitted = readsToRefuse(exact, fitter)
      ? await fitter.fitPlanned(planned, some, options)
      : fitter.fitByMetadata(await planned.files.files(some, options.signal))
    await mapConcurrently(fitted, CONCURRENT_CHECKS, file => checkFile(file, found))
  }
}

/** Without vectors and staging, every file with deletes is refused: which they are need not be asked. */
function refusesAll({ accepts, resolver }: ExactRows): boolean {
  return !accepts.features.has('deletionVectors') && resolver?.toCompleteFile === undefined
}

async function checkFile(fitted: FittedFile, found: Preflight): Promise<void> {
  if (fitted.isEmpty) return
  const { exact } = found
  const { file } = fitted
  const delivery = deliveryOf(fitted, exact)
  const misfit = fitted.misfit ?? unsplit(fitted, exact)
  if (misfit !== undefined && (delivery.kind === 'refused' || fitted.misfit === undefined)) {
    found.misfits++
    found.misfit ??= misfit
    return
  }
  // The resolver keeps the parts for the stream.
  if (mayHoldEmptyText(fitted)) await splitFile(fitted, exact, found.options.signal)
  if (delivery.kind === 'refused') found.refused++
  else if (delivery.kind !== 'itself') found.wide.add(file)
  if (delivery.kind === 'vector') await checkVector(file, delivery.resolver, found)
  if (hasLogs(file) && (delivery.kind === 'split' || delivery.kind === 'rewritten')) {
    await checkLogs(file, delivery.resolver, found)
  }
}

/** What the metadata does not prove short enough is resolved now: the resolver keeps it for the stream. */
async function checkVector(file: DataFile, resolver: RowResolver, found: Preflight): Promise<void> {
  const { exact, options } = found
  if (resolver.toVectorFile !== undefined) return
  if (longestVector(file) <= exact.accepts.inlineVectorBytes) return
  const vector = await resolver.toDeletionVector(exact.snapshot, file, options.signal)
  if (!fitsInLine(vector, exact)) found.tooLong++
}

/** Refuses logs whose headers tell that they cannot be merged, and changed rows that there is nowhere to write to. */
async function checkLogs(file: DataFile, resolver: RowResolver, found: Preflight): Promise<void> {
  const { exact, options } = found
  const { snapshot } = exact
  const summary = await snapshot.inspectLogs?.(file, options.signal)
  if (resolver.toCompleteFile !== undefined) return
  // Once the answer is known to be a refusal, the rest is only counted.
  if (summary?.mayAddRows !== false && found.refused > 0) {
    found.refused++
    return
  }
  const slice = await resolver.splitSlice(snapshot, file, options.signal)
  if (slice === undefined) found.refused++
  else if (!fitsInLine(slice.base?.vector, exact)) found.tooLong++
}
