import { isTableError, TableError } from '@spillway/core'
import { isUndecodable } from '../undecodable.js'

/** What DuckDB says about a statement that a person wrote; about files that were shared, the provider's fault. */
export function sqlError(cause: unknown): TableError {
  if (isTableError(cause)) return cause
  const message = (cause instanceof Error ? cause.message : String(cause)).split('\n\n')[0]!.trim()
  if (/^Out of Memory Error/.test(message)) {
    return new TableError('UNSUPPORTED_FEATURE', `DuckDB ran out of memory: ${message}`, { cause })
  }
  if (isUndecodable(message)) {
    return new TableError('UNSUPPORTED_FEATURE', `DuckDB does not read a shared file: ${message}`, {
      cause,
    })
  }
  if (
    /^(IO|Serialization|HTTP) Error/.test(message) ||
    /parquet|TProtocol|snappy|zstd/i.test(message)
  ) {
    return new TableError('TABLE_CORRUPT', `a shared file could not be read: ${message}`, { cause })
  }
  return new TableError('INVALID_REQUEST', `DuckDB refuses the query: ${message}`, { cause })
}
