import type { ObjectStore } from './object-store.js'
import { outsideRefusal } from './outside-refusal.js'
import { folderOf, tableRoots } from './table-roots.js'
import type { TableSource } from './table-source.js'

/**
 * `store` as everything that reads a table must have it (decision 0021): no object outside the table's roots is asked
 * for, and stores with links resolve them first. What a table's own metadata says of where its files lie is never
 * believed further than this. `folder`: see `TableRootsOptions`.
 */
export function fencedStore(store: ObjectStore, source: TableSource, folder?: string): ObjectStore {
  const roots = tableRoots(source, { folder })
  const inner =
    store.within?.({
      folders: [...roots.folders, ...roots.files],
      refusal: (path, target) =>
        outsideRefusal(source, { files: 1, first: path, folders: [folderOf(target)] }),
    }) ?? store
  const open = inner.openLocal?.bind(inner)
  return {
    budgets: store.budgets,
    async get(path, options) {
      roots.check(path)
      return inner.get(path, options)
    },
    async head(path, signal) {
      roots.check(path)
      return inner.head(path, signal)
    },
    async *list(prefix, options) {
      roots.check(prefix)
      yield* inner.list(prefix, options)
    },
    async *listPrefixes(prefix, signal) {
      roots.check(prefix)
      yield* inner.listPrefixes(prefix, signal)
    },
    ...(open && {
      async openLocal(path, signal) {
        roots.check(path)
        return open(path, signal)
      },
    }),
  } satisfies ObjectStore
}
