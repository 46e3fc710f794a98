import { isTableError, TableError } from '@spillway/core'
import type { AttachedTable } from '@spillway/duckdb'
import { didYouMean, nearestNames } from './nearest.js'

/** What DuckDB says about SQL, with the shared names that may have been meant. Other errors stay as they are. */
export async function helpfulError(
  error: unknown,
  listed: () => Promise<readonly AttachedTable[]>,
  shares: Iterable<string> = [],
): Promise<unknown> {
  if (isTableError(error) && typeof error.context.share === 'string') {
    return nearShare(error, error.context.share, shares)
  }
  if (!isTableError(error) || error.code !== 'INVALID_REQUEST') return error
  const wanted = unknownTable(error.message)
  if (wanted === undefined) return error
  // A list that cannot be had is no reason to hide what is wrong with the SQL.
  const tables = await listed().catch(() => undefined)
  if (tables === undefined) return error
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

/** Of a share that is not there, with those that may have been meant. */
function nearShare(error: TableError, share: string, shares: Iterable<string>): TableError {
  const message = `${error.message}${didYouMean(share, shares)}`
  return new TableError(error.code, message, { cause: error })
}

/** DuckDB's words for a table, a schema or a catalog that is not there. */
function unknownTable(message: string): string | undefined {
  const found =
    /Table with name "?([^"\n!]+?)"? does not exist/i.exec(message) ??
    /(?:Schema|Catalog) (?:with name )?"?([^"\n!]+?)"? does not exist/i.exec(message)
  return found?.[1]
}
