import { mapConcurrently } from '@spillway/core'
import { removeFrom } from '../download/disk/destination.js'
import { digestOf } from '../download/disk/file-digest.js'
import { CacheFolder } from './cache-folder.js'
import { type CachedFile, entriesOf } from './list-cache.js'

export interface VerifyCacheOptions {
  /** Leaves damaged entries where they are. */
  readonly dryRun?: boolean | undefined
  readonly onProgress?:
    | ((progress: { readonly bytes: number; readonly bytesDone: number }) => void)
    | undefined
  readonly signal?: AbortSignal | undefined
}

export interface VerifiedCache {
  /** Files whose bytes have the digest that they are named by. */
  readonly same: number
  readonly bytes: number
  /** Others: removed, unless nothing may be. */
  readonly damaged: readonly CachedFile[]
  /** What is no file of the cache. It is left where it is. */
  readonly strange: readonly string[]
}

const READ_AT_ONCE = 2

/** `verifyCache` of the package's entry, which says what it does. */
export async function verifyCache(
  path: string,
  { dryRun = false, onProgress, signal }: VerifyCacheOptions = {},
): Promise<VerifiedCache> {
  const folder = await CacheFolder.open(path, { create: false })
  try {
    const { files, strange } = await entriesOf(folder, signal)
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    let bytesDone = 0
    const onBytes = (count: number) => {
      bytesDone += count
      onProgress?.({ bytes, bytesDone })
    }
    const states = await mapConcurrently(files, READ_AT_ONCE, file =>
      check(folder, file, { dryRun, onBytes, signal }),
    )
    const same = files.filter((_, i) => states[i] === 'same')
    return {
      same: same.length,
      bytes: same.reduce((sum, { size }) => sum + size, 0),
      damaged: files.filter((_, i) => states[i] === 'damaged'),
      strange,
    }
  } finally {
    await folder.close()
  }
}

async function check(
  folder: CacheFolder,
  { sha256 }: CachedFile,
  {
    dryRun,
    ...reading
  }: {
    readonly dryRun: boolean
    readonly onBytes: (count: number) => void
    readonly signal: AbortSignal | undefined
  },
): Promise<'same' | 'damaged' | 'gone'> {
  const shelf = await folder.shelf(sha256, { create: false })
  if (shelf === undefined) return 'gone'
  try {
    const found = await digestOf(shelf, sha256, reading)
    if (found === sha256) return 'same'
    if (!dryRun) await removeFrom(shelf, sha256)
    return 'damaged'
  } catch (error) {
    if (isGone(error)) return 'gone'
    throw error
  } finally {
    await shelf.release()
  }
}

/** Another process has cleared it away. */
function isGone(error: unknown): boolean {
  const { cause } = error as { cause?: unknown }
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
}
