import { isTableError, TableError } from '@spillway/core'

/** Runs `read`, and says in its errors which file was read. */
export function located<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw isTableError(error) ? withPath(error, path) : error
  }
}

/** `error` with `path` in it, unless it has one: decoders do not know what they read. */
export function withPath(error: TableError, path: string): TableError {
  if (error.context.path !== undefined) return error
  return new TableError(error.code, `${error.message} (${path})`, {
    context: { ...error.context, path },
    cause: error,
  })
}
