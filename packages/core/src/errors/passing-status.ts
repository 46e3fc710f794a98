/**
 * Of the 5xx what is answered again however often it is asked: what is not implemented (501), a version of HTTP that is not
 * spoken (505), a network that somebody must sign in to first (511). RFC 9110, 15.6; RFC 6585, 6.
 */
const LASTING: ReadonlySet<number> = new Set([501, 505, 511])

/**
 * Whether what a server answers with this HTTP status may pass by itself, so that it is worth asking again: 408, 429, and 5xx but
 * for those that last.
 */
export function isPassingStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && !LASTING.has(status))
}
