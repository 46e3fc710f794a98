import { TableError, type WritableStore } from '@spillway/core'

/**
 * A store for paths that cannot be reached as things are configured. What would help is the provider's to know: it
 * stands in the context, which the command prints and recipients are not told.
 */
export function refusingStore(remedy: string): WritableStore {
  const refuse = (path: string): never => {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `${schemeOf(path)} locations cannot be reached as things are configured`,
      { context: { path, remedy } },
    )
  }
  const rejected = async (path: string) => refuse(path)
  return {
    get: rejected,
    head: rejected,
    // biome-ignore lint/correctness/useYield: it refuses before the first item.
    async *list(prefix) {
      refuse(prefix)
    },
    // biome-ignore lint/correctness/useYield: it refuses before the first item.
    async *listPrefixes(prefix) {
      refuse(prefix)
    },
    put: rejected,
    delete: rejected,
  }
}

function schemeOf(path: string): string {
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(path)?.[0] ?? 'such'
}
