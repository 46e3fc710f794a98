import { isTableError, type TableError } from '@spillway/core'

/** What servers answer about a path that they do not have. Some say no more than that the request is wrong. */
const STATUSES: ReadonlySet<unknown> = new Set([400, 404, 405, 501])

/** True of what a server may say that does not know the path at all. */
export function isUnknownPath(error: unknown): error is TableError {
  return isTableError(error) && STATUSES.has(error.context.status)
}
