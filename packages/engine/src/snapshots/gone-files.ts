import { isTableError } from '@spillway/core'

/**
 * True of an error as a snapshot that is kept may cause it once its files are gone or others are in their place: after a
 * cleanup of the log, expired snapshots, a table that was made anew. Storage that may not be listed says of what is gone
 * that it may not be read.
 */
export function isOfGoneFiles(error: unknown): boolean {
  if (!isTableError(error)) return false
  const { code, retryable } = error
  return (
    code === 'TABLE_CORRUPT' ||
    code === 'NOT_FOUND' ||
    (code === 'STORAGE_UNAVAILABLE' && !retryable)
  )
}
