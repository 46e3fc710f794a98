import { throwIfCancelled } from '@spillway/core'

/** So many at a time, in the order in which they asked. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Resolves to what gives the slot back. Who is cancelled gives up the place in the queue when it comes to that. */
  async take(signal?: AbortSignal): Promise<() => void> {
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
