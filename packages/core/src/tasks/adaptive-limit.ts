/** Runs tasks a few at a time: more while that brings more bytes, fewer when the other side pushes back. */
export interface AdaptiveLimit {
  run<Result>(task: () => Promise<Result>): Promise<Result>
  /** Counts towards the throughput that more concurrency must improve. */
  received(bytes: number): void
  /** A 429, a 503 or a time-out. */
  congested(): void
  readonly current: number
}

const START = 4
const MIN_EPOCH_MS = 200
const BETTER = 1.05
const WORSE = 0.85

export function adaptiveLimit(max: number, now: () => number = Date.now): AdaptiveLimit {
  const waiting: (() => void)[] = []
  let limit = Math.min(START, max)
  let running = 0
  let epoch = { start: now(), bytes: 0, tasks: 0 }
  let best = 0

  function finished(): void {
    running--
    epoch.tasks++
    const elapsed = now() - epoch.start
    if (epoch.tasks >= limit && elapsed >= MIN_EPOCH_MS) {
      adapt(epoch.bytes / elapsed)
      epoch = { start: now(), bytes: 0, tasks: 0 }
    }
    while (running < limit && waiting.length > 0) {
      running++
      waiting.shift()!()
    }
  }

  function adapt(throughput: number): void {
    if (throughput > best * BETTER) {
      best = throughput
      limit = Math.min(max, limit + 2)
    } else if (throughput < best * WORSE) {
      limit = Math.max(Math.min(2, max), limit - 1)
      // What was best an hour ago is no measure for a link that became slower.
      best = (best + throughput) / 2
    }
  }

  return {
    async run(task) {
      if (running < limit) running++
      else await new Promise<void>(resolve => waiting.push(resolve))
      try {
        return await task()
      } finally {
        finished()
      }
    },
    received(bytes) {
      epoch.bytes += bytes
    },
    congested() {
      limit = Math.max(1, Math.floor(limit / 2))
      epoch = { start: now(), bytes: 0, tasks: 0 }
    },
    get current() {
      return limit
    },
  }
}
