import { TableError, throwIfCancelled } from '@spillway/core'
import { type Announced, announce, othersAlive } from '../download/disk/announced.js'
import { removeFrom } from '../download/disk/destination.js'
import { CacheFolder, USERS } from './cache-folder.js'
import { removeUnfinished } from './file-cache.js'
import { type CachedFile, entriesOf } from './list-cache.js'

export interface PruneCacheOptions {
  /** Removes what no download has used since, in epoch milliseconds. */
  readonly unusedSinceMs?: number | undefined
  /** Removes what was used longest ago until no more than this is left. */
  readonly maxBytes?: number | undefined
  /** Removes every file. */
  readonly all?: boolean | undefined
  /** Says what would be removed. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface PrunedCache {
  readonly removed: readonly CachedFile[]
  readonly kept: readonly CachedFile[]
  /** Those of `kept` that would have been removed, but a download that runs may use them. */
  readonly inUse: number
}

/** `pruneCache` of the package's entry, which says what it does. */
export async function pruneCache(path: string, options: PruneCacheOptions): Promise<PrunedCache> {
  const { unusedSinceMs, maxBytes, all = false, dryRun = false, signal } = options
  if (unusedSinceMs === undefined && maxBytes === undefined && !all) {
    throw new TableError(
      'INVALID_REQUEST',
      'expected what to remove: files by their age, down to a size, or all',
    )
  }
  const folder = await CacheFolder.open(path, { create: false })
  try {
    const usedSince = await oldestUse(folder, dryRun)
    const { files } = await entriesOf(folder, signal)
    const unwanted = unwantedOf(files, options)
    const removed = unwanted.filter(({ lastUsedMs }) => !(lastUsedMs >= usedSince))
    if (!dryRun) for (const file of removed) await remove(folder, file, signal)
    const gone = new Set(removed)
    return {
      removed,
      kept: files.filter(file => !gone.has(file)),
      inUse: unwanted.length - removed.length,
    }
  } finally {
    await folder.close()
  }
}

/** Those used longest ago first. */
function unwantedOf(
  files: readonly CachedFile[],
  { unusedSinceMs = Number.NEGATIVE_INFINITY, maxBytes, all }: PruneCacheOptions,
): readonly CachedFile[] {
  const byUse = [...files].sort((a, b) => a.lastUsedMs - b.lastUsedMs)
  let left = files.reduce((sum, { size }) => sum + size, 0)
  return byUse.filter(({ size, lastUsedMs }) => {
    const isUnwanted =
      all === true || lastUsedMs < unusedSinceMs || (maxBytes !== undefined && left > maxBytes)
    if (isUnwanted) left -= size
    return isUnwanted
  })
}

/**
 * When the oldest download that runs began, by its own clock, with which it also marks what it uses. A mark that cannot be
 * read keeps everything.
 */
async function oldestUse(folder: CacheFolder, dryRun: boolean): Promise<number> {
  const users = await folder.folder(USERS, { create: !dryRun })
  if (users === undefined) return Number.POSITIVE_INFINITY
  const own = dryRun ? undefined : await announce(users, () => undefined)
  try {
    let oldest = Number.POSITIVE_INFINITY
    for await (const { since } of othersAlive(users, own)) oldest = Math.min(oldest, begun(since))
    if (own !== undefined) await removeUnfinished(folder, own)
    return oldest
  } finally {
    await own?.release()
    await users.release()
  }
}

function begun(since: Announced['since']): number {
  const time = Date.parse(since)
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time
}

async function remove(
  folder: CacheFolder,
  { sha256 }: CachedFile,
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfCancelled(signal)
  const shelf = await folder.shelf(sha256, { create: false })
  await (shelf && removeFrom(shelf, sha256))
  await shelf?.release()
}
