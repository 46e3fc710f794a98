import type { ByteRange } from '@spillway/core'
import {
  type Fence,
  type ObjectMeta,
  type ObjectStore,
  TableError,
  throwIfCancelled,
  type WritableStore,
} from '@spillway/core'
import { clipRange } from '../objects/byte-range.js'

export interface CacheOptions {
  /** Bytes held at most; the least recently used leave first. */
  readonly maxBytes: number
  /** Larger answers are passed on and not held. Default: an eighth of `maxBytes`. */
  readonly maxEntryBytes?: number
  /**
   * Paths whose object never changes once it is there: answered without asking. Others are asked for their etag
   * each time, which saves the bytes and not the request.
   */
  readonly immutable?: (path: string) => boolean
}

interface Entry {
  readonly bytes: Uint8Array
  readonly meta: ObjectMeta
}

/** `store` with what was read held in memory. A range is held by its object's etag, and served while that lasts. */
export function cacheStore(store: WritableStore, options: CacheOptions): WritableStore
export function cacheStore(store: ObjectStore, options: CacheOptions): ObjectStore
export function cacheStore(
  store: ObjectStore | WritableStore,
  options: CacheOptions,
): ObjectStore | WritableStore {
  if (!(options.maxBytes >= 0)) {
    throw new TableError('INVALID_REQUEST', `a cache of ${options.maxBytes} bytes`)
  }
  const held = new ByteBudget(options.maxBytes, options.maxEntryBytes ?? options.maxBytes / 8)
  return cachedStore(store, { held, isImmutable: options.immutable ?? (() => false), fence: '' })
}

interface Cached {
  readonly held: ByteBudget
  readonly isImmutable: (path: string) => boolean
  /** What was read within one fence is not answered within another, where links may lead elsewhere. */
  readonly fence: string
}

function cachedStore(
  store: ObjectStore | WritableStore,
  { held: all, isImmutable, fence }: Cached,
): ObjectStore | WritableStore {
  const held = {
    get: (path: string, range: string) => all.get(fence + path, range),
    set: (path: string, range: string, entry: Entry) => all.set(fence + path, range, entry),
    forget: (path: string) => all.forget(fence + path),
  }
  const { within, openLocal } = store
  const cached: ObjectStore = {
    budgets: store.budgets,
    async get(path, { range, signal } = {}) {
      throwIfCancelled(signal)
      const entry = held.get(path, rangeKey(range)) ?? held.get(path, WHOLE)
      if (entry !== undefined) {
        if (isImmutable(path)) return cut(entry, range)
        const now = await store.head(path, signal)
        if (now === undefined) held.forget(path)
        if (now === undefined) return undefined
        if (isSame(entry.meta, now)) return cut(entry, range)
        held.forget(path)
      }
      const found = await store.get(path, { range, signal })
      if (found !== undefined && (isImmutable(path) || found.meta.etag !== undefined)) {
        held.set(path, rangeKey(range), found)
      }
      return found === undefined ? undefined : { ...found, bytes: found.bytes.slice() }
    },
    head: (path, signal) => store.head(path, signal),
    list: (prefix, listOptions) => store.list(prefix, listOptions),
    listPrefixes: (prefix, signal) => store.listPrefixes(prefix, signal),
    ...(within && {
      within: (next: Fence) =>
        cachedStore(within.call(store, next), {
          held: all,
          isImmutable,
          fence: `${fence}${JSON.stringify(next.folders)} `,
        }),
    }),
    ...(openLocal && { openLocal: openLocal.bind(store) }),
  }
  return 'put' in store ? { ...cached, ...forgettingWrites(store, held.forget) } : cached
}

/** Writes of `store`; what was held of an object is forgotten with each. */
function forgettingWrites(
  store: WritableStore,
  forget: (path: string) => void,
): Pick<WritableStore, 'put' | 'delete'> {
  return {
    async put(path, bytes, putOptions) {
      // Forgotten after as well: a reader may have fetched the old bytes meanwhile.
      forget(path)
      try {
        return await store.put(path, bytes, putOptions)
      } finally {
        forget(path)
      }
    },
    async delete(path, signal) {
      try {
        await store.delete(path, signal)
      } finally {
        forget(path)
      }
    },
  }
}

const WHOLE = 'whole'

function rangeKey(range: ByteRange | undefined): string {
  if (range === undefined) return WHOLE
  return 'suffix' in range ? `-${range.suffix}` : `${range.start}-${range.end}`
}

/** The range of what is held, copied: a caller may write into its bytes. */
function cut({ bytes, meta }: Entry, range: ByteRange | undefined): Entry {
  // A range's own entry is exactly the answer; a whole object is cut to it.
  if (bytes.length !== meta.size) return { bytes: bytes.slice(), meta }
  const { start, end } = clipRange(range, bytes.length)
  return { bytes: bytes.slice(start, end), meta }
}

function isSame(a: ObjectMeta, b: ObjectMeta): boolean {
  return a.etag !== undefined && a.etag === b.etag && a.size === b.size
}

/** What an entry costs beside its bytes. */
const ENTRY_OVERHEAD = 256

/** Ranges by path, least recently used path first. */
class ByteBudget {
  readonly #maxBytes: number
  readonly #maxEntryBytes: number
  readonly #paths = new Map<string, Map<string, Entry>>()
  #bytes = 0

  constructor(maxBytes: number, maxEntryBytes: number) {
    this.#maxBytes = maxBytes
    this.#maxEntryBytes = maxEntryBytes
  }

  get(path: string, range: string): Entry | undefined {
    const ranges = this.#paths.get(path)
    const entry = ranges?.get(range)
    if (ranges === undefined || entry === undefined) return undefined
    this.#paths.delete(path)
    this.#paths.set(path, ranges)
    return entry
  }

  set(path: string, range: string, entry: Entry): void {
    if (entry.bytes.length > this.#maxEntryBytes) return
    const ranges = this.#paths.get(path) ?? new Map<string, Entry>()
    const [other] = ranges.values()
    // Ranges of two versions of one object are never held together.
    if (other !== undefined && other.meta.etag !== entry.meta.etag) this.forget(path)
    const kept = this.#paths.get(path) ?? new Map<string, Entry>()
    this.#bytes += costOf(entry) - costOf(kept.get(range))
    kept.set(range, entry)
    this.#paths.delete(path)
    this.#paths.set(path, kept)
    for (const oldest of this.#paths.keys()) {
      if (this.#bytes <= this.#maxBytes) break
      this.forget(oldest)
    }
  }

  forget(path: string): void {
    for (const entry of this.#paths.get(path)?.values() ?? []) this.#bytes -= costOf(entry)
    this.#paths.delete(path)
  }
}

function costOf(entry: Entry | undefined): number {
  return entry === undefined ? 0 : entry.bytes.length + ENTRY_OVERHEAD
}
