import { TableError } from '@spillway/core'

/** What is asked of somebody else, and how long the answer is waited for. */
export interface Question {
  readonly seconds: number
  /** What there is to say once they are over. */
  readonly late: () => TableError
  /** Aborted when nobody wants to know any more. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits for one answer after another, for each no longer than `seconds`. A long stream waits as often as it has batches: signal,
 * listener and timer are made once for all of them. The first that is late, or whoever leaves, ends this and every later wait.
 */
export class Waits {
  readonly #question: Question
  readonly #ended = new AbortController()
  readonly #timer: NodeJS.Timeout
  #fail: ((reason: TableError) => void) | undefined

  readonly #leave = () => this.#end(this.#question.signal!.reason)

  /** The timer runs on between two waits, when nobody is late. */
  readonly #expire = () => {
    if (this.#fail !== undefined) this.#end(this.#question.late())
  }

  constructor(question: Question) {
    this.#question = question
    const { signal, seconds } = question
    this.#timer = setTimeout(this.#expire, seconds * 1000)
    this.#timer.unref()
    signal?.addEventListener('abort', this.#leave, { once: true })
    if (signal?.aborted) this.#leave()
  }

  /** What `ask` gives in time; its signal ends what heeds it, and the wait for what does not. One at a time. */
  async for<Result>(ask: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { signal } = this.#ended
    if (signal.aborted) throw reasonOf(signal)
    this.#timer.refresh()
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#fail = reject
        // Who asks may be no TypeScript: an answer that is no promise is one all the same.
        Promise.resolve(ask(signal)).then(resolve, reject)
      })
    } catch (error) {
      // What was cut off says that it was cancelled: why says more.
      throw signal.aborted ? reasonOf(signal) : error
    } finally {
      this.#fail = undefined
    }
  }

  /** Nothing is waited for any more, and nothing is left behind. */
  end(): void {
    clearTimeout(this.#timer)
    this.#question.signal?.removeEventListener('abort', this.#leave)
  }

  #end(reason: unknown): void {
    this.#ended.abort(reason)
    this.#fail?.(reasonOf(this.#ended.signal))
  }
}

/** Why a wait was ended. */
export function reasonOf({ reason }: AbortSignal): TableError {
  if (reason instanceof TableError) return reason
  return new TableError('CANCELLED', 'the request was cancelled', { cause: reason })
}
