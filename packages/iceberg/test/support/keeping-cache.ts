import type { BatchCache, FileBatch } from '@spillway/core'

/** Keeps every batch. */
export function keepingCache(): BatchCache {
  const held = new Map<string, Promise<FileBatch>>()
  return {
    get(key, load) {
      const known = held.get(key)
      if (known !== undefined) return known
      const loading = load(new AbortController().signal)
      held.set(key, loading)
      loading.catch(() => held.delete(key))
      return loading
    },
  }
}
