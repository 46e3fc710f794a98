/** Answers share one thread: each makes one block, then lets the others, and whoever has just arrived, go on. */
export interface FairScheduler {
  /**
   * Resolves when it is the caller's turn. Whoever has sent nothing yet, or little, goes before those who have sent much;
   * among either, recipients take turns, however many requests each has.
   */
  turn(options: { readonly first: boolean; readonly recipient?: string }): Promise<void>
}

/**
 * One turn for each round of the event loop. Without it a recipient who reads as fast as blocks are made is written to
 * without a pause, and nobody else's request is even received.
 */
export function createFairScheduler(): FairScheduler {
  const first = new FairQueue()
  const more = new FairQueue()
  let scheduled = false
  let firstInARow = 0

  /** Long answers go on, however many short ones come. */
  function next(): (() => void) | undefined {
    const isTurnOfMore = firstInARow >= FIRST_IN_A_ROW && !more.isEmpty
    firstInARow = first.isEmpty || isTurnOfMore ? 0 : firstInARow + 1
    return (isTurnOfMore ? undefined : first.shift()) ?? more.shift()
  }

  function schedule(): void {
    if (scheduled || (first.isEmpty && more.isEmpty)) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      next()?.()
      schedule()
    })
  }

  return {
    turn: ({ first: isFirst, recipient = '' }) =>
      new Promise(resolve => {
        const queue = isFirst ? first : more
        queue.push(recipient, resolve)
        schedule()
      }),
  }
}

/** So many of those who go first are served before one of the others is. */
const FIRST_IN_A_ROW = 4

/** First come first served within a recipient, one of each recipient after the other. */
class FairQueue {
  /** Recipients who wait, the next first: whoever was served and has more goes to the end. */
  readonly #waiting = new Map<string, (() => void)[]>()

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  push(recipient: string, go: () => void): void {
    const own = this.#waiting.get(recipient)
    if (own === undefined) this.#waiting.set(recipient, [go])
    else own.push(go)
  }

  shift(): (() => void) | undefined {
    for (const [recipient, own] of this.#waiting) {
      const go = own.shift()
      this.#waiting.delete(recipient)
      if (own.length > 0) this.#waiting.set(recipient, own)
      return go
    }
    return undefined
  }
}
