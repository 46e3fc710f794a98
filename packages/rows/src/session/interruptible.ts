import type { DuckDBConnection } from '@duckdb/node-api'
import { throwIfCancelled } from '@spillway/core'

const AGAIN_MS = 20

/**
 * Work of a connection that ends with `CANCELLED` once the signal does. DuckDB forgets an interruption that comes before the
 * statement has begun, as while it waits for a thread: so it is interrupted again until it ends.
 */
export async function interruptible<Result>(
  connection: Pick<DuckDBConnection, 'interrupt'>,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  throwIfCancelled(signal)
  let again: ReturnType<typeof setTimeout> | undefined
  const interrupt = () => {
    connection.interrupt()
    again = setTimeout(interrupt, AGAIN_MS)
  }
  signal?.addEventListener('abort', interrupt, { once: true })
  try {
    return await work()
  } catch (error) {
    throwIfCancelled(signal)
    throw error
  } finally {
    signal?.removeEventListener('abort', interrupt)
    clearTimeout(again)
  }
}
