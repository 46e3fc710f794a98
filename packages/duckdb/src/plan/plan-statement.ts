import type { DuckDBConnection } from '@duckdb/node-api'
import type { AnswerHeader, SharingClient } from '@spillway/client'
import { createSchema, or, type Predicate, TableError } from '@spillway/core'
import { type Connection, chunkRows } from '@spillway/rows'
import type { KnownTable, ShareCatalog } from '../attach/catalog.js'
import type { KnownTarget, ShareTargets } from '../attach/targets.js'
import type { QuerySqlOptions } from '../share/attached-share.js'
import type { ScanTarget } from '../share/scan-target.js'
import { boundValues } from '../sql/bound-values.js'
import { sqlError } from '../sql/sql-error.js'
import { STUB_TEXT, type Stub } from '../sql/stub.js'
import { constantLimit, predicateOfFilter, readableFilter } from './filter-text.js'
import { jsonHints } from './hints.js'
import { type PlannedScan, type PlannedStatement, planScans } from './plan-scans.js'

/** All that a statement reads of one table. */
export interface TableScan {
  readonly target: ScanTarget
  readonly header: AnswerHeader
  readonly stub: Stub
  /** Name of the variable that shows the table's rows. */
  readonly variable: string
  readonly known: KnownTable | KnownTarget
  readonly columns: readonly number[]
  /** True for at least the rows that any place of the statement reads. */
  readonly predicate: Predicate
  readonly filter?: string | undefined
  readonly jsonPredicateHints?: string | undefined
  readonly limitHint?: number | undefined
  readonly unhinted: readonly string[]
}

export interface StatementPlan {
  readonly sql: string
  readonly scans: readonly TableScan[]
  /** Present where rows may be read batch by batch, with the LIMIT that ends them. */
  readonly streams?: { readonly limit?: number | undefined }
}

export interface PlanContext {
  readonly connection: DuckDBConnection
  /** A session of ours, for looking at SQL. */
  readonly parser: Connection
  readonly catalog: ShareCatalog
  readonly targets: ShareTargets
  readonly client: SharingClient
}

/** Calls of table functions in one statement. */
const MAX_TARGETS = 100

export async function planStatement(
  sql: string,
  context: PlanContext,
  options: QuerySqlOptions = {},
): Promise<StatementPlan> {
  const planned = await explained(sql, context, options)
  if (planned === undefined) return { sql, scans: [] }
  const limit = planned.streams?.limited ? await constantLimit(sql, context.parser) : undefined
  const limitHint = planned.streams?.filtered === false ? limit : undefined
  const scans: TableScan[] = []
  for (const [stub, places] of grouped(planned.scans)) {
    scans.push(await tableScan(stub, places, { context, ...(limitHint && { limitHint }) }))
  }
  const streams = planned.streams !== undefined && (!planned.streams.limited || limit !== undefined)
  return { sql, scans, ...(streams && { streams: limit === undefined ? {} : { limit } }) }
}

/** DuckDB's plan over stubs; undefined for statements that have none, which read no table. */
async function explained(
  sql: string,
  { connection, catalog, targets }: PlanContext,
  { parameters, signal }: QuerySqlOptions,
): Promise<PlannedStatement | undefined> {
  for (let attempt = 0; attempt < MAX_TARGETS; attempt++) {
    try {
      const reader = await connection.run(`EXPLAIN (FORMAT JSON) ${sql}`, boundValues(parameters))
      const rows: string[] = []
      for (
        let chunk = await reader.fetchChunk();
        chunk?.rowCount;
        chunk = await reader.fetchChunk()
      ) {
        rows.push(...chunkRows(chunk).map(row => String(row[1])))
      }
      const names = catalog.tables.flatMap(({ stub }) => stub?.name ?? [])
      return planScans(rows.at(-1) ?? '[]', new Set([...names, ...targets.stubs]))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (await targets.resolve(message, signal)) continue
      if (message.includes(STUB_TEXT)) throw readWhilePlanning(error)
      // EXPLAIN takes no PRAGMA, SHOW and the like.
      if (/^Parser Error/.test(message)) return undefined
      throw sqlError(error)
    }
  }
  throw new TableError(
    'INVALID_REQUEST',
    `a statement calls more than ${MAX_TARGETS} table functions`,
  )
}

function readWhilePlanning(cause: unknown): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    'DuckDB would run a part of this statement to plan it, such as the values of PIVOT ... ON: say them with IN (...), or pivot a table made from the shared one',
    { cause },
  )
}

function grouped(scans: readonly PlannedScan[]): ReadonlyMap<string, readonly PlannedScan[]> {
  const groups = new Map<string, PlannedScan[]>()
  for (const scan of scans) {
    const group = groups.get(scan.stub)
    if (group === undefined) groups.set(scan.stub, [scan])
    else group.push(scan)
  }
  return groups
}

interface ScanContext {
  readonly context: PlanContext
  readonly limitHint?: number | undefined
}

async function tableScan(
  name: string,
  places: readonly PlannedScan[],
  { context, limitHint }: ScanContext,
): Promise<TableScan> {
  const { stub, ...table } = knownOf(name, context)
  const schema = createSchema(stub.fields)
  const filters: Predicate[] = []
  // One after another: a session answers one question at a time.
  for (const { filter } of places) {
    filters.push(await predicateOfFilter(filter, { stub, parser: context.parser }))
  }
  const predicate = or(...filters)
  const { jsonPredicateHints, unhinted } = jsonHints(predicate, schema)
  const texts = places.map(({ filter }) => readableFilter(filter, stub))
  const columns = [...new Set(places.flatMap(place => place.columns))].sort((a, b) => a - b)
  const isFiltered = texts.every(text => text !== '')
  return {
    ...table,
    stub,
    columns,
    predicate,
    unhinted,
    ...(isFiltered && {
      filter: texts.map(text => (texts.length > 1 ? `(${text})` : text)).join(' OR '),
    }),
    jsonPredicateHints,
    ...(limitHint !== undefined && places.length === 1 && { limitHint }),
  }
}

function knownOf(name: string, { catalog, targets }: PlanContext) {
  const table = catalog.byStub(name)
  if (table?.stub !== undefined && table.header !== undefined) {
    const { share, schema, table: own } = table.table
    const target: ScanTarget = { name: { share, schema, table: own } }
    return { target, known: table, stub: table.stub, header: table.header, variable: name }
  }
  const known = targets.byStub(name)
  if (known === undefined)
    throw new TableError(
      'INTERNAL',
      `${name} is neither a table of the share nor a function that gives one`,
    )
  const { target, stub, header, variable } = known
  return { target, known, stub, header, variable }
}
