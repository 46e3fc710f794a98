import type { DataType, JsonValue } from '@spillway/core'
import type { Connection } from '@spillway/rows'
import type { ConnectionShares } from '../attach/connection-shares.js'
import type { AttachedTable } from '../share/attached-share.js'
import type { ScanTarget } from '../share/scan-target.js'
import type { TopRows } from '../share/top-files.js'
import type { Stub } from '../sql/stub.js'
import { member, syntaxTree } from '../sql/syntax-tree.js'

/** The only scan of a statement. */
interface OnlyScan {
  readonly known: { readonly table: AttachedTable } | { readonly target: ScanTarget }
  readonly stub: Stub
  /** Absent where the plan reads every row. */
  readonly filter?: string | undefined
}

interface TopRowsContext {
  readonly shares: ConnectionShares
  /** For looking at SQL. */
  readonly parser: Connection
}

/** More than that are no top of anything. */
const MOST_ROWS = 1_000_000

/**
 * The first rows of one table by one of its columns, where that is all that a statement asks for; undefined where it asks for
 * anything else. A statement of another form may need rows that are not among them: one that groups, counts, filters, joins or
 * calls a function, orders by what a name means elsewhere, or reads the table through a view.
 */
export async function topRowsOf(
  sql: string,
  { known, stub, filter }: OnlyScan,
  { shares, parser }: TopRowsContext,
  signal?: AbortSignal,
): Promise<TopRows | undefined> {
  if (!('table' in known) || filter !== undefined) return undefined
  if (!/\bORDER\s+BY\b/i.test(sql) || !/\bLIMIT\b/i.test(sql)) return undefined
  const { table } = known
  const node = member(await syntaxTree(sql, parser), 'node')
  if (!isPlain(node)) return undefined
  const from = member(node, 'from_table')
  if (!isTable(from, table)) return undefined
  const named = columnsOf(stub, String(member(from, 'alias') || table.table))
  const selected = listOf(member(node, 'select_list'))
  if (!selected.every(each => isStar(each) || named(each) !== undefined)) return undefined
  const [ordered, limited, ...others] = listOf(member(node, 'modifiers'))
  if (others.length > 0 || member(ordered, 'type') !== 'ORDER_MODIFIER') return undefined
  const rows = rowsOf(limited)
  const orders = listOf(member(ordered, 'orders'))
  const keys = orders.map(order => named(member(order, 'expression')))
  const [key] = keys
  if (rows === undefined || key === undefined || keys.includes(undefined)) return undefined
  const field = stub.fields[key]!
  if (!isOrdered(field.type)) return undefined
  const usual = () => defaultOrder(shares, signal)
  const descending = await isDescending(member(orders[0], 'type'), usual)
  return descending === undefined ? undefined : { field, descending, rows }
}

/**
 * Types whose values every writer, and DuckDB whatever its settings, orders alike. Texts are ordered by collations, and their bounds
 * cut; floating numbers have NaN, which bounds leave out.
 */
function isOrdered(type: DataType): boolean {
  if (typeof type === 'object') return type.kind === 'decimal'
  return ['int', 'long', 'date', 'timestamp', 'timestamptz'].includes(type)
}

const PLAIN: Readonly<Record<string, unknown>> = {
  type: 'SELECT_NODE',
  aggregate_handling: 'STANDARD_HANDLING',
  where_clause: null,
  having: null,
  qualify: null,
  sample: null,
}

function isPlain(node: JsonValue | undefined): boolean {
  const isBare = Object.entries(PLAIN).every(([name, value]) => member(node, name) === value)
  const lists = [member(node, 'group_expressions'), member(node, 'group_sets')]
  const ctes = member(member(node, 'cte_map'), 'map')
  return isBare && [...lists, ctes].every(each => Array.isArray(each) && each.length === 0)
}

/** By its whole name: a shorter one may be a view of somebody's. */
function isTable(from: JsonValue | undefined, { catalog, schema, table }: AttachedTable): boolean {
  const names = ['catalog_name', 'schema_name', 'table_name'].map(key => member(from, key))
  const wanted = [catalog, schema, table]
  const isNamed = names.every((name, i) => String(name).toLowerCase() === wanted[i]!.toLowerCase())
  const isAsIs = member(from, 'sample') === null && member(from, 'at_clause') === null
  const renamed = listOf(member(from, 'column_name_alias'))
  return member(from, 'type') === 'BASE_TABLE' && isNamed && isAsIs && renamed.length === 0
}

/** Every column, under its own name. */
function isStar(node: JsonValue): boolean {
  const lists = ['exclude_list', 'replace_list', 'rename_list', 'qualified_exclude_list']
  const isWhole = lists.every(name => listOf(member(node, name)).length === 0)
  const isBare = member(node, 'columns') === false && member(node, 'expr') === null
  return member(node, 'type') === 'STAR' && isWhole && isBare && member(node, 'alias') === ''
}

/** Finds the position of the column that an expression is, under its own name and nothing more. */
function columnsOf({ fields }: Stub, alias: string) {
  const positions = new Map(fields.map(({ name }, i) => [name.toLowerCase(), i]))
  const isAlias = (name: string) =>
    name.toLowerCase() === alias.toLowerCase() && !positions.has(alias.toLowerCase())
  return (node: JsonValue | undefined): number | undefined => {
    if (member(node, 'type') !== 'COLUMN_REF' || member(node, 'alias') !== '') return undefined
    const names = listOf(member(node, 'column_names')).map(String)
    const [name = ''] = names.slice(-1)
    const isOwn = names.length === 1 || (names.length === 2 && isAlias(names[0]!))
    return isOwn ? positions.get(name.toLowerCase()) : undefined
  }
}

/** LIMIT and OFFSET together, both constant. */
function rowsOf(modifier: JsonValue | undefined): number | undefined {
  if (member(modifier, 'type') !== 'LIMIT_MODIFIER') return undefined
  const offset = member(modifier, 'offset')
  const skipped = offset === null || offset === undefined ? 0 : constantOf(offset)
  const limit = constantOf(member(modifier, 'limit'))
  if (limit === undefined || skipped === undefined) return undefined
  const rows = limit + skipped
  return rows > 0 && rows <= MOST_ROWS ? rows : undefined
}

function constantOf(node: JsonValue | undefined): number | undefined {
  if (member(node, 'type') !== 'VALUE_CONSTANT') return undefined
  const value = member(member(node, 'value'), 'value')
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** `ASC` or `DESC`, as the connection orders where a statement does not say. */
async function defaultOrder({ lane, session }: ConnectionShares, signal: AbortSignal | undefined) {
  const setting = "SELECT current_setting('default_order')"
  const [row] = await lane(signal, () => session.all(setting))
  return String(row?.[0]).toUpperCase()
}

async function isDescending(
  order: JsonValue | undefined,
  usual: () => Promise<string>,
): Promise<boolean | undefined> {
  const word = order === 'ORDER_DEFAULT' ? await usual() : order
  if (word === 'ASCENDING' || word === 'ASC') return false
  return word === 'DESCENDING' || word === 'DESC' ? true : undefined
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : []
}
