import type { JsonValue } from '@spillway/core'
import { type Connection, quoteName } from '@spillway/rows'
import { member, syntaxTree } from '../sql/syntax-tree.js'
import { isNode, type Node, nodes } from './constants.js'

/** DuckDB makes a join of an IN list that is longer, whose values no plan shows. */
const MAX_SHOWN = 5
/** Longer lists take more time to look at than they save. */
const MAX_VALUES = 5000
/** What DuckDB calls the outcome of such a join. */
const JOINED_LIST = /"[^"\n]*\bIN \(\.\.\.\)/

export function hasJoinedList(explained: string): boolean {
  return JOINED_LIST.test(explained)
}

/**
 * The statement with `nullif(c, c)` in each long IN list of a column that its WHERE clauses ask to be true: null, so that the same
 * rows pass, and no constant, so that DuckDB plans the list as ORs, which show what is in it. Undefined where that is not certain.
 */
export async function withShownLists(sql: string, parser: Connection): Promise<string | undefined> {
  const tree = await syntaxTree(sql, parser)
  const lists = tree === undefined ? [] : longLists(tree)
  const values = lists.reduce((sum, { children }) => sum + nodes(children).length, 0)
  if (lists.length === 0 || values > MAX_VALUES) return undefined
  const bytes = Buffer.from(sql)
  const pieces: Buffer[] = []
  let from = 0
  for (const list of lists.sort((a, b) => placeOf(a)! - placeOf(b)!)) {
    const at = placeOf(list)!
    pieces.push(bytes.subarray(from, at), Buffer.from(`${neverText(list)}, `))
    from = at
  }
  const shown = Buffer.concat([...pieces, bytes.subarray(from)]).toString()
  // What was put in is where it was meant to be, and nothing else has changed.
  const after = await syntaxTree(shown, parser)
  return after !== undefined && shapeOf(withoutNever(after)) === shapeOf(tree!) ? shown : undefined
}

/** Lists that decide whether a row passes: below a WHERE there are only ANDs and ORs above them. */
function longLists(tree: JsonValue): Node[] {
  const found: Node[] = []
  const pending: JsonValue[] = [tree]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (Array.isArray(next)) pending.push(...(next as readonly JsonValue[]))
    if (!isNode(next)) continue
    for (const [name, value] of Object.entries(next)) {
      if (name === 'where_clause') found.push(...listsOf(value))
      pending.push(value)
    }
  }
  return found
}

function listsOf(condition: JsonValue): readonly Node[] {
  if (!isNode(condition)) return []
  if (condition.class === 'CONJUNCTION') return nodes(condition.children).flatMap(listsOf)
  const isList = condition.type === 'COMPARE_IN' && nodes(condition.children).length > MAX_SHOWN + 1
  const isOfColumn = member(nodes(condition.children)[0], 'class') === 'COLUMN_REF'
  return isList && isOfColumn && placeOf(condition) !== undefined ? [condition] : []
}

/** The byte of the statement where the first plain constant of a list is written. */
function placeOf({ children }: Node): number | undefined {
  const [, ...values] = nodes(children)
  const constant = values.find(value => member(value, 'class') === 'CONSTANT')
  const place = member(constant, 'query_location')
  return typeof place === 'number' ? place : undefined
}

function neverText({ children }: Node): string {
  const names = nodes(member(nodes(children)[0], 'column_names'))
  const column = names.map(name => quoteName(String(name))).join('.')
  return `nullif(${column}, ${column})`
}

/** The tree without the calls that were put into its lists. */
function withoutNever(json: JsonValue): JsonValue {
  if (Array.isArray(json)) return (json as readonly JsonValue[]).map(withoutNever)
  if (!isNode(json)) return json
  const entries = Object.entries(json).map(([name, value]) => [name, withoutNever(value)] as const)
  const node: Node = Object.fromEntries(entries)
  if (node.type !== 'COMPARE_IN') return node
  const [subject, ...values] = nodes(node.children)
  const at = values.findIndex(value => isNullif(value, subject))
  return at < 0 ? node : { ...node, children: [subject!, ...values.toSpliced(at, 1)] }
}

function isNullif(value: JsonValue, subject: JsonValue | undefined): boolean {
  if (member(value, 'function_name') !== 'nullif') return false
  return nodes(member(value, 'children')).every(each => shapeOf(each) === shapeOf(subject ?? null))
}

/** A tree as text, wherever its parts are written. */
function shapeOf(json: JsonValue): string {
  return JSON.stringify(json, (name, value: unknown) => {
    if (name === 'query_location') return undefined
    return typeof value === 'bigint' ? `${value}n` : value
  })
}

/**
 * True of a comparison with `CASE WHEN c IS NOT NULL THEN NULL ELSE c END`, in words of the plan for `nullif(c, c)`: it is always
 * null.
 */
export function neverEqual({ right }: Node): boolean {
  const value = member(right, 'class') === 'CAST' ? member(right, 'child') : right
  const [check, ...others] = nodes(member(value, 'case_checks'))
  const subject = member(value, 'else_expr')
  if (check === undefined || others.length > 0 || subject === undefined) return false
  if (member(subject, 'class') !== 'COLUMN_REF' && !isMember(subject)) return false
  if (member(member(member(check, 'then_expr'), 'value'), 'is_null') !== true) return false
  const when = member(check, 'when_expr')
  const sides =
    member(when, 'type') === 'OPERATOR_IS_NOT_NULL'
      ? nodes(member(when, 'children'))
      : member(when, 'type') === 'COMPARE_EQUAL'
        ? [member(when, 'left') ?? null, member(when, 'right') ?? null]
        : []
  return sides.length > 0 && sides.every(side => shapeOf(side) === shapeOf(subject))
}

function isMember(json: JsonValue): boolean {
  if (member(json, 'function_name') !== 'struct_extract') return false
  const [struct] = nodes(member(json, 'children'))
  return struct !== undefined && (member(struct, 'class') === 'COLUMN_REF' || isMember(struct))
}

/** A filter for people, without what `withShownLists` put into it. */
export function withoutNeverText(filter: string): string {
  return filter.replace(
    / OR \([^()]*(?:\([^()]*\))* = (?:CAST\()?CASE {1,2}WHEN \(\(.{1,400}? (?:IS NOT NULL|= .{1,400}?)\)\) THEN \(?NULL\)? ELSE .{1,400}? END(?: AS [^)]*\)?\))?\)/g,
    '',
  )
}
