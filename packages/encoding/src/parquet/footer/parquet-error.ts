import { corrupt, isTableError, TableError } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import { withPath } from '../../bytes/located.js'

/** Turns what decoders throw on bad bytes into TABLE_CORRUPT naming the file. */
export function reportingPath<T>(path: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (isTableError(error)) throw withPath(error, path)
    if (error instanceof FormatError && error.unsupported) {
      throw new TableError('UNSUPPORTED_FEATURE', `cannot read ${path}: ${error.message}`, {
        context: { path },
        cause: error,
      })
    }
    if (error instanceof FormatError || error instanceof RangeError) {
      throw badParquet(path, error.message, error)
    }
    throw error
  }
}

/** The error of a file that is no Parquet file. */
export function badParquet(path: string, reason: string, cause?: unknown): TableError {
  return corrupt('a Parquet file', reason, { path, cause })
}
