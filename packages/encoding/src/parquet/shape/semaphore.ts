import { throwIfCancelled } from '@spillway/core'

/** Permits for so many at a time, given in the order in which they were asked for. */
export class Semaphore {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Resolves to what gives the permit back. Who is cancelled gives up the place in the queue when it comes to that. */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    throwIfCancelled(signal)
    if (this.#free > 0) this.#free--
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
    return () => {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
