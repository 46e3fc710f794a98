export type ErrorCode =
  | 'INVALID_REQUEST'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'RATE_LIMITED'
  | 'UNSUPPORTED_FEATURE'
  | 'TABLE_CORRUPT'
  | 'STORAGE_UNAVAILABLE'
  | 'CANCELLED'
  | 'INTERNAL'

export type ErrorContext = Readonly<Record<string, string | number | bigint>>

const marker = Symbol.for('spillway.TableError')

/** The one error class: callers switch on `code`. `context` carries path, version and line where they are known. */
export class TableError extends Error {
  readonly code: ErrorCode
  readonly context: ErrorContext
  readonly retryable: boolean
  // Two installed copies of this package recognise each other's errors by the marker.
  readonly [marker] = true

  constructor(
    code: ErrorCode,
    message: string,
    options: { context?: ErrorContext; cause?: unknown; retryable?: boolean } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'TableError'
    this.code = code
    this.context = options.context ?? {}
    this.retryable = options.retryable ?? code === 'STORAGE_UNAVAILABLE'
  }
}

/** True for a TableError of this or any other copy of the package. */
export function isTableError(error: unknown): error is TableError {
  return typeof error === 'object' && error !== null && marker in error
}

/** Throws `CANCELLED` once `signal` has been aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new TableError('CANCELLED', 'the request was cancelled', { cause: signal.reason })
}
