import { isTableError, TableError } from '@spillway/core'

/** A name that is too long for the disk cannot be there either. */
const MISSING = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'])

/** Expected absence: a value, not an error. */
export function isMissing(error: unknown): boolean {
  return MISSING.has(codeOf(error))
}

export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}

/** Errors of the file system as ours. Only what may pass by itself is worth a retry. */
export function localError(error: unknown, path: string): TableError {
  if (isTableError(error)) return error
  const code = codeOf(error)
  const denied = code === 'EACCES' || code === 'EPERM'
  const reason = denied
    ? 'the user of this process may not read or write it'
    : code || String(error)
  return new TableError('STORAGE_UNAVAILABLE', `local file not reached: ${reason}`, {
    context: { path },
    cause: error,
    retryable: code === 'EMFILE' || code === 'ENFILE' || code === 'EAGAIN' || code === 'EBUSY',
  })
}
