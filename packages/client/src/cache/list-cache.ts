import { lstat } from 'node:fs/promises'
import { throwIfCancelled } from '@spillway/core'
import { CacheFolder } from './cache-folder.js'

/** A file of a cache. */
export interface CachedFile {
  readonly sha256: string
  readonly size: number
  /** When a download last took it or made it, in epoch milliseconds. */
  readonly lastUsedMs: number
}

export interface CacheListing {
  /** In the order of their digests. */
  readonly files: readonly CachedFile[]
  /** Paths in the cache of what is no file of it: links, folders, other names. */
  readonly strange: readonly string[]
}

/** `listCache` of the package's entry, which says what it does. */
export async function listCache(
  path: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<CacheListing> {
  const folder = await CacheFolder.open(path, { create: false })
  try {
    return await entriesOf(folder, signal)
  } finally {
    await folder.close()
  }
}

export async function entriesOf(
  folder: CacheFolder,
  signal: AbortSignal | undefined,
): Promise<CacheListing> {
  const files: CachedFile[] = []
  const strange: string[] = []
  for (const name of await folder.shelves()) {
    throwIfCancelled(signal)
    const shelf = await folder.shelf(name, { create: false })
    if (shelf === undefined) {
      strange.push(`sha256/${name}`)
      continue
    }
    try {
      for (const sha256 of await folder.namesOn(name)) {
        const found = await lstat(shelf.place(sha256)).catch(() => undefined)
        // Removed meanwhile.
        if (found === undefined) continue
        const { size, mtimeMs: lastUsedMs } = found
        const isEntry = found.isFile() && /^[0-9a-f]{64}$/.test(sha256) && sha256.startsWith(name)
        if (isEntry) files.push({ sha256, size, lastUsedMs })
        else strange.push(`sha256/${name}/${sha256}`)
      }
    } finally {
      await shelf.release()
    }
  }
  return { files: files.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1)), strange: strange.sort() }
}
