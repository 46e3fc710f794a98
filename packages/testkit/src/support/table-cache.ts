import type { BatchCache, FileBatch } from '@spillway/core'

/** Keeps every batch it was ever given: for tests, whose tables are small. */
export function keepingCache(): BatchCache {
  const batches = new Map<string, Promise<FileBatch>>()
  return {
    get(key, load) {
      const known = batches.get(key)
      if (known !== undefined) return known
      const loading = load(new AbortController().signal)
      batches.set(key, loading)
      loading.catch(() => batches.delete(key))
      return loading
    },
  }
}
