import { TableError, throwIfCancelled } from '@spillway/core'

/** `together` with others of its kind, `alone` beside nobody. */
export type TurnKind = 'together' | 'alone'

interface Waiting {
  readonly kind: TurnKind
  start(): void
}

/**
 * Turns in the order in which they were asked for: nobody overtakes, so that what was asked for later sees what was done
 * before, and neighbours that may go together do.
 */
export class Turns {
  readonly #waiting: Waiting[] = []
  #running = 0
  #isAlone = false

  /** Runs `work` when its turn comes. One whose signal fires while it waits gives its place up. */
  async take<Result>(
    kind: TurnKind,
    signal: AbortSignal | undefined,
    work: () => Promise<Result> | Result,
  ): Promise<Result> {
    await this.#enter(kind, signal)
    try {
      return await work()
    } finally {
      this.#running--
      this.#isAlone = false
      this.#startNext()
    }
  }

  #enter(kind: TurnKind, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      throwIfCancelled(signal)
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(
          new TableError('CANCELLED', 'the statement was cancelled', { cause: signal?.reason }),
        )
        this.#startNext()
      }
      const waiting: Waiting = {
        kind,
        start() {
          signal?.removeEventListener('abort', giveUp)
          resolve()
        },
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(waiting)
      this.#startNext()
    })
  }

  #startNext(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#isAlone || (next.kind === 'alone' && this.#running > 0)) return
      this.#waiting.shift()
      this.#running++
      this.#isAlone = next.kind === 'alone'
      next.start()
    }
  }
}

/** The use of one connection, a piece of work at a time. Work must not ask for the connection again. */
export type Lane = <Result>(
  signal: AbortSignal | undefined,
  work: () => Promise<Result> | Result,
) => Promise<Result>

export function lane(): Lane {
  const turns = new Turns()
  return (signal, work) => turns.take('alone', signal, work)
}
