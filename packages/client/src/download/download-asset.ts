import { isTableError, TableError, throwIfCancelled } from '@spillway/core'
import type { WireAssetFile } from '@spillway/protocol/wire'
import type { AssetClient, FoundAsset } from '../assets/asset-client.js'
import { folderText, parseAssetName, type VersionedName } from '../assets/asset-name.js'
import { type FileListing, listFolder } from '../assets/folder-listing.js'
import { requirePinned } from '../assets/pinned-content.js'
import { FileCache } from '../cache/file-cache.js'
import { withDirectAccess } from '../direct/with-direct-access.js'
import { sleep } from '../http/retry.js'
import { lookUpCached, openCache } from './cached-files.js'
import { Destination, STATE_FOLDER } from './disk/destination.js'
import { takeLock } from './disk/lock-file.js'
import type { DownloadedFile, DownloadOptions, DownloadResult } from './download-options.js'
import { requireSpace } from './free-space.js'
import { HashWorker } from './hash-worker.js'
import { KnownFiles, refuseOther } from './known-files.js'
import { leftBehind, removeOrphans } from './left-overs.js'
import { type Plan, planDownload } from './plan-download.js'
import { ProgressCounter } from './progress-counter.js'
import { runTransfers } from './run-transfers.js'

const CONCURRENCY = 16
/** Times that the files are listed, where some of them change while they are fetched. */
const MAX_LISTINGS = 5
const RELIST_MS = 300

/** `downloadAsset` of the package's entry, which says what it does. */
export async function downloadAsset(
  plain: AssetClient,
  name: string | VersionedName,
  options: DownloadOptions,
): Promise<DownloadResult> {
  const client = withDirectAccess(plain, options)
  const { kind, signal, dryRun = false } = options
  const asked = typeof name === 'string' ? parseAssetName(name) : name
  const found = await client.asset(asked, { kind, signal })
  const destination = await Destination.open(options.to, { create: !dryRun })
  const job = { client, found, options, progress: new ProgressCounter(options.onProgress) }
  try {
    return await (dryRun ? plannedOnly(job, destination) : downloadInto(job, destination!))
  } finally {
    await destination?.close()
  }
}

interface Job {
  readonly client: AssetClient
  readonly found: FoundAsset
  readonly options: DownloadOptions
  readonly progress: ProgressCounter
}

async function plannedOnly(
  job: Job,
  destination: Destination | undefined,
): Promise<DownloadResult> {
  const state = await destination?.folder(STATE_FOLDER, { create: false })
  try {
    const { files: known, asset } = await KnownFiles.read(state)
    refuseOther(asset, assetText(job.found))
    const listing = await listFiles(job)
    const places = { destination, known, pin: pinOf(job.found), isWriting: false }
    const plan = await planDownload(listing.files, places, job.options)
    await countCached(plan.wanted, job)
    const files = plan.files.map(
      ({ path, size }): DownloadedFile =>
        plan.done.get(path) ?? { path, size, state: 'planned', verified: false },
    )
    return resultOf(job, { listing, files, leftBehind: leftBehind(known, listing.files) })
  } finally {
    await state?.release()
  }
}

async function countCached(wanted: readonly WireAssetFile[], job: Job): Promise<void> {
  const { cache: path } = job.options
  const cache = path === undefined ? undefined : await FileCache.read(path)
  try {
    const cached = await lookUpCached(wanted, cache, undefined)
    for (const file of wanted) if (cached.has(file)) job.progress.copied(file.size)
  } finally {
    await cache?.close()
  }
}

async function downloadInto(job: Job, destination: Destination): Promise<DownloadResult> {
  const { cache: path } = job.options
  const cache = path === undefined ? undefined : await openCache(path, destination)
  try {
    const result = await downloadLocked(job, { destination, cache })
    return cache?.problem === undefined ? result : { ...result, cacheProblem: cache.problem }
  } finally {
    await cache?.close()
  }
}

async function downloadLocked(
  job: Job,
  { destination, cache }: Pick<Places, 'destination' | 'cache'>,
): Promise<DownloadResult> {
  const state = (await destination.folder(STATE_FOLDER, { create: true }))!
  const stop = new AbortController()
  const lost = () =>
    stop.abort(new TableError('CONFLICT', 'another process took the lock of the folder over'))
  const held = takeLock(state, { onLost: lost, signal: job.options.signal })
  const lock = await held.catch(async error => {
    await state.release()
    throw error
  })
  const journals = (await destination.folder(`${STATE_FOLDER}/parts`, { create: true }))!
  try {
    const known = await KnownFiles.open(state, assetText(job.found))
    const hashing = new HashWorker()
    try {
      const outer = job.options.signal
      const signal = outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal])
      const options = { ...job.options, signal }
      const places = { destination, cache, known, journals, hashing, signal }
      return await untilSettled({ ...job, options }, places)
    } finally {
      await hashing.close()
      await known.close()
    }
  } finally {
    await journals.release()
    await lock.release()
    await state.release()
  }
}

