import { type StateStore, type StoredState, TableError, type WritableStore } from '@spillway/core'
import { folderUri } from '../objects/uri.js'

/**
 * State in a folder of any store that can be written. Each writing of a key is an object of its own, numbered, and made only if it
 * is absent: of two who write at once one wins, on disks and in object stores alike, without a lock.
 */
export function storeState(store: WritableStore, location: string): StateStore {
  const folder = folderUri(location)
  return {
    async get(key, signal) {
      const at = folderOf(folder, key)
      // What is replaced is removed: between two looks there is a newer one.
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const last = (await writings(store, at, signal)).at(-1)
        if (last === undefined) return undefined
        const found = await store.get(at + last, { signal })
        if (found !== undefined) return { bytes: found.bytes, tag: last } satisfies StoredState
      }
      throw new TableError('STORAGE_UNAVAILABLE', 'the state is written again and again', {
        context: { path: at },
      })
    },
    async put(key, bytes, { ifTag, signal }) {
      const at = folderOf(folder, key)
      const known = await writings(store, at, signal)
      if (known.at(-1) !== ifTag) return undefined
      const next = String(Number(ifTag ?? 0) + 1).padStart(DIGITS, '0')
      if (!(await store.put(at + next, bytes, { ifAbsent: true, signal }))) return undefined
      // Its number may have been taken and given back while others went on.
      const now = await writings(store, at, signal)
      if (now.at(-1) !== next) {
        await store.delete(at + next, signal)
        return undefined
      }
      // The one before is kept for those who have just seen its name.
      for (const old of known.slice(0, -1)) await store.delete(at + old, signal)
      return next
    },
    async delete(key, signal) {
      const at = folderOf(folder, key)
      // The latest last: whoever reads meanwhile finds it, or nothing.
      for (const old of await writings(store, at, signal)) await store.delete(at + old, signal)
    },
  }
}

const ATTEMPTS = 5
const DIGITS = 16

function folderOf(folder: string, key: string): string {
  if (/^[\w.-]+(?:\/[\w.-]+)*$/.test(key) && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(key)) {
    return `${folder}${key}/`
  }
  throw new TableError(
    'INVALID_REQUEST',
    `expected a key of plain names, found ${key.slice(0, 99)}`,
  )
}

async function writings(
  store: WritableStore,
  at: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { path } of store.list(at, { signal })) {
    const name = path.slice(at.length)
    if (/^\d{16}$/.test(name)) found.push(name)
  }
  return found
}
