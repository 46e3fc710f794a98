import type { WritableStore } from '@spillway/core'

/** A store that is made at the first request: a cloud's SDK is loaded by those who use that cloud. */
export function lazyStore(load: () => Promise<WritableStore>): WritableStore {
  let loading: Promise<WritableStore> | undefined
  const store = () => {
    loading ??= load()
    return loading
  }
  return {
    get: async (path, options) => (await store()).get(path, options),
    head: async (path, signal) => (await store()).head(path, signal),
    async *list(prefix, options) {
      yield* (await store()).list(prefix, options)
    },
    async *listPrefixes(prefix, signal) {
      yield* (await store()).listPrefixes(prefix, signal)
    },
    put: async (path, bytes, options) => (await store()).put(path, bytes, options),
    delete: async (path, signal) => (await store()).delete(path, signal),
  }
}
