import { TableError } from '@spillway/core'

/**
 * An answer that is not what was asked for. It comes from whoever stands between as often as from the service itself
 * (a proxy, a cache, a page to sign in), so it may pass; nothing of it is used.
 */
export function answerError(
  path: string,
  message: string,
  { retryable = true, cause }: { readonly retryable?: boolean; readonly cause?: unknown } = {},
): TableError {
  return new TableError('STORAGE_UNAVAILABLE', `the answer of S3 cannot be used: ${message}`, {
    context: { path },
    retryable,
    cause,
  })
}
