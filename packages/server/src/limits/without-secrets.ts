import { isTableError, TableError } from '@spillway/core'

/** Causes of an error that are looked at: the log prints no more of them. */
const LONGEST_CHAIN = 5

/** The error itself where no text of it, or of what caused it, holds a secret; else one that says the rest. */
export function withoutSecrets(
  error: unknown,
  secrets: readonly string[],
  depth = LONGEST_CHAIN,
): unknown {
  if (typeof error === 'string') return cleared(error, secrets)
  if (!(error instanceof Error)) return error
  const message = cleared(error.message, secrets)
  const cause = depth > 0 ? withoutSecrets(error.cause, secrets, depth - 1) : undefined
  const context = isTableError(error) ? clearedContext(error.context, secrets) : undefined
  const isClean =
    message === error.message &&
    cause === error.cause &&
    (context === undefined || context === (error as TableError).context)
  if (isClean) return error
  const rest = isTableError(error)
    ? new TableError(error.code, message, { context: context!, cause, retryable: error.retryable })
    : new Error(message, { cause })
  rest.name = error.name
  if (error.stack !== undefined) rest.stack = cleared(error.stack, secrets)
  return rest
}

function clearedContext(
  context: TableError['context'],
  secrets: readonly string[],
): TableError['context'] {
  const dirty = Object.entries(context).some(
    ([, value]) => typeof value === 'string' && cleared(value, secrets) !== value,
  )
  if (!dirty) return context
  return Object.fromEntries(
    Object.entries(context).map(([key, value]) => [
      key,
      typeof value === 'string' ? cleared(value, secrets) : value,
    ]),
  )
}

/** User and password in a URL, as drivers of databases put them into their errors. */
const USER_OF_URL = /(?<=\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@]{1,1000}@/gi

export function cleared(text: string, secrets: readonly string[]): string {
  const rest = secrets.reduce((left, secret) => left.replaceAll(secret, '…'), text)
  return rest.replace(USER_OF_URL, '…@')
}
