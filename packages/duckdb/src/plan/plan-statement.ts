import type { DuckDBConnection } from '@duckdb/node-api'
import type { AnswerHeader } from '@spillway/client'
import { createSchema, or, type Predicate, TableError } from '@spillway/core'
import { type Connection, chunkRows } from '@spillway/rows'
import type { KnownTable, Looking } from '../attach/catalog.js'
import type { ConnectionShares } from '../attach/connection-shares.js'
import type { KnownTarget } from '../attach/functions.js'
import { describeNamed } from '../attach/named-tables.js'
import type { Provider } from '../attach/provider.js'
import type { QuerySqlOptions } from '../share/attached-share.js'
import type { ScanTarget } from '../share/scan-target.js'
import type { TopRows } from '../share/top-files.js'
import { boundValues } from '../sql/bound-values.js'
import { leadingWords } from '../sql/leading-words.js'
import { sqlError } from '../sql/sql-error.js'
import { STUB_TEXT, type Stub } from '../sql/stub.js'
import { constantLimit, predicateOfFilter, readableFilter } from './filter-text.js'
import { type Hints, hintsOf } from './hints.js'
import { hasJoinedList, withShownLists } from './long-lists.js'
import { type Listed, type PlannedScan, type PlannedStatement, planScans } from './plan-scans.js'
import { topRowsOf } from './top-rows.js'

/** All that a statement reads of one table. */
export interface TableScan {
  readonly provider: Provider
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
  readonly hints: Hints
  readonly limitHint?: number | undefined
  /** Present where no other rows of the table are needed. */
  readonly top?: TopRows | undefined
}

export interface StatementPlan {
  readonly sql: string
  readonly scans: readonly TableScan[]
  /** Present where rows may be read batch by batch, with the LIMIT that ends them. */
  readonly streams?: { readonly limit?: number | undefined }
}

export interface PlanContext {
  readonly shares: ConnectionShares
  /** A session of ours, for looking at SQL. */
  readonly parser: Connection
}

/** A statement names a table at a time to who plans it. */
const MAX_ATTEMPTS = 10_000

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
  const [only] = scans
  const top = scans.length === 1 && (await topRowsOf(sql, only!, context, options.signal))
  if (top) scans[0] = { ...only!, top }
  const streams = planned.streams !== undefined && (!planned.streams.limited || limit !== undefined)
  return { sql, scans, ...(streams && { streams: limit === undefined ? {} : { limit } }) }
}

/** DuckDB's plan over stubs; undefined for statements that have none, which read no table. */
async function explained(
  sql: string,
  context: PlanContext,
  options: QuerySqlOptions,
): Promise<PlannedStatement | undefined> {
  const { shares } = context
  const looking: Looking = { failures: new Map(), signal: options.signal }
  await describeNamed(sql, context, looking)
  const seen = new Seen(shares.providers, looking)
  // Names are found by reading the SQL; that none was missed, DuckDB says.
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    try {
      const planned = await planOf(sql, context, options)
      if (planned === undefined && !isPragma(sql)) return undefined
      if (await seen.all(planned?.lists ?? 'tables')) continue
      return planned && withLongLists(sql, planned, context, options)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (await resolved(message, shares, looking)) continue
      if (UNKNOWN_NAME.test(message) && (await seen.all('tables'))) continue
      if (message.includes(STUB_TEXT)) throw readWhilePlanning(error)
      throw sqlError(error)
    }
  }
  throw new TableError('INVALID_REQUEST', 'the statement names more tables than can be planned')
}

/** What DuckDB says where a table may be meant that is shared and has not been described. */
const UNKNOWN_NAME = /^Catalog Error: (?:Table|View|Schema) with name|^Binder Error: Catalog "/

/** Runs DuckDB's planner; what cannot be explained is prepared at least, which binds its names. */
async function planOf(
  sql: string,
  { shares }: PlanContext,
  { parameters, signal }: QuerySqlOptions,
): Promise<(PlannedStatement & { readonly text: string }) | undefined> {
  const { connection, functions, lane } = shares
  const { values, types } = await boundValues(parameters)
  let isCommon = true
  const text = await lane(signal, async () => {
    try {
      const reader = await connection.run(`EXPLAIN (FORMAT JSON) ${sql}`, values, types)
      const chunks = await reader.fetchAllChunks()
      const plan = chunks.flatMap(chunk => chunkRows(chunk).map(row => String(row[1]))).at(-1)
      if (TIME_CAST.test(plan ?? '')) isCommon = await hasCommonCalendar(connection)
      return plan ?? '[]'
    } catch (error) {
      if (!NOT_EXPLAINED.test(error instanceof Error ? error.message : '')) throw error
      const statement = await connection.prepare(sql)
      statement.destroySync()
      return undefined
    }
  })
  if (text === undefined) return undefined
  const names = shares.providers.flatMap(({ catalog }) => catalog.stubs)
  const planned = planScans(text, new Set([...names, ...functions.stubs]))
  if (isCommon) return { text, ...planned }
  return { text, ...planned, scans: planned.scans.map(withoutTimes) }
}

