import type { ObjectMeta, ObjectStore } from '@spillway/core'
import { comparePathBytes } from './path-order.js'

export interface SizedStore extends ObjectStore {
  /** What the file has, and what it has in the table as it was. */
  sizesOf(path: string): readonly (number | undefined)[]
}

/** A table's files with some of them other bytes, or gone (`undefined`): a mutant costs no copy of the table. */
export function overlayStore(
  base: ReadonlyMap<string, Uint8Array>,
  changed: ReadonlyMap<string, Uint8Array | undefined>,
  order: readonly string[],
): SizedStore {
  const added = [...changed.keys()].filter(path => !base.has(path))
  const paths = added.length === 0 ? order : [...order, ...added].sort(comparePathBytes)
  const bytesOf = (path: string) => (changed.has(path) ? changed.get(path) : base.get(path))
  const metaOf = (path: string, bytes: Uint8Array): ObjectMeta => ({
    path,
    size: bytes.length,
    lastModified: TIME,
    etag: changed.has(path) ? '"changed"' : '"clean"',
  })
  return {
    sizesOf: path => [bytesOf(path)?.length, base.get(path)?.length],
    async get(path, { range } = {}) {
      const bytes = bytesOf(path)
      if (bytes === undefined) return undefined
      const [start, end] =
        range === undefined
          ? [0, bytes.length]
          : 'suffix' in range
            ? [Math.max(0, bytes.length - range.suffix), bytes.length]
            : [Math.min(range.start, bytes.length), Math.min(range.end, bytes.length)]
      return { bytes: bytes.slice(start, Math.max(start, end)), meta: metaOf(path, bytes) }
    },
    async head(path) {
      const bytes = bytesOf(path)
      return bytes === undefined ? undefined : metaOf(path, bytes)
    },
    async *list(prefix, { startAfter } = {}) {
      for (const path of paths) {
        if (!path.startsWith(prefix)) continue
        if (startAfter !== undefined && comparePathBytes(path, startAfter) <= 0) continue
        const bytes = bytesOf(path)
        if (bytes !== undefined) yield metaOf(path, bytes)
      }
    },
    async *listPrefixes(prefix) {
      let last = ''
      for (const path of paths) {
        if (!path.startsWith(prefix) || bytesOf(path) === undefined) continue
        const slash = path.indexOf('/', prefix.length)
        const folder = path.slice(0, slash + 1)
        if (slash < 0 || folder === last) continue
        last = folder
        yield folder
      }
    },
  }
}

/** One time for all files: what a checkout of fixtures happens to have must not matter. */
const TIME = Date.UTC(2026, 0, 1)
