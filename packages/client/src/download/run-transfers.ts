import {
  type AdaptiveLimit,
  adaptiveLimit,
  isTableError,
  mapConcurrently,
  type TableError,
} from '@spillway/core'
import type { WireAssetFile } from '@spillway/protocol/wire'
import type { AssetClient } from '../assets/asset-client.js'
import type { FolderName } from '../assets/asset-name.js'
import type { Span } from './byte-spans.js'
import type { Cached } from './cached-files.js'
import { diskError } from './disk/destination.js'
import { fetchSpan } from './fetch-span.js'
import type { ProgressCounter } from './progress-counter.js'
import { SignedUrls } from './signed-urls.js'
import { isBound, Transfer, type TransferPlaces } from './transfer.js'

export interface TransfersOptions {
  readonly client: Pick<AssetClient, 'fileUrls' | 'openFile' | 'reportMismatch'>
  readonly folder: FolderName
  readonly places: TransferPlaces
  /** Files of this listing that the cache has, unless they turn out to be damaged. */
  readonly cached: Cached
  readonly concurrency: number
  readonly progress: ProgressCounter
  readonly signal: AbortSignal
}

/** `undefined` where the file is another than was listed, or gone. */
export type TransferOutcome =
  | {
      readonly state: 'fetched' | 'cached'
      readonly sha256: string
      readonly verified: boolean
    }
  | undefined

const MIB = 1024 * 1024
/** Files up to this are one request each. */
const SMALL_BYTES = 8 * MIB
const MOST_PART_BYTES = 64 * MIB
/** Large files one behind the other: the bytes of one are digested while they are still in memory. */
const LARGE_AT_ONCE = 2
/** A file whose digest is another is fetched once more: a damaged answer, or what an earlier process left, may be the cause. */
const FETCHES = 2

/** Fetches files as they were listed, each to its end or until it turns out to be another; the first failure ends them all. */
export async function runTransfers(
  files: readonly WireAssetFile[],
  options: TransfersOptions,
): Promise<ReadonlyMap<string, TransferOutcome>> {
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const outcomes = new Map<string, TransferOutcome>()
  const work: Work = {
    options: { ...options, signal },
    urls: new SignedUrls({
      ...options,
      files: files.filter(file => !options.cached.has(file)),
      signal,
    }),
    limit: adaptiveLimit(options.concurrency),
  }
  const run = async (file: WireAssetFile) => {
    try {
      outcomes.set(file.path, await outcomeOf(file, work))
    } catch (error) {
      const told = diskError(error, file.path)
      stop.abort(told)
      throw told
    }
  }
  const small = files.filter(({ size }) => size <= SMALL_BYTES)
  const large = files.filter(({ size }) => size > SMALL_BYTES)
  const lines = await Promise.allSettled([
    mapConcurrently(large, LARGE_AT_ONCE, run),
    mapConcurrently(small, options.concurrency, run),
  ])
  for (const line of lines) {
    // What failed first is the reason of all that was stopped.
    if (line.status === 'rejected') throw stop.signal.reason ?? line.reason
  }
  return outcomes
}

interface Work {
  readonly options: TransfersOptions
  readonly urls: SignedUrls
  readonly limit: AdaptiveLimit
}

async function outcomeOf(file: WireAssetFile, work: Work): Promise<TransferOutcome> {
  const { places, progress, cached, signal } = work.options
  const transfer = await Transfer.open(file, places)
  try {
    progress.resumed(transfer.resumed)
    const onBytes = (count: number) => progress.copied(count)
    let isCached = await cached.fill(transfer, { onBytes, signal })
    for (let fetches = 1; ; ) {
      try {
        await fetchAll(transfer, work)
        const found = await transfer.finish()
        if (!isCached) await cached.keep(transfer, { leave: progress.left, signal })
        progress.fileDone()
        return { ...found, state: isCached ? 'cached' : 'fetched' }
      } catch (error) {
        if (!isTableError(error)) throw error
        if (isStale(error)) return undefined
        if (error.code !== 'TABLE_CORRUPT') throw error
        if (fetches >= FETCHES) throw await reported(error, file, work.options)
        await transfer.discard()
        if (isCached) await cached.refuse(file)
        else fetches++
        isCached = false
      }
    }
  } finally {
    work.urls.forget(file)
    await transfer.close()
  }
}

/** Tells the provider that the bytes are others than it digested. That it is not heard changes nothing. */
async function reported(
  error: TableError,
  file: WireAssetFile,
  { client, folder }: TransfersOptions,
): Promise<TableError> {
  const { foundSha256 } = error.context
  if (typeof foundSha256 === 'string') {
    const signal = AbortSignal.timeout(REPORT_MS)
    const mismatch = { path: file.path, etag: file.etag, sha256: foundSha256 }
    await client.reportMismatch(folder, mismatch, { signal }).catch(() => undefined)
  }
  return error
}

/** How long a download that has failed waits to have said so: a process that ends says nothing any more. */
const REPORT_MS = 2000

/** The file, not the folder that it is written into. */
function isStale({ code, context }: TableError): boolean {
  return code === 'CONFLICT' && context.stale === 1
}

async function fetchAll(transfer: Transfer, work: Work): Promise<void> {
  const { file } = transfer
  const { concurrency } = work.options
  if (!isBound(file)) return fetchWhole(transfer, work)
  const spans =
    file.size <= SMALL_BYTES
      ? transfer.missing(SMALL_BYTES)
      : transfer.missing(partBytes(file.size, concurrency))
  const stop = new AbortController()
  try {
    await mapConcurrently(spans, concurrency, async span => {
      try {
        await fetchLimited(transfer, span, { work, stop })
      } catch (error) {
        stop.abort(error)
        throw error
      }
    })
  } catch (error) {
    const reason = stop.signal.reason ?? error
    if (!isTableError(reason) || reason.code !== 'UNSUPPORTED_FEATURE') throw reason
    await transfer.discard()
    await fetchWhole(transfer, work)
  }
}

/** In one answer: its store knows no ranges, or nothing says that two answers are of one file. */
async function fetchWhole(transfer: Transfer, work: Work): Promise<void> {
  if (transfer.file.size === 0) return
  const span = { start: 0, end: transfer.file.size, whole: true }
  await fetchLimited(transfer, span, { work, stop: new AbortController() })
}

function fetchLimited(
  transfer: Transfer,
  span: Span & { readonly whole?: boolean },
  { work, stop }: { readonly work: Work; readonly stop: AbortController },
): Promise<void> {
  const { options, urls, limit } = work
  const signal = AbortSignal.any([options.signal, stop.signal])
  const onBytes = (count: number) => options.progress.received(count)
  return limit.run(() =>
    fetchSpan(transfer, span, { client: options.client, urls, limit, onBytes, signal }),
  )
}

/** Some parts for each connection, so that the last ones end together. */
function partBytes(size: number, concurrency: number): number {
  const even = Math.ceil(size / (concurrency * 4) / MIB) * MIB
  return Math.min(MOST_PART_BYTES, Math.max(SMALL_BYTES, even))
}
