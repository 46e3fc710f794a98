import { type ObjectMeta, TableError, throwIfCancelled, type WritableStore } from '@spillway/core'
import { comparePaths, sortPaths } from '../objects/byte-order.js'
import { clipRange } from '../objects/byte-range.js'
import { collectBytes } from './collect-bytes.js'

export interface MemoryStore extends WritableStore {
  /** Paths held now, in byte order. */
  paths(): readonly string[]
}

interface Held {
  readonly bytes: Uint8Array
  readonly meta: ObjectMeta
}

/** Objects in a Map, under any scheme. `now` dates what is put. */
export function memoryStore(
  options: {
    objects?: Iterable<readonly [path: string, bytes: Uint8Array | string]>
    now?: () => number
  } = {},
): MemoryStore {
  const held = new Map<string, Held>()
  let sorted: readonly string[] | undefined
  let writes = 0
  const now = options.now ?? Date.now
  const write = (path: string, bytes: Uint8Array) => {
    if (!held.has(path)) sorted = undefined
    const etag = `"${(++writes).toString(16)}"`
    held.set(path, { bytes, meta: { path, size: bytes.length, lastModified: now(), etag } })
  }
  const paths = () => {
    sorted ??= sortPaths([...held.keys()])
    return sorted
  }
  for (const [path, bytes] of options.objects ?? []) {
    write(path, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes)
  }

  return {
    paths,
    async get(path, { range, signal } = {}) {
      throwIfCancelled(signal)
      const found = held.get(path)
      if (found === undefined) return undefined
      const { start, end } = clipRange(range, found.bytes.length)
      // A copy: what is stored must not change under a reader that changes what it got.
      return { bytes: found.bytes.slice(start, end), meta: found.meta }
    },
    async head(path, signal) {
      throwIfCancelled(signal)
      return held.get(path)?.meta
    },
    async *list(prefix, { startAfter, signal } = {}) {
      const all = paths()
      const from = startAfter !== undefined && comparePaths(startAfter, prefix) >= 0
      const first = from ? lowerBound(all, startAfter, true) : lowerBound(all, prefix, false)
      for (let i = first; i < all.length && all[i]!.startsWith(prefix); i++) {
        throwIfCancelled(signal)
        const found = held.get(all[i]!)
        if (found !== undefined) yield found.meta
      }
    },
    async *listPrefixes(prefix, signal) {
      const all = paths()
      let last = ''
      for (let i = lowerBound(all, prefix, false); i < all.length; i++) {
        throwIfCancelled(signal)
        const path = all[i]!
        if (!path.startsWith(prefix)) break
        const slash = path.indexOf('/', prefix.length)
        const folder = path.slice(0, slash + 1)
        if (slash < 0 || folder === last) continue
        last = folder
        yield folder
      }
    },
    async put(path, bytes, { ifAbsent, signal } = {}) {
      throwIfCancelled(signal)
      if (path.includes('\0')) throw new TableError('INVALID_REQUEST', 'a path with a NUL')
      const whole = await collectBytes(bytes, signal)
      if (ifAbsent === true && held.has(path)) return false
      write(path, whole)
      return true
    },
    async delete(path, signal) {
      throwIfCancelled(signal)
      if (held.delete(path)) sorted = undefined
    },
  }
}

/** First index at or (`strictly`) after `path`. */
function lowerBound(sorted: readonly string[], path: string, strictly: boolean): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    const order = comparePaths(sorted[middle]!, path)
    if (order < 0 || (strictly && order === 0)) low = middle + 1
    else high = middle
  }
  return low
}
