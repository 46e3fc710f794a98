import type { Field, FieldPath, JsonValue, Predicate } from '@spillway/core'
import type { Connection } from '@spillway/rows'
import type { Stub } from '../sql/stub.js'
import { member, syntaxTree } from '../sql/syntax-tree.js'
import { filterPredicate } from './filter-predicate.js'
import { withoutNeverText } from './long-lists.js'

/** The condition that the stub adds to every filter. */
function markerOf({ name }: Stub): string {
  return `(${name} IS NOT NULL)`
}

/** A filter with the table's own column names, for people. */
export function readableFilter(filter: string | undefined, stub: Stub): string {
  if (filter === undefined) return ''
  const marker = markerOf(stub)
  const alone = filter === marker || `(${filter})` === marker
  if (alone) return ''
  return withoutNeverText(filter)
    .replace(`${marker} AND `, '')
    .replace(` AND ${marker}`, '')
    .replaceAll(new RegExp(`\\b${stub.name}_c(\\d+)\\b`, 'g'), (_, i) => fieldAt(stub, i).name)
}

function fieldAt(stub: Stub, position: string): Field {
  return stub.fields[Number(position)]!
}

export interface FilterContext {
  readonly stub: Stub
  readonly parser: Connection
}

/** A filter of the plan as a predicate over the table's columns; true for at least the rows that it lets through. */
export async function predicateOfFilter(
  filter: string | undefined,
  { stub, parser }: FilterContext,
): Promise<Predicate> {
  if (filter === undefined) return { kind: 'alwaysTrue' }
  const ast = await syntaxTree(`SELECT 1 WHERE ${filter}`, parser)
  const where = member(member(ast, 'node'), 'where_clause')
  if (where === undefined) return { kind: 'unknown', reason: 'the filter is no expression of SQL' }
  const marker = new RegExp(`^${stub.name}(?:_c(\\d+))?$`)
  const columnOf = (name: string): FieldPath | undefined => {
    const position = marker.exec(name)?.[1]
    return position === undefined ? undefined : [fieldAt(stub, position)]
  }
  return filterPredicate(withoutMarkerNode(where, stub.name), columnOf)
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
export async function constantLimit(sql: string, parser: Connection): Promise<number | undefined> {
  const node = member(await syntaxTree(sql, parser), 'node')
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
