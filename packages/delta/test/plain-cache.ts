import type { BatchCache, FileBatch } from '@spillway/core'

/** A cache without a budget: everything is loaded once. */
export function plainCache(): BatchCache & { readonly loads: () => number } {
  const held = new Map<string, Promise<FileBatch>>()
  return {
    loads: () => held.size,
    get(key, load) {
      let batch = held.get(key)
      if (batch === undefined) {
        batch = load(new AbortController().signal)
        held.set(key, batch)
      }
      return batch
    },
  }
}
