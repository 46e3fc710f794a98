import { isTableError, TableError } from '@spillway/core'
import { quoteName } from '@spillway/rows'

/**
 * What DuckDB says of SQL that names a share that is not there, or one whose name SQL reads otherwise, in words of shares:
 * `catalogs` are the names that they are attached by. All else stays as it is.
 */
export function inShareWords(error: unknown, sql: string, catalogs: readonly string[]): unknown {
  if (!isTableError(error) || error.code !== 'INVALID_REQUEST') return error
  const missing = /Catalog "([^"\n]+)" does not exist/.exec(error.message)?.[1]
  if (missing !== undefined) return unknownShare(missing, catalogs, error)
  const misread = misreadName(error.message, sql, catalogs)
  if (misread === undefined) return error
  const message = `${error.message}; the share ${misread} has a name that SQL reads otherwise: write it in quotes, ${quoteName(misread)}.schema.table`
  return new TableError('INVALID_REQUEST', message, { context: error.context, cause: error })
}

export function unknownShare(
  name: string,
  catalogs: readonly string[],
  cause?: unknown,
): TableError {
  const shown = catalogs.slice(0, MOST_NAMES).join(', ')
  const more = catalogs.length > MOST_NAMES ? ` and ${catalogs.length - MOST_NAMES} more` : ''
  return new TableError(
    'NOT_FOUND',
    `no share is attached as ${name}; attached are ${shown === '' ? 'none' : `${shown}${more}`}`,
    { context: { share: name }, cause },
  )
}

const MOST_NAMES = 10

/** The share whose bare name the parser stopped at, or whose name no bare word is. */
function misreadName(
  message: string,
  sql: string,
  catalogs: readonly string[],
): string | undefined {
  if (!message.includes('Parser Error')) return undefined
  const at = /syntax error at or near "([^"]+)"/.exec(message)?.[1]?.toLowerCase()
  const bare = catalogs.filter(name => isBareIn(sql, name))
  return (
    bare.find(name => name.toLowerCase() === at) ?? bare.find(name => !/^[a-z_]\w*$/i.test(name))
  )
}

/** True where `name` stands before a dot, and not in quotes. */
function isBareIn(sql: string, name: string): boolean {
  const folded = sql.toLowerCase()
  const wanted = name.toLowerCase()
  for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + 1)) {
    const isWhole = !/["\w]/.test(folded[at - 1] ?? ' ')
    if (isWhole && /^\s*\./.test(folded.slice(at + wanted.length))) return true
  }
  return false
}
