import { type ErrorCode, type ErrorContext, isTableError, type TableError } from '@spillway/core'

/** Body of every error answer of the wire. */
export interface ErrorBody {
  readonly errorCode: string
  readonly message: string
}

export interface WireError {
  readonly status: number
  readonly body: ErrorBody
  /** Set for what may pass by itself, and for nothing else: clients repeat these for minutes. */
  readonly retryAfterSeconds?: number
}

interface Answer {
  readonly status: number
  readonly errorCode: string
}

/**
 * What each code becomes on the wire. The statuses are the protocol's; its error codes are not fixed, so these are
 * the ones that existing servers use. Never 501: the clients retry every 5xx for minutes.
 */
export const WIRE_ERRORS: Readonly<Record<ErrorCode, Answer>> = {
  INVALID_REQUEST: { status: 400, errorCode: 'INVALID_PARAMETER_VALUE' },
  UNAUTHENTICATED: { status: 401, errorCode: 'UNAUTHENTICATED' },
  PERMISSION_DENIED: { status: 403, errorCode: 'PERMISSION_DENIED' },
  NOT_FOUND: { status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST' },
  CONFLICT: { status: 409, errorCode: 'RESOURCE_ALREADY_EXISTS' },
  RATE_LIMITED: { status: 429, errorCode: 'REQUEST_LIMIT_EXCEEDED' },
  UNSUPPORTED_FEATURE: { status: 400, errorCode: 'UNSUPPORTED_FEATURE' },
  // Asking again does not mend a table, and clients repeat a 5xx for minutes.
  TABLE_CORRUPT: { status: 400, errorCode: 'TABLE_CORRUPT' },
  // Only where it may pass; see `REFUSED_BY_STORAGE`.
  STORAGE_UNAVAILABLE: { status: 503, errorCode: 'TEMPORARILY_UNAVAILABLE' },
  // Nobody is there to read it.
  CANCELLED: { status: 499, errorCode: 'CANCELLED' },
  INTERNAL: { status: 500, errorCode: 'INTERNAL_ERROR' },
}

/** Storage that will refuse again: a bucket that is not there, no credentials, a path outside what may be read. */
const REFUSED_BY_STORAGE: Answer = { status: 400, errorCode: 'INVALID_STATE' }
/** Storage that knows the server and does not let it. */
const DENIED_BY_STORAGE: Answer = { status: 403, errorCode: 'PERMISSION_DENIED' }

const RETRY_AFTER_SECONDS = 1

/** Locations behind the key that names them, in quotes where there are odd characters in them. */
const NAMED_LOCATIONS = /(?<=auxiliaryLocations: \[)(?:"(?:[^"\\]|\\.)*"|[^\]"])+/g

/** Storage URIs, and absolute paths of two names or more. */
const LOCATION = /\b[a-z][a-z0-9+.-]*:\/+[^\s'"]+|(?<![\w./])\/[^\s'"/]+\/[^\s'"]+/gi

/**
 * A refusal of the request or of the table says why, and never where things lie; a fault of ours or of storage says
 * where to look it up. What will not pass by itself is a 4xx, whoever must mend it.
 */
export function wireError(error: unknown, requestId: string): WireError {
  const { status, errorCode } = answerOf(error)
  const retry = status === 503 || status === 429
  return {
    status,
    body: { errorCode, message: messageOf(error, requestId) },
    ...(retry && { retryAfterSeconds: retryAfterSeconds(error) }),
  }
}

/** Whoever is to wait for longer is gone. */
const LONGEST_WAIT_SECONDS = 86_400

/**
 * Whole seconds for the header `Retry-After`: as many as the error states in its context, a day at most, and one where it
 * states none. What waits for less is refused again.
 */
function retryAfterSeconds(error: unknown): number {
  const stated = isTableError(error) ? Number(contextOf(error).retryAfterSeconds) : Number.NaN
  return stated > 0 ? Math.min(Math.ceil(stated), LONGEST_WAIT_SECONDS) : RETRY_AFTER_SECONDS
}

/** Errors of other versions of the package, and of code that has no types, have other codes: faults, of whatever kind. */
function codeOf({ code }: TableError): ErrorCode {
  return Object.hasOwn(WIRE_ERRORS, code) ? code : 'INTERNAL'
}

function contextOf({ context }: Partial<TableError>): ErrorContext {
  return context ?? {}
}

function answerOf(error: unknown): Answer {
  if (!isTableError(error)) return WIRE_ERRORS.INTERNAL
  const code = codeOf(error)
  if (code !== 'STORAGE_UNAVAILABLE' || error.retryable) return WIRE_ERRORS[code]
  return isDenied(error) ? DENIED_BY_STORAGE : REFUSED_BY_STORAGE
}

function isDenied(error: TableError): boolean {
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return contextOf(error).status === 403 || code === 'EACCES' || code === 'EPERM'
}

function messageOf(error: unknown, requestId: string): string {
  const found = `the provider finds it under request id ${requestId}`
  if (!isTableError(error) || codeOf(error) === 'INTERNAL') return `internal error; ${found}`
  if (error.code === 'STORAGE_UNAVAILABLE') {
    return error.retryable
      ? `the provider's storage is not reached now; ${found}`
      : `the provider's storage refuses the files of this table, and will again; ${found}`
  }
  const told = withoutLocations(error)
  return error.code === 'TABLE_CORRUPT' ? `${told}; ${found}` : told
}

/** Shorter values of a context stand in sentences for other reasons. */
const SHORTEST_LOCATION = 4

function withoutLocations(error: TableError): string {
  const locations = locationsOf(error)
  let message = headOf(String(error.message), locations).replace(NAMED_LOCATIONS, '…')
  // What is known to be a location is cut whole: white space does not end it.
  for (const location of locations) message = message.replaceAll(location, '…')
  return message.replace(LOCATION, '…')
}

/** A refusal says what is wrong in fewer. */
const MOST_CHARACTERS = 16 * 1024

/** A message that names what a table says may be as long as that: its start, with no part of a location at the end. */
function headOf(message: string, locations: readonly string[]): string {
  if (message.length <= MOST_CHARACTERS) return message
  // Between two words, and then before whatever location holds them both.
  const space = message.slice(0, MOST_CHARACTERS).search(/\s\S*$/)
  let end = space < 0 ? MOST_CHARACTERS : space
  const named = message.lastIndexOf('auxiliaryLocations: [', end)
  if (named >= 0) end = named
  for (const location of locations) {
    const from = Math.max(0, end - location.length)
    const at = message.slice(from, end + location.length).indexOf(location)
    if (at >= 0) end = Math.min(end, from + at)
  }
  return `${message.slice(0, end)}…`
}

function locationsOf(error: TableError): readonly string[] {
  return Object.values(contextOf(error))
    .filter((value): value is string => typeof value === 'string' && value.includes('/'))
    .flatMap(value => [value, value.replace(/^file:\/+(?=\/)/, '')])
    .filter(value => value.length >= SHORTEST_LOCATION)
    .sort((a, b) => b.length - a.length)
}
