/** Answers share one thread: each makes one block, then lets the others, and whoever has just arrived, go on. */
export interface Rounds {
  /** Resolves when it is the caller's turn. Whoever has sent nothing yet goes before those who have. */
  turn(options: { readonly first: boolean }): Promise<void>
}

/**
 * One turn for each round of the event loop. Without it a recipient who reads as fast as blocks are made is written to
 * without a pause, and nobody else's request is even received.
 */
export function createRounds(): Rounds {
  const first: (() => void)[] = []
  const more: (() => void)[] = []
  let scheduled = false

  function schedule(): void {
    if (scheduled || first.length + more.length === 0) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      const go = first.shift() ?? more.shift()
      go?.()
      schedule()
    })
  }

  return {
    turn: options =>
      new Promise(resolve => {
        const queue = options.first ? first : more
        queue.push(resolve)
        schedule()
      }),
  }
}
