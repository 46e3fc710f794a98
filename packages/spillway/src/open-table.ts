import {
  isTableError,
  type JsonObject,
  type Predicate,
  type Snapshot,
  TableError,
} from '@spillway/core'
import { planScan, type ScanOptions, type ScanPlan } from '@spillway/planner'
import { parseSqlPredicate } from '@spillway/protocol'
import { type RowForms, type RowQuery, rowForms, type SqlAnswer } from '@spillway/rows'
import { type ComposeOptions, type Composition, compose } from './tables/compose.js'
import { inspectTable } from './tables/inspect-table.js'
import { refOf, sourceOf, type TableInput, type VersionInput } from './tables/table-source.js'

export interface OpenTableOptions extends Omit<TableInput, 'location'>, VersionInput {
  /** What relative locations are relative to; the current folder by default. */
  readonly folder?: string | undefined
  /** Shared by several tables: their caches and connections are then one. Closed by who made it. */
  readonly spillway?: Composition
  readonly compose?: ComposeOptions
  readonly signal?: AbortSignal | undefined
}

/** SQL such as `day = DATE '2026-01-31' AND id > 5`, or a predicate made of core's constructors. */
export type Where = string | Predicate

export interface OpenTable {
  readonly snapshot: Snapshot
  /** The facts that `spillway inspect` prints. */
  inspect(signal?: AbortSignal): Promise<JsonObject>
  /** Which files may hold matching rows. */
  plan(options?: Omit<ScanOptions, 'predicate'> & { readonly where?: Where | undefined }): ScanPlan
  /** Exact, deletes applied. */
  count(where?: Where, signal?: AbortSignal): Promise<bigint>
  /** The rows that match: plain objects to iterate over, JSON, Arrow. Nothing is read before one of them is. */
  rows(query?: Omit<RowQuery, 'where'> & { readonly where?: Where | undefined }): RowForms
  /** DuckDB SQL over the rows that match, in a table named `t`: values as `json()` of `rows` has them. */
  sql(
    sql: string,
    query?: { readonly where?: Where | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<SqlAnswer>
  close(): Promise<void>
}

/**
 * One version of a table in any of the formats, from disk or a bucket; a shared table, which a profile opens, is refused with
 * what reads it.
 */
export async function openTable(
  location: string,
  options: OpenTableOptions = {},
): Promise<OpenTable> {
  const spillway = options.spillway ?? compose(options.compose)
  const close = async () => {
    if (options.spillway === undefined) await spillway.close()
  }
  try {
    const source = sourceOf({ ...options, location }, options.folder ?? process.cwd())
    const snapshot = await spillway.engine().snapshot(source, refOf(options), options.signal)
    return { ...over(snapshot, spillway), close }
  } catch (error) {
    await close()
    throw isProfile(location) && isTableError(error) && error.code === 'NOT_FOUND'
      ? profileRefusal(location, error)
      : error
  }
}

/** Folders may be called so too: it is asked only where no table was found. */
function isProfile(location: string): boolean {
  return /\.share(#[^/]*)?$/i.test(location)
}

function profileRefusal(location: string, cause: TableError): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `expected the folder of a table, found ${JSON.stringify(location.slice(0, 200))}, which is spelled like a profile or a table of one; SQL over what a profile opens is attachShare of @spillway/duckdb, its files are createSharingClient of @spillway/client, and \`spillway query PROFILE SQL\` is the command`,
    { context: { location }, cause },
  )
}

function over(snapshot: Snapshot, { rows }: Composition): Omit<OpenTable, 'close'> {
  return {
    snapshot,
    inspect: signal => inspectTable(snapshot, signal),
    plan: ({ where, ...scan } = {}) =>
      planScan(snapshot, { zonelessLiterals: 'utc', ...scan, ...predicateOf(where, 'predicate') }),
    count: (where, signal) => rows.count(snapshot, predicateOf(where, 'where').where, signal),
    rows: ({ where, ...query } = {}) =>
      rowForms(() => rows.rows(snapshot, { ...query, ...predicateOf(where, 'where') })),
    sql: (sql, { where, ...query } = {}) =>
      rows.sql(snapshot, sql, { ...query, ...predicateOf(where, 'where') }),
  }
}

function predicateOf<Key extends string>(
  where: Where | undefined,
  key: Key,
): { readonly [Name in Key]?: Predicate } {
  if (where === undefined) return {}
  const predicate = typeof where === 'string' ? parseSqlPredicate(where).predicate : where
  return { [key]: predicate } as { readonly [Name in Key]: Predicate }
}
