import { type ErrorCode, isTableError } from '@spillway/core'

/** Body of every error answer of the wire. */
export interface ErrorBody {
  readonly errorCode: string
  readonly message: string
}

export interface WireError {
  readonly status: number
  readonly body: ErrorBody
}

/**
 * What each code becomes on the wire. The statuses are the protocol's; its error codes are not fixed, so these are
 * the ones that existing servers use. Never 501: the clients retry every 5xx for minutes.
 */
export const WIRE_ERRORS: Readonly<
  Record<ErrorCode, { readonly status: number; readonly errorCode: string }>
> = {
  INVALID_REQUEST: { status: 400, errorCode: 'INVALID_PARAMETER_VALUE' },
  UNAUTHENTICATED: { status: 401, errorCode: 'UNAUTHENTICATED' },
  PERMISSION_DENIED: { status: 403, errorCode: 'PERMISSION_DENIED' },
  NOT_FOUND: { status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST' },
  CONFLICT: { status: 409, errorCode: 'RESOURCE_ALREADY_EXISTS' },
  RATE_LIMITED: { status: 429, errorCode: 'REQUEST_LIMIT_EXCEEDED' },
  UNSUPPORTED_FEATURE: { status: 400, errorCode: 'UNSUPPORTED_FEATURE' },
  // Asking again does not mend a table, and clients repeat a 5xx for minutes.
  TABLE_CORRUPT: { status: 400, errorCode: 'TABLE_CORRUPT' },
  STORAGE_UNAVAILABLE: { status: 503, errorCode: 'TEMPORARILY_UNAVAILABLE' },
  // Nobody is there to read it.
  CANCELLED: { status: 499, errorCode: 'CANCELLED' },
  INTERNAL: { status: 500, errorCode: 'INTERNAL_ERROR' },
}

/** Locations behind the key that names them, in quotes where there are odd characters in them. */
const NAMED_LOCATIONS = /(?<=auxiliaryLocations: \[)(?:"(?:[^"\\]|\\.)*"|[^\]"])+/g

/** Storage URIs, and absolute paths of two names or more. */
const LOCATION = /\b[a-z][a-z0-9+.-]*:\/+[^\s'"]+|(?<![\w./])\/[^\s'"/]+\/[^\s'"]+/gi

/**
 * A refusal of the request or of the table says why, and never where things lie; a fault of ours or of storage says
 * where to look it up.
 */
export function wireError(error: unknown, requestId: string): WireError {
  const { status, errorCode } = WIRE_ERRORS[isTableError(error) ? error.code : 'INTERNAL']
  const message =
    isTableError(error) && status < 500
      ? error.message.replace(NAMED_LOCATIONS, '…').replace(LOCATION, '…')
      : `internal error; the provider finds it under request id ${requestId}`
  return { status, body: { errorCode, message } }
}
