import {
  type Accepts,
  and,
  type DataFile,
  type DeletionVector,
  type FileShapes,
  mapConcurrently,
  type ObjectStore,
  type Predicate,
  type RowResolver,
  type SigningOptions,
  type Snapshot,
  storedBitmap,
  type TableRoots,
  throwIfCancelled,
  type UrlSigner,
} from '@spillway/core'
import { planScan, type ScanOptions, type ScanPlan } from '@spillway/planner'
import { type ExactFile, type ExactRows, listed, makeExact } from './exact-files.js'
import { fittedAhead } from './fitted-ahead.js'
import type { FittedFile } from './fitted-files.js'
import { Fitter } from './fitter.js'
import { grantedRows } from './granted-rows.js'
import { Listings } from './listings.js'
import type { Metrics } from './metrics.js'
import type { OutsideFinder } from './outside-files.js'
import { refuseEarly } from './refuse-early.js'
import { refuseTable } from './table-wide.js'

/** A vector that travels beside its file: inside the line when it has no URL. */
export interface SignedVector {
  readonly vector: DeletionVector
  readonly url?: string
}

export interface SignedFile {
  readonly file: DataFile
  readonly url: string
  readonly vector?: SignedVector
  /** Epoch milliseconds; of its two URLs the earlier. */
  readonly expiresAt: number
  /** Of a file that the table lists more than once: which of its listings this is, from 2; absent for the first. */
  readonly listing?: number
}

export interface SignedFilesOptions extends ScanOptions {
  readonly accepts: Accepts
  /** The partitions that may be handed out at all, whatever the predicate asks for. */
  readonly grant?: Predicate
  readonly expiresInSeconds?: number
  /** See `SigningOptions`. */
  readonly audience?: string
}

/** Survivors with their URLs, a batch at a time. Everything that can be refused is, before the first batch. */
export interface SignedFiles extends AsyncIterable<readonly SignedFile[]> {
  /** Its metrics are complete once iteration ends. */
  readonly plan: ScanPlan
  /** The earliest expiry of any URL so far. */
  readonly expiresAt: number | undefined
}

export interface SigningContext {
  readonly resolver?: RowResolver
  readonly store?: ObjectStore
  readonly shapes?: FileShapes
  readonly signerFor: (path: string) => UrlSigner
  readonly roots: TableRoots
  /** Where files that were written for a table may lie. */
  readonly staging: readonly TableRoots[]
  readonly outside: OutsideFinder
  readonly metrics: Metrics
  readonly clock: () => number
  readonly expiresInSeconds: number
  readonly audience?: string
}

