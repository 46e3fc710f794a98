import { type ErrorCode, type ErrorContext, isTableError } from '@spillway/core'

export interface ErrorJson {
  readonly code: ErrorCode
  readonly message: string
  readonly context: Readonly<Record<string, string | number>>
}

/** What went wrong, as data. What is no TableError is our own mistake. */
export function errorJson(error: unknown): ErrorJson {
  if (isTableError(error)) {
    return { code: error.code, message: error.message, context: contextJson(error.context) }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'INTERNAL', message: `internal error: ${message}`, context: {} }
}

function contextJson(context: ErrorContext): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    Object.entries(context).map(([key, value]) => [
      key,
      typeof value === 'bigint' ? value.toString() : value,
    ]),
  )
}
