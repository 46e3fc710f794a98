/** Runs tasks a few at a time: more while that brings more bytes, fewer when the other side pushes back. */
export interface AdaptiveLimit {
  run<Result>(task: () => Promise<Result>): Promise<Result>
  /** Counts towards the throughput that more concurrency must improve. */
  received(bytes: number): void
  /** A 429, a 503 or a time-out. */
  congested(): void
  readonly current: number
}

/**
 * So many go at once from the first: a selective query is a round of footers and a round of chunks, and a limit that has
 * to grow makes rounds of each.
 */
const START = 16
const MIN_EPOCH_MS = 200
const BETTER = 1.05
const WORSE = 0.85

/** At most `max` tasks at a time; `now` in milliseconds. */
export function adaptiveLimit(max: number, now: () => number = Date.now): AdaptiveLimit {
  return new Limit(max, now)
}

class Limit implements AdaptiveLimit {
  readonly #max: number
  readonly #now: () => number
  readonly #waiting: (() => void)[] = []
  #current: number
  #running = 0
  #epoch: Epoch
  #best = 0
  /** Tasks that ran when the limit was halved: what they meet is what it was halved for. */
  #halvedFor = 0

  constructor(max: number, now: () => number) {
    this.#max = max
    this.#now = now
    this.#current = Math.min(START, max)
    this.#epoch = this.#newEpoch()
  }

  get current(): number {
    return this.#current
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    // Time in which nothing is asked for says nothing of the link.
    if (this.#running === 0) this.#epoch = this.#newEpoch()
    if (this.#running < this.#current) this.#running++
    else {
      this.#epoch.isFull = true
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    try {
      return await task()
    } finally {
      this.#finished()
    }
  }

  received(bytes: number): void {
    this.#epoch.bytes += bytes
  }

  congested(): void {
    this.#epoch = this.#newEpoch()
    if (this.#halvedFor > 0) return
    this.#halvedFor = this.#running
    this.#current = Math.max(1, Math.floor(this.#current / 2))
  }

  #finished(): void {
    this.#running--
    this.#halvedFor = Math.max(0, this.#halvedFor - 1)
    const epoch = this.#epoch
    epoch.tasks++
    const elapsed = this.#now() - epoch.start
    if (epoch.tasks >= this.#current && elapsed >= MIN_EPOCH_MS) {
      // Where nothing waited, the limit is not what the throughput came from.
      if (epoch.isFull) this.#adapt(epoch.bytes / elapsed)
      this.#epoch = this.#newEpoch()
    }
    while (this.#running < this.#current && this.#waiting.length > 0) {
      this.#running++
      this.#waiting.shift()!()
    }
  }

  #adapt(throughput: number): void {
    if (throughput > this.#best * BETTER) {
      this.#best = throughput
      this.#current = Math.min(this.#max, this.#current + 2)
    } else if (throughput < this.#best * WORSE) {
      this.#current = Math.max(Math.min(2, this.#max), this.#current - 1)
      // What was best an hour ago is no measure for a link that became slower.
      this.#best = (this.#best + throughput) / 2
    }
  }

  #newEpoch(): Epoch {
    return { start: this.#now(), bytes: 0, tasks: 0, isFull: this.#waiting.length > 0 }
  }
}

interface Epoch {
  readonly start: number
  bytes: number
  tasks: number
  /** True once something had to wait. */
  isFull: boolean
}