export type BatchContext = SigningContext & { readonly signal?: AbortSignal }

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
    ...(resolver && { resolver }),
    ...(store && { store }),
    ...(shapes && { shapes }),
    canView: canView(context),
    sharedInPart: grant !== undefined,
  }
  let expiresAt: number | undefined

  async function* batches() {
    const listings = new Listings(options.page?.after)
    refuseTable(exact, { partly: grant !== undefined })
    const fitter = new Fitter(exact)
    const look = {
      roots,
      outside,
      fitter,
      ...(signal && { signal }),
    }
    const planned = await refuseEarly(plan, exact, look)
    for await (const fitted of fittedAhead(planned, look)) {
      throwIfCancelled(signal)
      if (fitted.length === 0) continue
      const signed = await signBatch(fitted, exact, {
        ...context,
        listings,
        ...(signal && { signal }),
      })
      for (const file of signed) expiresAt = Math.min(expiresAt ?? file.expiresAt, file.expiresAt)
      // Of files whose every row is deleted nothing is left to send.
      if (signed.length > 0) yield signed
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

/** Asked of whoever signs a path: an object store serves its objects as they are. */
export function canView({
  signerFor,
}: Pick<SigningContext, 'signerFor'>): (path: string) => boolean {
  return path => signerFor(path).signViews !== undefined
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
  { listings, ...context }: BatchContext & { readonly listings: Listings },
): Promise<readonly SignedFile[]> {
  const files = fitted.map(({ file }) => file)
  const numbers = listingsOf(files, exact, listings)
  const exactFiles = await mapConcurrently(fitted, CONCURRENT_REWRITES, async (file, i) =>
    listed(await makeExact(file, exact, context.signal), numbers[i]),
  )
  countKinds(files, exactFiles, context.metrics)
  return signExact(exactFiles.flat(), context)
}

/** Only Iceberg's manifests can list a file twice: logs, folders and timelines know a file by its path. */
function listingsOf(
  files: readonly DataFile[],
  { snapshot }: ExactRows,
  listings: Listings,
): readonly (number | undefined)[] {
  return snapshot.format === 'iceberg' ? files.map(file => listings.next(file)) : []
}

/** URLs for files that are already what the recipient will be told they are. */
export async function signExact(
  exactFiles: readonly ExactFile[],
  context: BatchContext,
): Promise<readonly SignedFile[]> {
  const own: string[] = []
  const staged: string[] = []
  for (const { file, vector, view, written } of exactFiles) {
    if (view === undefined) (written?.includes(file.path) ? staged : own).push(file.path)
    const stored = vector && storedBitmap(vector)
    if (stored === undefined) continue
    const list = written?.includes(stored.path) ? staged : own
    list.push(stored.path)
  }
  const signed = new Map<string, SignedPath>()
  await signPaths(own, [context.roots], { ...context, signed })
  // Who writes beside the table needs no staging.
  await signPaths(staged, [context.roots, ...context.staging], { ...context, signed })
  context.metrics.count('files.signed', signed.size)
  const views = await signViews(exactFiles, context)
  return exactFiles.map(exact => {
    const { listing, file } = exact
    const own = views.get(exact) ?? signed.get(file.path)!
    return { ...toSigned(exact, own, signed), ...(listing !== undefined && { listing }) }
  })
}

/** URLs of the files that are served under other footers. */
async function signViews(
  exactFiles: readonly ExactFile[],
  context: BatchContext,
): Promise<ReadonlyMap<ExactFile, SignedPath>> {
  const { roots, signerFor } = context
  const signed = new Map<ExactFile, SignedPath>()
  for (const exact of exactFiles) {
    const { file, view } = exact
    if (view === undefined) continue
    roots.check(file.path)
    const { urls, expiresAt } = await signerFor(file.path).signViews!(
      [{ path: file.path, edits: view }],
      { ...signingOptions(context), within: roots.folders },
    )
    signed.set(exact, { url: urls[0]!, expiresAt })
  }
  return signed
}

function signingOptions({
  expiresInSeconds,
  clock,
  audience,
  signal,
}: BatchContext): SigningOptions {
  return {
    expiresInSeconds,
    now: clock(),
    ...(audience !== undefined && { audience }),
    ...(signal && { signal }),
  }
}

interface SignedPath {
  readonly url: string
  readonly expiresAt: number
}

function toSigned(
  { file, vector }: ExactFile,
  { url, expiresAt }: SignedPath,
  signed: ReadonlyMap<string, SignedPath>,
): SignedFile {
  if (vector === undefined) return { file, url, expiresAt }
  const stored = storedBitmap(vector)
  const onDisk = stored && signed.get(stored.path)
  if (onDisk === undefined) return { file, url, vector: { vector }, expiresAt }
  return {
    file,
    url,
    vector: { vector, url: onDisk.url },
    expiresAt: Math.min(expiresAt, onDisk.expiresAt),
  }
}

type PathContext = BatchContext & {
  readonly signed: Map<string, SignedPath>
}

/** One call to each signer concerned: usually one call. */
async function signPaths(
  paths: readonly string[],
  places: readonly [table: TableRoots, ...staging: TableRoots[]],
  { signed, ...context }: PathContext,
): Promise<void> {
  const [table, ...staging] = places
  const within = places.flatMap(({ folders }) => folders)
  const bySigner = new Map<UrlSigner, Set<string>>()
  for (const path of paths) {
    // The last look: what a table names lies in its roots, what was written for it there or in staging.
    if (!staging.some(each => each.rootOf(path) !== undefined)) table.check(path)
    const signer = context.signerFor(path)
    const group = bySigner.get(signer)
    if (group === undefined) bySigner.set(signer, new Set([path]))
    else group.add(path)
  }
  for (const [signer, group] of bySigner) {
    const list = [...group]
    const { urls, expiresAt } = await context.metrics.timed('files.sign', () =>
      signer.sign(list, { ...signingOptions(context), within }),
    )
    for (const [index, path] of list.entries()) signed.set(path, { url: urls[index]!, expiresAt })
  }
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
