import type { ObjectStore } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { type DeltaTableOptions, deltaTable, keepingCache } from '@spillway/testkit'
import { deltaReader } from '../../src/index.js'

export const LOCATION = 's3://bucket/table'

export const ID_AND_DAY: DeltaTableOptions = {
  fields: [
    { name: 'id', type: 'long' },
    { name: 'day', type: 'date' },
  ],
  partitionColumns: ['day'],
}

/** A table in memory, its clock, and a reader of it. */
export function openTable() {
  const clock = { now: 1_000 }
  const store = memoryStore({ now: () => clock.now })
  return { clock, store, table: deltaTable(store, LOCATION), ...readerOf(store) }
}

export function readerOf(store: ObjectStore) {
  const reader = deltaReader({ store, cache: keepingCache() })
  return { reader, source: { location: LOCATION, format: 'delta' as const } }
}

/** A store that counts what is asked of it. */
export function counted(store: ObjectStore): { store: ObjectStore; calls: string[] } {
  const calls: string[] = []
  const name = (path: string) => path.slice(path.lastIndexOf('/') + 1)
  return {
    calls,
    store: {
      get: (path, options) => {
        calls.push(`get ${name(path)}`)
        return store.get(path, options)
      },
      head: (path, signal) => {
        calls.push(`head ${name(path)}`)
        return store.head(path, signal)
      },
      list: (prefix, options) => {
        calls.push(
          `list from ${options?.startAfter === undefined ? 'start' : name(options.startAfter)}`,
        )
        return store.list(prefix, options)
      },
      listPrefixes: (prefix, signal) => store.listPrefixes(prefix, signal),
    },
  }
}

export async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return { code, message }
  }
  return { code: 'none', message: 'it did not fail' }
}