const TIME_CAST = / AS (?:TIMESTAMP|DATE)/

/** In other calendars a moment becomes a date, and a date a moment, of another millennium: see `preimage.ts`. */
const COMMON_CALENDARS: ReadonlySet<string> = new Set(['gregorian', 'iso8601'])

async function hasCommonCalendar(connection: DuckDBConnection): Promise<boolean> {
  const reader = await connection.run("SELECT current_setting('calendar')").catch(() => undefined)
  // Without its extension for zones and calendars DuckDB has no such setting, and no such casts.
  if (reader === undefined) return true
  const [chunk] = await reader.fetchAllChunks()
  const name = chunk && chunkRows(chunk)[0]?.[0]
  return COMMON_CALENDARS.has(String(name).toLowerCase())
}

/** Filters without those that may depend on the calendar. */
function withoutTimes({ filter, ...scan }: PlannedScan): PlannedScan {
  return filter === undefined || TIME_CAST.test(filter) ? scan : { ...scan, filter }
}

/** With the filters of a plan that shows the values of long IN lists, where DuckDB's own plan does not. */
async function withLongLists(
  sql: string,
  planned: PlannedStatement & { readonly text: string },
  context: PlanContext,
  options: QuerySqlOptions,
): Promise<PlannedStatement> {
  if (planned.scans.length === 0 || !hasJoinedList(planned.text)) return planned
  const shown = await withShownLists(sql, context.parser)
  if (shown === undefined) return planned
  const other = await planOf(shown, context, options).catch(() => undefined)
  if (other === undefined || stubsOf(other) !== stubsOf(planned)) return planned
  const columns = (stub: string) =>
    planned.scans.flatMap(scan => (scan.stub === stub ? scan.columns : []))
  return { ...planned, scans: other.scans.map(scan => ({ ...scan, columns: columns(scan.stub) })) }
}

function stubsOf({ scans }: PlannedStatement): string {
  return JSON.stringify(scans.map(({ stub }) => stub).sort())
}

/** EXPLAIN takes no PRAGMA, SHOW and the like. */
const NOT_EXPLAINED = /^Parser Error|^Binder Error: PRAGMA function does not have a function/

function isPragma(sql: string): boolean {
  return leadingWords(sql, 1) === 'PRAGMA'
}

async function resolved(
  message: string,
  { providers, functions }: ConnectionShares,
  looking: Looking,
): Promise<boolean> {
  for (const { catalog } of providers) if (await catalog.resolve(message, looking)) return true
  return functions.resolve(message, looking.signal)
}

/** Which tables are made visible for a statement that looks at the list of them. */
class Seen {
  readonly #providers: readonly Provider[]
  readonly #looking: Looking
  readonly #seen = new Set<Listed>(['nothing'])

  constructor(providers: readonly Provider[], looking: Looking) {
    this.#providers = providers
    this.#looking = looking
  }

  /** False where they were already. */
  async all(listed: Listed): Promise<boolean> {
    if (this.#seen.has(listed)) return false
    for (const { catalog } of this.#providers) {
      await (listed === 'columns'
        ? catalog.describeAll(this.#looking)
        : catalog.showAll(this.#looking.signal))
    }
    this.#seen.add(listed).add('tables')
    return true
  }
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
  const readsSqlHints = table.header.readsSqlHints === true
  const texts = places.map(({ filter }) => readableFilter(filter, stub))
  const columns = [...new Set(places.flatMap(place => place.columns))].sort((a, b) => a - b)
  const isFiltered = texts.every(text => text !== '')
  return {
    ...table,
    stub,
    columns,
    predicate,
    hints: hintsOf(predicate, { schema, readsSqlHints }),
    ...(isFiltered && {
      filter: texts.map(text => (texts.length > 1 ? `(${text})` : text)).join(' OR '),
    }),
    ...(limitHint !== undefined && places.length === 1 && { limitHint }),
  }
}

function knownOf(name: string, { shares }: PlanContext) {
  for (const provider of shares.providers) {
    const table = provider.catalog.byStub(name)
    if (table === undefined) continue
    const { share, schema, table: own } = table.table
    const { stub, header, variable } = table
    return {
      target: { name: { share, schema, table: own } },
      provider,
      known: table,
      stub,
      header,
      variable,
    }
  }
  const known = shares.functions.byStub(name)
  if (known === undefined)
    throw new TableError(
      'INTERNAL',
      `${name} is neither a table of the share nor a function that gives one`,
    )
  const { target, provider, stub, header, variable } = known
  return { target, provider, known, stub, header, variable }
}