interface Places {
  readonly destination: Destination
  readonly cache: FileCache | undefined
  readonly known: KnownFiles
  readonly hashing: HashWorker
  readonly journals: NonNullable<Awaited<ReturnType<Destination['folder']>>>
  readonly signal: AbortSignal
}

/** Lists, fetches, and lists again where files changed meanwhile: a folder that is pinned may not. */
async function untilSettled(job: Job, places: Places): Promise<DownloadResult> {
  const { options, progress } = job
  const pin = pinOf(job.found)
  const fetched = new Map<string, DownloadedFile>()
  for (let listings = 1; ; listings++) {
    const listing = await listFiles(job)
    const plan = await planDownload(listing.files, { ...places, pin, isWriting: true }, options)
    await requireSpace(plan.wanted, places.destination)
    const cached = await lookUpCached(plan.wanted, places.cache, places.destination)
    progress.begin(countsOf(plan))
    const outcomes = await runTransfers(plan.wanted, {
      client: job.client,
      folder: job.found.folder,
      places: { ...places, pin },
      cached,
      concurrency: Math.max(1, options.concurrency ?? CONCURRENCY),
      progress,
      signal: places.signal,
    })
    for (const { path, size } of plan.wanted) {
      const outcome = outcomes.get(path)
      if (outcome !== undefined) fetched.set(path, { path, size, ...outcome })
      else fetched.delete(path)
    }
    const changed = plan.wanted.filter(({ path }) => outcomes.get(path) === undefined)
    if (changed.length > 0 && pin !== undefined) throw pinnedChanged(changed[0]!, pin)
    if (changed.length === 0 || listings >= MAX_LISTINGS) {
      return settled(job, { listing, plan, fetched, places })
    }
    await sleep(RELIST_MS * listings, places.signal)
  }
}

async function settled(
  job: Job,
  {
    listing,
    plan,
    fetched,
    places,
  }: {
    readonly listing: FileListing
    readonly plan: Plan
    readonly fetched: ReadonlyMap<string, DownloadedFile>
    readonly places: Places
  },
): Promise<DownloadResult> {
  const files = plan.files.map(
    ({ path, size }): DownloadedFile =>
      fetched.get(path) ??
      plan.done.get(path) ?? { path, size, state: 'changing', verified: false },
  )
  const result = resultOf(job, {
    listing,
    files,
    leftBehind: leftBehind(places.known, listing.files),
  })
  if (result.complete) await removeOrphans(places, listing.files)
  return result
}

/** A listing that the server loses between two pages is begun again. */
async function listFiles({
  client,
  found,
  options: { signal, maxFiles },
}: Job): Promise<FileListing> {
  for (let attempts = 1; ; attempts++) {
    throwIfCancelled(signal)
    try {
      const listing = await listFolder(client, found.folder, { signal, maxFiles })
      await requirePinned(found, listing)
      return listing
    } catch (error) {
      const isLost = isTableError(error) && error.code === 'CONFLICT' && 'status' in error.context
      if (!isLost || attempts >= MAX_LISTINGS) throw error
      await sleep(RELIST_MS * attempts, signal)
    }
  }
}

/** A version of a model is the same for ever, and so is a listing that is named. */
function pinOf({ folder, snapshotId, digest }: FoundAsset): string | undefined {
  return folder.kind === 'model' ? folderText(folder) : (snapshotId ?? digest)
}

function assetText({ kind, folder: { share, schema, name } }: FoundAsset): string {
  return `${kind} ${share}.${schema}.${name}`
}

function countsOf({ files, done }: Plan) {
  const sum = (all: Iterable<{ readonly size: number }>) => {
    let bytes = 0
    for (const { size } of all) bytes += size
    return bytes
  }
  return {
    files: files.length,
    filesDone: done.size,
    bytes: sum(files),
    bytesDone: sum(done.values()),
  }
}

function resultOf(
  { found, progress }: Job,
  {
    listing,
    ...more
  }: {
    readonly listing: FileListing
    readonly files: readonly DownloadedFile[]
    readonly leftBehind: readonly string[]
  },
): DownloadResult {
  return {
    asset: folderText(found.folder),
    kind: found.kind,
    snapshotId: listing.snapshotId,
    ...more,
    bytesFetched: progress.fetched,
    bytesResumed: progress.resumedBytes,
    bytesCached: progress.cachedBytes,
    complete: more.files.every(({ state }) => state !== 'changing' && state !== 'planned'),
  }
}

function pinnedChanged({ path }: WireAssetFile, pin: string): TableError {
  return new TableError(
    'CONFLICT',
    `${JSON.stringify(path)} of ${pin} changed while it was downloaded: what is pinned is fetched as it was, or not at all`,
    { context: { path } },
  )
}
