import { isTableError, TableError } from '@spillway/core'

/** Files that storage refuses in one pass, after which the next goes on behind them: each costs a request. */
const MOST_REFUSED = 1000

/** Files that storage does not give, though it gives others: they keep none of the others from being read. */
export class RefusedFiles {
  #first: TableError | undefined
  #count = 0

  /** What `work` gives; undefined where its file is refused. Storage that is away, as it says, refuses no file. */
  async unless<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.#count++
      this.#first ??= error
      return undefined
    }
  }

  get isFull(): boolean {
    return this.#count >= MOST_REFUSED
  }

  /** One for all of them; undefined where there are none. */
  get error(): TableError | undefined {
    const first = this.#first
    if (first === undefined) return undefined
    const { code, message, context, retryable } = first
    if (code === 'PERMISSION_DENIED') {
      const files =
        this.#count === 1 ? 'a file has no digest' : `${this.#count} files have no digests`
      return new TableError(code, `${files}: ${message}`, { context })
    }
    if (this.#count === 1) return first
    const more = this.#count - 1
    return new TableError(
      code,
      `${message}; so or alike it is with ${more} more ${more === 1 ? 'file' : 'files'} of the folder`,
      { context, retryable, cause: first },
    )
  }
}

function isRefusal(error: unknown): error is TableError {
  return (
    isTableError(error) &&
    !error.retryable &&
    error.code !== 'CANCELLED' &&
    error.code !== 'INTERNAL'
  )
}
