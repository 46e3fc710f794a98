import type { CacheListing } from './cache/list-cache.js'
import type { PruneCacheOptions, PrunedCache } from './cache/prune-cache.js'
import type { VerifiedCache, VerifyCacheOptions } from './cache/verify-cache.js'

// Each call is loaded with its first use: a program that lists and queries needs none of them.

/** What a cache holds. Nothing of it is read: `verifyCache` does. */
export async function listCache(
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<CacheListing> {
  const loaded = await import('./cache/list-cache.js')
  return loaded.listCache(path, options)
}

/** Removes files from a cache; never one that a download has taken or made that still runs. */
export async function pruneCache(path: string, options: PruneCacheOptions): Promise<PrunedCache> {
  const loaded = await import('./cache/prune-cache.js')
  return loaded.pruneCache(path, options)
}

/** Reads every file of a cache, and removes those that are damaged: a download fetches them again. */
export async function verifyCache(
  path: string,
  options: VerifyCacheOptions = {},
): Promise<VerifiedCache> {
  const loaded = await import('./cache/verify-cache.js')
  return loaded.verifyCache(path, options)
}
