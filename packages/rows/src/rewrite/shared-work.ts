import { untilAborted } from '@spillway/core'

/** Work that whoever asks at once waits for together, its results kept while there is room for them. */
export interface SharedWork<Result> {
  /** It is nobody's alone, so `signal` ends the waiting and not the work. */
  get(key: string, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result>
}

/** What is kept of results; absent, nothing is. */
export interface Keeping<Result> {
  readonly maxBytes: number
  readonly bytesOf: (result: Result) => number
}

export function sharedWork<Result>(keeping?: Keeping<Result>): SharedWork<Result> {
  const running = new Map<string, Promise<Result>>()
  const kept = new Map<string, Result>()
  let bytes = 0

  function keep(key: string, result: Result): void {
    if (keeping === undefined) return
    kept.set(key, result)
    bytes += keeping.bytesOf(result)
    // Oldest first: maps iterate in the order that keys were set.
    for (const [oldest, value] of kept) {
      if (bytes <= keeping.maxBytes) return
      kept.delete(oldest)
      bytes -= keeping.bytesOf(value)
    }
  }

  function touch(key: string): Result | undefined {
    const known = kept.get(key)
    if (known === undefined) return undefined
    kept.delete(key)
    kept.set(key, known)
    return known
  }

  async function finishing(key: string, work: Promise<Result>): Promise<Result> {
    try {
      const result = await work
      keep(key, result)
      return result
    } finally {
      running.delete(key)
    }
  }

  return {
    async get(key, work, signal) {
      const known = touch(key)
      if (known !== undefined) return known
      let shared = running.get(key)
      if (shared === undefined) {
        shared = finishing(key, work())
        running.set(key, shared)
      }
      return untilAborted(shared, signal)
    },
  }
}
