import { type ErrorContext, isTableError, TableError } from '@spillway/core'
import { WIRE_ERRORS } from '@spillway/protocol'

/** Causes of an error that are looked at: the log prints no more of them. */
const LONGEST_CHAIN = 5

/**
 * The error itself where nothing of it, or of what caused it, holds a secret; else one that says the rest. Members that are
 * objects may hold anything, as those of clients of databases hold what they sent: none of them is kept.
 */
export function withoutSecrets(error: unknown, secrets: readonly string[]): unknown {
  try {
    return clean(error, secrets, LONGEST_CHAIN)
  } catch {
    return new TableError('INTERNAL', 'what was thrown cannot be read')
  }
}

function clean(error: unknown, secrets: readonly string[], depth: number): unknown {
  if (!(error instanceof Error || isTableError(error))) return told(error, secrets)
  const message = cleared(String(error.message), secrets)
  const stack = error.stack === undefined ? undefined : cleared(String(error.stack), secrets)
  const cause = depth > 0 ? clean(error.cause, secrets, depth - 1) : undefined
  const members = cleanMembers(error, secrets)
  const context = isTableError(error) ? cleanContext(error.context, secrets) : undefined
  const isClean =
    message === error.message &&
    stack === error.stack &&
    cause === error.cause &&
    members === undefined &&
    (!isTableError(error) || (context === error.context && Object.hasOwn(WIRE_ERRORS, error.code)))
  if (isClean) return error
  const rest = isTableError(error)
    ? tableErrorOf(error, { message, context: context!, cause }, secrets)
    : Object.assign(new Error(message, { cause }), members)
  rest.name = cleared(String(error.name), secrets)
  if (stack !== undefined) rest.stack = stack
  return rest
}

/** A code that nobody knows is a fault, and stands where the log has it. */
function tableErrorOf(
  { code, retryable }: TableError,
  said: { readonly message: string; readonly context: ErrorContext; readonly cause: unknown },
  secrets: readonly string[],
): TableError {
  const { message, context, cause } = said
  if (Object.hasOwn(WIRE_ERRORS, code)) {
    return new TableError(code, message, { context, cause, retryable: retryable === true })
  }
  const unknown = { ...context, unknownCode: cleared(String(code), secrets) }
  return new TableError('INTERNAL', message, { context: unknown, cause })
}

const LOOKED_AT = new Set(['message', 'stack', 'cause', 'context', 'name'])

/** Own members that may stay, where others may not; undefined where all may. */
function cleanMembers(
  error: Error,
  secrets: readonly string[],
): Readonly<Record<string, unknown>> | undefined {
  const names = Object.getOwnPropertyNames(error).filter(name => !LOOKED_AT.has(name))
  const members = names.map(name => [name, Reflect.get(error, name) as unknown] as const)
  const kept = members.filter(
    ([name, value]) => isPlain(value) && isClear(`${name}=${String(value)}`, secrets),
  )
  return kept.length === members.length ? undefined : Object.fromEntries(kept)
}

function isPlain(value: unknown): boolean {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value)
}

function isClear(text: string, secrets: readonly string[]): boolean {
  return cleared(text, secrets) === text
}

function cleanContext(context: ErrorContext, secrets: readonly string[]): ErrorContext {
  const entries = Object.entries(context ?? {})
  const clean = entries.map(
    ([key, value]) =>
      [cleared(key, secrets), isClear(`${key}=x`, []) ? shown(value, secrets) : '…'] as const,
  )
  const isClean = clean.every(
    ([key, value], i) => key === entries[i]![0] && value === entries[i]![1],
  )
  return isClean && context !== undefined && context !== null ? context : Object.fromEntries(clean)
}

/** A value of a context: what has parts as a text of them. */
function shown(value: unknown, secrets: readonly string[]): string | number | bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value === 'string') return cleared(value, secrets)
  return cleared(jsonOf(value), secrets).slice(0, LONGEST_VALUE)
}

const LONGEST_VALUE = 2048

function jsonOf(value: unknown): string {
  const text = JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}` : each))
  return text ?? `a ${typeof value}`
}

/** What was thrown, or caused something, and is no error. */
function told(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return cleared(value, secrets)
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return value
  return `an object of ${cleared(Object.keys(value).slice(0, 10).join(', '), secrets) || 'nothing'}`
}

/** User and password in a URL, as drivers of databases put them into their errors. */
const USER_OF_URL =
  /(?<=\b[a-z][a-z0-9+.-]{1,20}:\/\/)(?:[^\s/@:]{0,256}:[^\s'"@]{1,1000}|[^\s/@]{1,1000})@/gi

/** What stands behind `token=`, `sig=`, `password=` and their like: in URLs, and in what drivers connect by. */
const SECRET_NAME =
  '[\\w.-]{0,40}(?:token|secret|signature|credential|passw|pwd|(?:api|access|account)[-_]?key|\\bsig|jwt|session)[\\w.-]{0,40}'
const NAMED_SECRET = new RegExp(
  `(?<=(?:^|[?&;,\\s'"({])${SECRET_NAME}=)(?:"[^"]*"|'[^']*'|[^&;,\\s'"]+)`,
  'gi',
)
const NAMED_IN_JSON = new RegExp(
  `(?<="${SECRET_NAME}"\\s{0,5}:\\s{0,5})"(?:[^"\\\\]|\\\\.)*"`,
  'gi',
)

export function cleared(text: string, secrets: readonly string[]): string {
  const rest = secrets.reduce((left, secret) => left.replaceAll(secret, '…'), text)
  return rest.replace(USER_OF_URL, '…@').replace(NAMED_SECRET, '…').replace(NAMED_IN_JSON, '"…"')
}
