import { type BenchmarkReport, OURS } from './report/report.js'

/** What a run may not exceed, counted exactly: no clock takes part. */
export interface Limits {
  /** Requests to the simulated store, refused ones left out. */
  readonly requests?: number
  /** Whether files may be kept that have nothing of what is asked for. */
  readonly keepsIdeal?: boolean
}

/** What of ours exceeds its limits, in words. */
export function exceeded(limits: Limits, { name, samples }: BenchmarkReport): readonly string[] {
  return (samples[OURS] ?? []).flatMap(({ store, facts }) => {
    const problems: string[] = []
    if (limits.requests !== undefined && store !== undefined) {
      const requests = store.get + store.head + store.list + store.put
      if (requests > limits.requests) {
        problems.push(`${name}: ${requests} requests, expected at most ${limits.requests}`)
      }
    }
    const { found = 0, ideal = found } = facts
    if (limits.keepsIdeal && found > ideal) {
      problems.push(`${name}: keeps ${found} files, expected the ${ideal} that have a match`)
    }
    return problems
  })
}
