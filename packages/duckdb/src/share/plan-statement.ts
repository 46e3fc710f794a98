import type { DuckDBConnection } from '@duckdb/node-api'
import type { SharingClient } from '@spillway/client'
import {
  createSchema,
  type Field,
  type FieldPath,
  or,
  type Predicate,
  type Schema,
  TableError,
} from '@spillway/core'
import { type JsonValue, parseJson } from '@spillway/protocol'
import { type Connection, chunkRows } from '../connection.js'
import { quoteText } from '../sql-text.js'
import type { KnownTable, ShareCatalog } from './catalog.js'
import { filterPredicate } from './filter-predicate.js'
import { jsonHints } from './hints.js'
import { type PlannedScan, type PlannedStatement, planScans } from './plan-scans.js'
import type { ScanTarget } from './scan-target.js'
import type { AnswerHeader } from './shared-log.js'
import { sqlError } from './sql-error.js'
import { STUB_TEXT, type Stub } from './stub.js'
import type { KnownTarget, ShareTargets } from './targets.js'
import type { QuerySqlOptions } from './types.js'

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
  readonly filter?: string
  readonly jsonPredicateHints?: string
  readonly limitHint?: number
  readonly unhinted: readonly string[]
}

export interface StatementPlan {
  readonly sql: string
  readonly scans: readonly TableScan[]
  /** Present where rows may be read batch by batch, with the LIMIT that ends them. */
  readonly streams?: { readonly limit?: number }
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
  const limit = planned.streams?.limited ? await limitOf(sql, context.parser) : undefined
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
      const reader = await connection.run(`EXPLAIN (FORMAT JSON) ${sql}`, parameters as never)
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
  readonly limitHint?: number
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
    filters.push(await predicateOf(filter, { stub, schema, parser: context.parser }))
  }
  const predicate = or(...filters)
  const { jsonPredicateHints, unhinted } = jsonHints(predicate, schema)
  const texts = places.map(({ filter }) => readable(filter, stub))
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
    ...(jsonPredicateHints !== undefined && { jsonPredicateHints }),
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
  if (known === undefined) throw new TableError('INTERNAL', `no table stands behind ${name}`)
  const { target, stub, header, variable } = known
  return { target, known, stub, header, variable }
}

/** The condition that the stub adds to every filter. */
function markerOf({ name }: Stub): string {
  return `(${name} IS NOT NULL)`
}

/** A filter with the table's own column names, for people. */
function readable(filter: string | undefined, stub: Stub): string {
  if (filter === undefined) return ''
  const marker = markerOf(stub)
  const alone = filter === marker || `(${filter})` === marker
  if (alone) return ''
  return filter
    .replace(`${marker} AND `, '')
    .replace(` AND ${marker}`, '')
    .replaceAll(new RegExp(`\\b${stub.name}_c(\\d+)\\b`, 'g'), (_, i) => fieldAt(stub, i).name)
}

function fieldAt(stub: Stub, position: string): Field {
  return stub.fields[Number(position)]!
}

interface FilterContext {
  readonly stub: Stub
  readonly schema: Schema
  readonly parser: Connection
}

async function predicateOf(
  filter: string | undefined,
  { stub, parser }: FilterContext,
): Promise<Predicate> {
  if (filter === undefined) return { kind: 'alwaysTrue' }
  const ast = await parsed(`SELECT 1 WHERE ${filter}`, parser)
  const where = member(member(ast, 'node'), 'where_clause')
  if (where === undefined) return { kind: 'unknown', reason: 'the filter is no expression of SQL' }
  const marker = new RegExp(`^${stub.name}(?:_c(\\d+))?$`)
  const columnOf = (name: string): FieldPath | undefined => {
    const position = marker.exec(name)?.[1]
    return position === undefined ? undefined : [fieldAt(stub, position)]
  }
  return withoutMarker(filterPredicate(withoutMarkerNode(where, stub.name), columnOf))
}

/** Nothing understood of a part that is only the marker: it is true. */
function withoutMarker(predicate: Predicate): Predicate {
  return predicate
}

/** The expression without the stub's own condition, which stands at its top or in its topmost AND. */
function withoutMarkerNode(node: JsonValue, name: string): JsonValue {
  if (isMarkerNode(node, name)) return TRUE_NODE
  const children = member(node, 'children')
  if (member(node, 'type') !== 'CONJUNCTION_AND' || !Array.isArray(children)) return node
  const kept = children.filter(child => !isMarkerNode(child, name))
  return { ...(node as object), children: kept } as JsonValue
}

const TRUE_NODE: JsonValue = { class: 'CONJUNCTION', type: 'CONJUNCTION_AND', children: [] }

function isMarkerNode(node: JsonValue, name: string): boolean {
  const children = member(node, 'children')
  const [column] = Array.isArray(children) ? children : []
  const names = member(column, 'column_names')
  return (
    member(node, 'type') === 'OPERATOR_IS_NOT_NULL' && Array.isArray(names) && names[0] === name
  )
}

/** The constant LIMIT of a SELECT without OFFSET. */
async function limitOf(sql: string, parser: Connection): Promise<number | undefined> {
  const node = member(await parsed(sql, parser), 'node')
  const modifiers = member(node, 'modifiers')
  const limits = Array.isArray(modifiers)
    ? modifiers.filter(modifier => member(modifier, 'type') === 'LIMIT_MODIFIER')
    : []
  const [only, ...more] = limits
  if (only === undefined || more.length > 0 || !isNone(member(only, 'offset'))) return undefined
  const limit = member(member(member(only, 'limit'), 'value'), 'value')
  return typeof limit === 'number' && Number.isSafeInteger(limit) && limit >= 0 ? limit : undefined
}

function isNone(value: JsonValue | undefined): boolean {
  return value === undefined || value === null
}

/** DuckDB's syntax tree of a SELECT; undefined where it has none. */
async function parsed(sql: string, parser: Connection): Promise<JsonValue | undefined> {
  const [row] = await parser.all(`SELECT json_serialize_sql(${quoteText(sql)}::VARCHAR)`)
  const tree = parsedJson(String(row?.[0] ?? '{}'))
  const statements = member(tree, 'statements')
  return member(tree, 'error') === false && Array.isArray(statements) ? statements[0] : undefined
}

/** DuckDB writes infinities as no JSON has them. */
function parsedJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return (value as { readonly [key: string]: JsonValue })[name]
}
