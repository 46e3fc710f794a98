import { type ObjectStore, TableError } from '@spillway/core'

/**
 * `store` for what reads tables: whoever asks for anything without having asked for the table's own store first fails.
 * A reader that forgets the fence in one place cannot pass its suite over this.
 */
export function onlyFenced(store: ObjectStore): ObjectStore {
  return {
    get: async path => refuse(path),
    head: async path => refuse(path),
    // biome-ignore lint/correctness/useYield: a listing that fails at its first step.
    async *list(prefix) {
      refuse(prefix)
    },
    // biome-ignore lint/correctness/useYield: the same.
    async *listPrefixes(prefix) {
      refuse(prefix)
    },
    within: fence => store.within?.(fence) ?? store,
  }
}

function refuse(path: string): never {
  throw new TableError('INTERNAL', 'a table was read through a store without a fence', {
    context: { path },
  })
}
