import { isTableError, TableError } from '@spillway/core'
import { WIRE_ERRORS, wireError } from '@spillway/protocol'
import type { AccessRecord } from './access-log.js'
import { jsonResponse } from './respond.js'

/** Paths of requests are no locations of tables: whoever asked for one may read where it should have been. */
export class Misplaced extends TableError {
  constructor(expected: string, found: string) {
    super(
      'NOT_FOUND',
      `there is nothing at this path: expected ${expected.slice(0, 255)}, found ${found.slice(0, 255)}; whoever mounts the server mounts it at the path of its endpoint, or makes it with the endpoint that recipients use`,
    )
  }
}

export class MethodNotAllowed extends TableError {
  readonly allowed: readonly string[]
  constructor(allowed: readonly string[]) {
    super('INVALID_REQUEST', `only ${allowed.join(', ')} is allowed here`)
    this.allowed = allowed
  }
}

/** `If-Match` names no tag of what is here now: who asks has, or wants, something else. */
export class PreconditionFailed extends TableError {
  readonly etag: string
  constructor(etag: string) {
    super(
      'CONFLICT',
      'this is not what If-Match asks for by a strong tag: it has changed, or its tag is weak; ask without',
    )
    this.etag = etag
  }
}

/** What is told of an error that ended a request; the error itself is on record, for the provider. */
export function errorResponse(error: unknown, record: AccessRecord): Response {
  record.error = error
  if (isTableError(error) && error.code === 'CANCELLED') record.outcome = 'cancelled'
  if (error instanceof MethodNotAllowed) {
    const body = { errorCode: 'METHOD_NOT_ALLOWED', message: error.message }
    const response = jsonResponse(body, { status: 405 })
    response.headers.set('allow', error.allowed.join(', '))
    return response
  }
  if (error instanceof PreconditionFailed) {
    const body = { errorCode: 'RESOURCE_CONFLICT', message: error.message }
    const response = jsonResponse(body, { status: 412 })
    response.headers.set('etag', error.etag)
    return response
  }
  const { status, body, retryAfterSeconds } = wireError(error, record.requestId)
  if (error instanceof Misplaced) {
    return jsonResponse({ ...body, message: error.message }, { status })
  }
  const response = jsonResponse({ ...body }, { status })
  if (status === WIRE_ERRORS.UNAUTHENTICATED.status) {
    response.headers.set('www-authenticate', 'Bearer realm="delta-sharing", error="invalid_token"')
  }
  if (retryAfterSeconds !== undefined) {
    response.headers.set('retry-after', String(retryAfterSeconds))
  }
  return response
}
