import { TableError } from '@spillway/core'

/** How many requests of one recipient, or whatever else takes memory for as long as it goes on, are under way. */
export interface ConcurrencyLimit {
  /** Gives the place back; the first call counts. Throws where the recipient has no place left. */
  take(recipientId: string): () => void
}

export function createConcurrencyLimit(limit: number, what = 'requests'): ConcurrencyLimit {
  const taken = new Map<string, number>()
  return {
    take(recipientId) {
      const before = taken.get(recipientId) ?? 0
      if (before >= limit) {
        throw new TableError(
          'RATE_LIMITED',
          `you have ${before} ${what} under way, as many as the provider allows; wait for one to end`,
          { retryable: true },
        )
      }
      taken.set(recipientId, before + 1)
      let held = true
      return () => {
        if (!held) return
        held = false
        const now = taken.get(recipientId)! - 1
        if (now === 0) taken.delete(recipientId)
        else taken.set(recipientId, now)
      }
    },
  }
}
