import type { DuckDBValue } from '@duckdb/node-api'
import type { QuerySqlOptions, SqlParameter } from '../share/attached-share.js'

/** Parameters as DuckDB's client takes them: it wants a list or an object of its own. */
export function boundValues(
  parameters: QuerySqlOptions['parameters'],
): DuckDBValue[] | Record<string, DuckDBValue> | undefined {
  if (parameters === undefined) return undefined
  return isList(parameters) ? [...parameters] : { ...parameters }
}

function isList(
  parameters: NonNullable<QuerySqlOptions['parameters']>,
): parameters is readonly SqlParameter[] {
  return Array.isArray(parameters)
}
