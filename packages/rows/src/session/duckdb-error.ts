import { TableError } from '@spillway/core'
import { isUndecodable } from './undecodable.js'

/** What DuckDB says about SQL that a person wrote. */
export function sqlErrorOf(cause: unknown): TableError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new TableError(
    'INVALID_REQUEST',
    `DuckDB refuses the query: ${message.split('\n\n')[0]}`,
    { cause },
  )
}

/** What DuckDB says about files it cannot read is the table's fault; about our SQL, ours. */
export function tableErrorOf(error: unknown): TableError {
  const text = error instanceof Error ? error.message : String(error)
  const message = text.split('\n\n')[0]!.trim()
  const missing = /No files found that match the pattern "(.*)"/s.exec(message)
  if (missing !== null) {
    return new TableError('TABLE_CORRUPT', `a file that the table lists does not exist`, {
      context: { path: missing[1]! },
      cause: error,
    })
  }
  // Files are all that our own SQL can fail at in this way.
  if (isUndecodable(message)) {
    return new TableError('UNSUPPORTED_FEATURE', `DuckDB does not read a file: ${message}`, {
      cause: error,
    })
  }
  if (/^(Invalid Input|IO|Conversion|Out of Range|Serialization|Invalid) Error/.test(message)) {
    return new TableError('TABLE_CORRUPT', `a file could not be read: ${message}`, { cause: error })
  }
  // A check of DuckDB's own that numbers of a footer fail.
  if (/^INTERNAL Error: Information loss on integer cast/.test(message)) {
    return new TableError('TABLE_CORRUPT', `a file could not be read: ${message}`, { cause: error })
  }
  if (/^Out of Memory Error/.test(message)) {
    return new TableError('UNSUPPORTED_FEATURE', `DuckDB ran out of memory: ${message}`, {
      cause: error,
    })
  }
  if (/^Not implemented Error/.test(message)) {
    return new TableError('UNSUPPORTED_FEATURE', `DuckDB cannot read it: ${message}`, {
      cause: error,
    })
  }
  return new TableError('INTERNAL', `DuckDB: ${message}`, { cause: error })
}
