import { isTableError, TableError } from '@spillway/core'
import type { AttachedTable } from '@spillway/duckdb'
import { nearestNames } from './nearest.js'

/** What DuckDB says about SQL, with the shared names that may have been meant. Other errors stay as they are. */
export function helpfulError(error: unknown, tables: readonly AttachedTable[]): unknown {
  if (!isTableError(error) || error.code !== 'INVALID_REQUEST') return error
  const wanted = unknownTable(error.message)
  if (wanted === undefined) return error
  const unreadable = unreadableTable(wanted, tables)
  if (unreadable !== undefined) {
    const { share, schema, table, problem, problemCode } = unreadable
    return new TableError(
      problemCode ?? 'UNSUPPORTED_FEATURE',
      `${share}.${schema}.${table} cannot be read: ${problem}`,
      { cause: error },
    )
  }
  const names = tables.map(({ share, schema, table }) => `${share}.${schema}.${table}`)
  const near = nearestNames(wanted, names)
  const list = near.length > 0 ? near : names.slice(0, 5)
  const offer =
    names.length === 0
      ? 'nothing is shared with this profile'
      : `${near.length > 0 ? 'did you mean' : 'shared are'} ${list.join(', ')}${near.length > 0 ? '?' : names.length > list.length ? ' and more' : ''}`
  return new TableError('NOT_FOUND', `there is no table ${wanted}; ${offer}`, {
    context: error.context,
    cause: error,
  })
}

/** A table that is shared, but of which nothing could be attached. DuckDB says its last name alone. */
function unreadableTable(
  wanted: string,
  tables: readonly AttachedTable[],
): AttachedTable | undefined {
  const last = wanted.slice(wanted.lastIndexOf('.') + 1).toLowerCase()
  const named = tables.filter(({ table }) => table.toLowerCase() === last)
  return named.every(({ problem }) => problem !== undefined) ? named[0] : undefined
}

/** DuckDB's words for a table, a schema or a catalog that is not there. */
function unknownTable(message: string): string | undefined {
  const found =
    /Table with name "?([^"\n!]+?)"? does not exist/i.exec(message) ??
    /(?:Schema|Catalog) (?:with name )?"?([^"\n!]+?)"? does not exist/i.exec(message)
  return found?.[1]
}
