import { setTimeout } from 'node:timers/promises'

/** So many bytes a second of all who read together, on the average. */
export class ReadingPace {
  readonly #bytesPerSecond: number
  #paidUntil = 0

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Resolves when the next may be read, behind `bytes` whose reading began at `began` (of `performance.now()`). */
  async behind(bytes: number, began: number, signal: AbortSignal): Promise<void> {
    this.#paidUntil = Math.max(this.#paidUntil, began) + (bytes / this.#bytesPerSecond) * 1000
    const due = this.#paidUntil - performance.now()
    if (due > 0) await setTimeout(due, undefined, { signal })
  }
}
