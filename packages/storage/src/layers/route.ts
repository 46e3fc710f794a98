import { type Fence, type ObjectStore, TableError, type WritableStore } from '@spillway/core'
import { canonicalScheme, parseUri } from '../objects/uri.js'

export interface StoreRoute {
  /** In any spelling: s3a means s3. */
  readonly scheme: string
  /** Bucket or container@account; absent means every one of the scheme. */
  readonly bucket?: string
  readonly store: ObjectStore | WritableStore
}

/** One store over many: each path goes to the route that names its bucket, else to the one that has its scheme. */
export function routeStores(routes: readonly StoreRoute[]): WritableStore {
  const byKey = new Map<string, ObjectStore | WritableStore>()
  for (const { scheme, bucket, store } of routes) {
    const key = `${canonicalScheme(scheme)}://${bucket ?? '*'}`
    if (byKey.has(key)) {
      throw new TableError('INVALID_REQUEST', `two stores are configured for ${key}`)
    }
    byKey.set(key, store)
  }
  return routedStore(byKey)
}

function routedStore(byKey: ReadonlyMap<string, ObjectStore | WritableStore>): WritableStore {
  const storeOf = (path: string) => {
    const { scheme, authority } = parseUri(path)
    const store = byKey.get(`${scheme}://${authority}`) ?? byKey.get(`${scheme}://*`)
    if (store !== undefined) return store
    throw new TableError(
      'STORAGE_UNAVAILABLE',
      `no store is configured for ${scheme}://${authority}; configured: ${[...byKey.keys()].join(', ') || 'none'}`,
      { context: { path }, retryable: false },
    )
  }
  return {
    get: async (path, options) => storeOf(path).get(path, options),
    head: async (path, signal) => storeOf(path).head(path, signal),
    list: (prefix, options) => storeOf(prefix).list(prefix, options),
    listPrefixes: (prefix, signal) => storeOf(prefix).listPrefixes(prefix, signal),
    put: async (path, bytes, options) => writable(storeOf(path), path).put(path, bytes, options),
    delete: async (path, signal) => writable(storeOf(path), path).delete(path, signal),
    within: fence => routedStore(fencedRoutes(byKey, fence)),
    openLocal: async (path, signal) => storeOf(path).openLocal?.(path, signal),
  }
}

function fencedRoutes(
  byKey: ReadonlyMap<string, ObjectStore | WritableStore>,
  fence: Fence,
): ReadonlyMap<string, ObjectStore | WritableStore> {
  return new Map([...byKey].map(([key, store]) => [key, store.within?.(fence) ?? store]))
}

function writable(store: ObjectStore | WritableStore, path: string): WritableStore {
  if ('put' in store) return store
  throw new TableError('STORAGE_UNAVAILABLE', 'the store of this path cannot be written', {
    context: { path },
    retryable: false,
  })
}
