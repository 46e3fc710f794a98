import { TableError } from '@spillway/core'
import type { Connection } from '@spillway/rows'

/**
 * What a connection still holds of statements that are over. In a transaction that failed DuckDB takes nothing but its
 * end, so that what cannot be taken away there waits for the next use of the connection.
 */
export class Leftovers {
  readonly #session: Connection
  /** The statement that puts each of them right, by name. */
  readonly #waiting = new Map<string, string>()

  constructor(session: Connection) {
    this.#session = session
  }

  /** Runs `sql` for what is called `name`, now or as soon as the connection takes it. In the lane. */
  async clear(name: string, sql: string): Promise<void> {
    this.#waiting.delete(name)
    try {
      await this.#session.run(sql)
    } catch (error) {
      if (!isAborted(error)) throw error
      this.#waiting.set(name, sql)
    }
  }

  /** Tries again what waits, in its order. In the lane. */
  async clearAll(): Promise<void> {
    for (const [name, sql] of [...this.#waiting]) {
      await this.clear(name, sql)
      if (this.#waiting.has(name)) return
    }
  }
}

function isAborted(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Current transaction is aborted')
}

/** An error; where it is a transaction that DuckDB does not do something in, with what would make it do that. */
export function withWayOut(error: unknown): unknown {
  const message = wayOut(error)
  if (message === undefined) return error
  return new TableError('INVALID_REQUEST', message, {
    cause: error,
    context: { connection: 'transaction' },
  })
}

function wayOut(error: unknown): string | undefined {
  if (isAborted(error)) {
    return 'a statement of the transaction failed before, and DuckDB takes no other until it is over: ROLLBACK first'
  }
  const { message } = error as Error
  return /Cannot detach database "/.test(message) && /outstanding work/.test(message)
    ? 'the transaction has read a share, which DuckDB keeps until it is over: COMMIT or ROLLBACK, then close the share again'
    : undefined
}
