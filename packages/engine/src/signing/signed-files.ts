import {
  type Accepts,
  and,
  type DataFile,
  mapConcurrently,
  type Predicate,
  type Snapshot,
  throwIfCancelled,
} from '@spillway/core'
import { planScan, type ScanOptions, type ScanPlan } from '@spillway/planner'
import type { Metrics } from '../calls/metrics.js'
import { type ExactFile, listed, makeExact } from '../exact/exact-files.js'
import { Listings } from '../exact/listings.js'
import { preflight } from '../exact/preflight.js'
import { fittedAhead } from '../fitting/fitted-ahead.js'
import type { FittedFile } from '../fitting/fitted-files.js'
import { Fitter } from '../fitting/fitter.js'
import { grantedRows } from '../grants/granted-rows.js'
import type { ExactRows } from '../recipient/exact-rows.js'
import { refuseTable } from '../recipient/table-wide.js'
import {
  type BatchContext,
  canView,
  type SignedFile,
  type SigningContext,
  signExact,
  signingWaits,
} from './sign-exact.js'
import { plainBatches, signPlain } from './sign-plain.js'

export interface SignedFilesOptions extends ScanOptions {
  readonly accepts: Accepts
  /** The partitions that may be handed out at all, whatever the predicate asks for. */
  readonly grant?: Predicate | undefined
  readonly expiresInSeconds?: number
  /** See `SigningOptions`. */
  readonly audience?: string | undefined
}

/** Survivors with their URLs, a batch at a time. Everything that can be refused is, before the first batch. */
export interface SignedFiles extends AsyncIterable<readonly SignedFile[]> {
  /** Its metrics are complete once iteration ends. */
  readonly plan: ScanPlan
  /** The earliest expiry of any URL so far. */
  readonly expiresAt: number | undefined
}

const CONCURRENT_REWRITES = 4

export function signFiles(
  snapshot: Snapshot,
  options: SignedFilesOptions,
  context: SigningContext,
): SignedFiles {
  const { accepts, signal, grant } = options
  const scan = grantedScan(options, snapshot)
  // Files without rows break the official client in delta format where there is no other file. Where footers are read,
  // they say which: a manifest may count none by mistake.
  const plan = planScan(snapshot, { ...scan, omitEmpty: snapshot.shapesFrom !== 'footers' })
  const { resolver, store, shapes, roots, outside } = context
  const exact = {
    snapshot,
    accepts,
    resolver,
    store,
    shapes,
    canView: canView(context),
    sharedInPart: grant !== undefined,
  }
  let expiresAt: number | undefined

  async function* batches() {
    const listings = new Listings(options.page?.after)
    refuseTable(exact, { partly: grant !== undefined })
    const fitter = new Fitter(exact)
    const early = { roots, outside, fitter, signal }
    const planned = await preflight(plan, exact, early)
    const waits = signingWaits(signal)
    const isPlain = plainBatches(exact)
    // The first batch is small, and what has to be rewritten is sent as it becomes ready.
    let wasPlain = false
    const signing = { ...context, listings, waits, signal }
    try {
      for await (const fitted of fittedAhead(planned, { ...early, isQuick: () => wasPlain })) {
        throwIfCancelled(signal)
        if (fitted.length === 0) continue
        wasPlain = isPlain(fitted)
        const signed = await signBatch(fitted, exact, { ...signing, isPlain: wasPlain })
        for (const file of signed) expiresAt = Math.min(expiresAt ?? file.expiresAt, file.expiresAt)
        // Of files whose every row is deleted nothing is left to send.
        if (signed.length > 0) yield signed
      }
    } finally {
      waits.end()
    }
  }

  return {
    plan,
    get expiresAt() {
      return expiresAt
    },
    [Symbol.asyncIterator]: batches,
  }
}

/**
 * What is not granted is not read either: the grant prunes like a predicate, and then filters exactly, before limits and
 * pages are counted. What follows sees a table of the granted files alone.
 */
function grantedScan(options: SignedFilesOptions, snapshot: Snapshot): ScanOptions {
  const { grant, predicate } = options
  if (grant === undefined) return options
  const rows = grantedRows(grant, snapshot)
  return {
    ...options,
    predicate: predicate === undefined ? grant : and(predicate, grant),
    // Statistics that a table of its own would not be asked for tell of rows: a limit would be held by other files.
    asked: predicate ?? { kind: 'alwaysTrue' },
    keep: (files, some, signal) => rows.of(files, some, signal),
  }
}

async function signBatch(
  fitted: readonly FittedFile[],
  exact: ExactRows,
  context: BatchContext & {
    readonly listings: Listings
    readonly isPlain: boolean
  },
): Promise<readonly SignedFile[]> {
  const files = fitted.map(({ file }) => file)
  const numbers = listingsOf(files, exact, context.listings)
  // Those that are no listing again are no two of one path.
  const isListedOnce = numbers.every(number => number === undefined)
  if (isListedOnce && context.isPlain) return signPlain(files, context)
  const exactFiles = await mapConcurrently(fitted, CONCURRENT_REWRITES, async (file, i) =>
    listed(await makeExact(file, exact, context.signal), numbers[i]),
  )
  countKinds(files, exactFiles, context.metrics)
  return signExact(exactFiles.flat(), context)
}

/** Numbers of files that a table lists again; none where it lists each once. */
function listingsOf(
  files: readonly DataFile[],
  { snapshot }: ExactRows,
  listings: Listings,
): readonly (number | undefined)[] {
  return snapshot.mayRepeatFiles === true ? files.map(file => listings.next(file)) : []
}

function countKinds(
  files: readonly DataFile[],
  exactFiles: readonly (readonly ExactFile[])[],
  metrics: Metrics,
): void {
  let rewritten = 0
  let vectors = 0
  for (const [index, sent] of exactFiles.entries()) {
    for (const { file, vector } of sent) {
      if (file.path !== files[index]!.path) rewritten++
      if (vector !== undefined) vectors++
    }
  }
  if (rewritten > 0) metrics.count('files.rewritten', rewritten)
  if (vectors > 0) metrics.count('files.vectors', vectors)
}
