import { isTableError, TableError } from '@spillway/core'
import type { Engine } from '@spillway/engine'

/**
 * The engine as routes see it. A table that is shared and not there is a 404 that says no more than that: where the
 * provider keeps its tables is for the access log.
 */
export function guardedEngine(engine: Engine): Engine {
  return {
    ...engine,
    resolve: (...asked) => engine.resolve(...asked).catch(hideLocation),
    snapshot: (...asked) => engine.snapshot(...asked).catch(hideLocation),
    partOf: (...asked) => engine.partOf(...asked).catch(hideLocation),
    changes: (...asked) => engine.changes(...asked).catch(hideLocation),
  }
}

function hideLocation(error: unknown): never {
  if (!isTableError(error) || error.code !== 'NOT_FOUND') throw error
  throw new TableError(
    'NOT_FOUND',
    'the table is shared, but its files are missing; ask your provider',
    {
      context: error.context,
      cause: error,
    },
  )
}
