import { type ErrorCode, isTableError, TableError } from '@spillway/core'
import { WIRE_ERRORS, wireError } from '@spillway/protocol'

/** Nobody is there any more to be answered. */
export function isCancelled(error: unknown): boolean {
  return isTableError(error) && error.code === 'CANCELLED'
}

/** Without a body, as all refusals of files: one that may pass, whatever it was that failed. */
export function notNow(error: unknown): Response {
  const context = isTableError(error) ? error.context : {}
  const isTold = isTableError(error) && TOLD.has(error.code)
  const told = isTold ? error : new TableError('STORAGE_UNAVAILABLE', '', { context })
  const { status, body, retryAfterSeconds: wait } = wireError(told, '')
  const reason = isTold ? body.message : 'the file cannot be read now'
  const headers = new Headers({
    'content-length': '0',
    'cache-control': 'no-store',
    ...(wait !== undefined && { 'retry-after': String(wait) }),
    'spillway-error': `${body.errorCode}; ${reason}`.replace(/[^\x20-\x7e]/g, '?'),
  })
  const shown = isCancelled(error) ? WIRE_ERRORS.CANCELLED.status : status
  return new Response(null, { status: shown, headers: checkedHeaders(headers) })
}

/** Refusals that say so themselves; everything else is trouble of ours, and may pass. */
const TOLD: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'RATE_LIMITED',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'NOT_FOUND',
  'INVALID_REQUEST',
  'CONFLICT',
])

/** What proxies and clients take of one header is no more than some thousands. */
const LONGEST_REASON = 1000

/** What a gateway says, or whoever refused: no more than clients take, and to wait for what can be waited for. */
export function checkedHeaders(given: Headers): Headers {
  const headers = new Headers(given)
  const reason = headers.get('spillway-error')
  if (reason !== null && reason.length > LONGEST_REASON) {
    headers.set('spillway-error', `${reason.slice(0, LONGEST_REASON)}...`)
  }
  const wait = headers.get('retry-after')
  if (wait !== null && !isWait(wait)) headers.set('retry-after', '1')
  return headers
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function isWait(text: string): boolean {
  return /^\d{1,6}$/.test(text) || /^[A-Z][a-z]{2}, .* GMT$/.test(text)
}
