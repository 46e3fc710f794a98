import {
  type DataFile,
  type DeletionVector,
  type FileShapes,
  type ObjectStore,
  type RowResolver,
  type SigningOptions,
  storedBitmap,
  TableError,
  type TableRoots,
  type UrlSigner,
} from '@spillway/core'
import type { Metrics } from '../calls/metrics.js'
import { Waits } from '../calls/waits.js'
import type { ExactFile } from '../exact/exact-files.js'
import type { OutsideFinder } from '../roots/outside-files.js'

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

export interface SigningContext {
  readonly resolver?: RowResolver | undefined
  readonly store?: ObjectStore | undefined
  readonly shapes?: FileShapes | undefined
  readonly signerFor: (path: string) => UrlSigner
  readonly roots: TableRoots
  /** Where files that were written for a table may lie. */
  readonly staging: readonly TableRoots[]
  readonly outside: OutsideFinder
  readonly metrics: Metrics
  readonly clock: () => number
  readonly expiresInSeconds: number
  readonly audience?: string | undefined
}

export type AnswerContext = SigningContext & { readonly signal?: AbortSignal | undefined }

export type BatchContext = AnswerContext & {
  /** For whoever signs. */
  readonly waits: Waits
}

/** For one batch of paths, or one file: a call or two to whoever signs. */
const SIGNING_SECONDS = 60

/** An answer that has begun has no other limit, and would stand still for ever with a signer that never answers. */
export function signingWaits(signal: AbortSignal | undefined): Waits {
  const late = () =>
    new TableError(
      'STORAGE_UNAVAILABLE',
      `the signer of URLs did not answer within ${SIGNING_SECONDS} seconds`,
    )
  return new Waits({ seconds: SIGNING_SECONDS, late, signal })
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
    const views = [{ path: file.path, edits: view }]
    const { urls, expiresAt } = await context.waits.for(signal =>
      signerFor(file.path).signViews!(views, {
        ...signingOptions(context, signal),
        within: roots.folders,
      }),
    )
    signed.set(exact, { url: urls[0]!, expiresAt })
  }
  return signed
}

/** What every call to a signer of this answer says, but for the paths' folders. */
export function signingOptions(
  { expiresInSeconds, clock, audience }: BatchContext,
  signal: AbortSignal,
): SigningOptions {
  return {
    expiresInSeconds,
    now: clock(),
    signal,
    audience,
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
      context.waits.for(signal =>
        signer.sign(list, { ...signingOptions(context, signal), within }),
      ),
    )
    for (const [index, path] of list.entries()) signed.set(path, { url: urls[index]!, expiresAt })
  }
}

/** Asked of whoever signs a path: an object store serves its objects as they are. */
export function canView({
  signerFor,
}: Pick<SigningContext, 'signerFor'>): (path: string) => boolean {
  return path => signerFor(path).signViews !== undefined
}

/** The signer of a path: the first that covers it. */
export function signerAmong(signers: readonly UrlSigner[]): (path: string) => UrlSigner {
  return path => {
    const signer = signers.find(candidate => candidate.covers(path))
    if (signer !== undefined) return signer
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      "a file of the table lies in storage that the provider's configuration has no signer for; ask your provider",
      { context: { feature: 'signing', path } },
    )
  }
}
