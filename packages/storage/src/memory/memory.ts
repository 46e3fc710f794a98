import { TableError, throwIfCancelled, type WritableStore } from '@spillway/core'
import { clipRange } from '../objects/byte-range.js'
import { collectBytes } from './collect-bytes.js'
import { HeldObjects } from './held-objects.js'

export interface MemoryStore extends WritableStore {
  /** Paths held now, in byte order. */
  paths(): readonly string[]
}

/** Objects in a Map, under any scheme. `now` dates what is put. */
export function memoryStore(
  options: {
    objects?: Iterable<readonly [path: string, bytes: Uint8Array | string]>
    now?: () => number
  } = {},
): MemoryStore {
  const held = new HeldObjects(options.now ?? Date.now)
  for (const [path, bytes] of options.objects ?? []) {
    held.write(path, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes)
  }

  return {
    paths: () => held.paths(),
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
    list: (prefix, listOptions) => held.list(prefix, listOptions),
    listPrefixes: (prefix, signal) => held.listPrefixes(prefix, signal),
    async put(path, bytes, { ifAbsent, signal } = {}) {
      throwIfCancelled(signal)
      if (path.includes('\0')) throw new TableError('INVALID_REQUEST', 'a path with a NUL')
      const whole = await collectBytes(bytes, signal)
      if (ifAbsent === true && held.has(path)) return false
      held.write(path, whole)
      return true
    },
    async delete(path, signal) {
      throwIfCancelled(signal)
      held.delete(path)
    },
  }
}
