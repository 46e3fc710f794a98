import type { TableName } from '@spillway/client'
import { isTableError, TableError } from '@spillway/core'

/** Errors about the connection's own state, which say nothing about the table. */
export function isOwn(error: unknown): boolean {
  return isTableError(error) && error.context.connection !== undefined
}

/** What DuckDB has against a view of it. */
export function notShown(cause: unknown): unknown {
  if (!isTableError(cause)) return cause
  const message = `DuckDB cannot show it: ${cause.message}`
  return new TableError('UNSUPPORTED_FEATURE', message, { cause })
}

/** Why a table that a statement names is not read. What is not about the table is thrown on. */
export function cannotBeRead({ share, schema, table }: TableName, error: unknown): TableError {
  if (!isTableError(error) || error.code === 'CANCELLED' || isOwn(error)) throw error
  const message = `${share}.${schema}.${table} cannot be read: ${error.message}`
  return new TableError(error.code, message, { cause: error, retryable: error.retryable })
}
