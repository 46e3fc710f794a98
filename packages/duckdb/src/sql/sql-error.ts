import { isTableError, TableError } from '@spillway/core'
import { isUndecodable } from '@spillway/rows'
import { STUB_TEXT } from './stub.js'

/** What DuckDB says about a statement that a person wrote; about files that were shared, the provider's fault. */
export function sqlError(cause: unknown): TableError {
  if (isTableError(cause)) return cause
  const text = cause instanceof Error ? cause.message : String(cause)
  const message = text.split('\n\n')[0]!.trim()
  if (/^Out of Memory Error/.test(message)) {
    return new TableError('UNSUPPORTED_FEATURE', `DuckDB ran out of memory: ${message}`, { cause })
  }
  const instead = INSTEAD.find(([pattern]) => pattern.test(message))
  if (instead !== undefined) return new TableError('UNSUPPORTED_FEATURE', instead[1], { cause })
  const fault = fileFault(message)
  if (fault !== undefined) {
    return new TableError(fault, `a shared file could not be read: ${message}`, { cause })
  }
  return new TableError('INVALID_REQUEST', `DuckDB refuses the query: ${message}`, { cause })
}

/** What DuckDB has no helpful words for, by what it says. */
const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [
    new RegExp(STUB_TEXT.slice(0, 40)),
    'the statement would read a shared table in a way that fetches nothing of it, as EXPLAIN ANALYZE does: explain() says what a query reads, and running it how long that takes',
  ],
  [
    /cannot be created from an unnamed struct/,
    "a table, as that of a result is, has no structs without names, such as row(1, 2): name the fields, as {'a': 1, 'b': 2} does",
  ],
]

/** What files can be blamed for: undefined for what a person wrote, and for files that are a person's own. */
function fileFault(message: string): 'TABLE_CORRUPT' | 'UNSUPPORTED_FEATURE' | undefined {
  if (/^(Parser|Binder|Catalog|Syntax|Permission|Constraint|Transaction) Error/.test(message)) {
    return undefined
  }
  const isShared = SHARED_PATH.test(message)
  // A path that is not ours was named by the statement: what it reads, or where it writes.
  if (!isShared && /"[^"]*[/.][^"]*"/.test(message) && /^(IO|HTTP) Error|file "/.test(message)) {
    return undefined
  }
  const isAboutFiles = isShared || /^(IO|Serialization|HTTP) Error/.test(message)
  if (!isAboutFiles && !PARQUET_WORDS.test(message)) return undefined
  return isUndecodable(message) ? 'UNSUPPORTED_FEATURE' : 'TABLE_CORRUPT'
}

/** Copies of shared files, and the address where they are read otherwise. */
const SHARED_PATH = /spillway-share-|http:\/\/127\.0\.0\.1:/
const PARQUET_WORDS =
  /parquet|TProtocol|snappy|zstd|compression codec|encoding is only supported for/i
