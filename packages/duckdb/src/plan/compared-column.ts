import {
  type Field,
  type FieldPath,
  type JsonValue,
  leafOf,
  type PrimitiveType,
} from '@spillway/core'
import { constantText, isNode, type Node, nodes } from './constants.js'

/** The column of the table behind a column of the plan. */
export type ColumnOf = (name: string) => FieldPath | undefined

/** A column as DuckDB compares it. */
export interface ComparedColumn {
  readonly path: FieldPath
  /** The type of the comparison: the column's, or the one that it is cast to, by a cast that keeps the order of values. */
  readonly type: PrimitiveType | undefined
  /** True behind a cast, which is null where the column is, and perhaps elsewhere. */
  readonly isCast: boolean
}

/** `c`, `c.a` or `struct_extract(c, 'a')`, or a monotone cast of one; undefined for every other expression. */
export function comparedColumn(
  json: JsonValue | undefined,
  columnOf: ColumnOf,
): ComparedColumn | undefined {
  if (!isNode(json)) return undefined
  if (json.class !== 'CAST') {
    const path = columnPath(json, columnOf)
    return path && { path, type: typeOf(path), isCast: false }
  }
  const path = columnPath(json.child, columnOf)
  const own = path && typeOf(path)
  const target = castType(json.cast_type)
  if (path === undefined || own === undefined || target === undefined) return undefined
  return isMonotone(own, target) ? { path, type: target, isCast: true } : undefined
}

export function typeOf(path: FieldPath): PrimitiveType | undefined {
  const { type } = leafOf(path)
  if (typeof type === 'string') return type
  return type.kind === 'decimal' ? type : undefined
}

function columnPath(json: JsonValue | undefined, columnOf: ColumnOf): FieldPath | undefined {
  if (!isNode(json)) return undefined
  if (json.class === 'COLUMN_REF') {
    const [name, ...rest] = nodes(json.column_names)
    const top = typeof name === 'string' ? columnOf(name) : undefined
    return rest.reduce<FieldPath | undefined>((path, part) => path && child(path, part), top)
  }
  if (json.class !== 'FUNCTION' || json.function_name !== 'struct_extract') return undefined
  const [struct, name] = nodes(json.children)
  const above = columnPath(struct, columnOf)
  return above && child(above, constantText(name))
}

function child(path: FieldPath, name: JsonValue | undefined): FieldPath | undefined {
  const { type } = leafOf(path)
  if (typeof type === 'string' || type.kind !== 'struct' || typeof name !== 'string') {
    return undefined
  }
  const field = type.fields.find(each => each.name === name) ?? inOtherCase(type.fields, name)
  return field && [...path, field]
}

/** Plans keep the case that a member was written in, which DuckDB does not heed. */
function inOtherCase(fields: readonly Field[], name: string): Field | undefined {
  const found = fields.filter(each => each.name.toLowerCase() === name.toLowerCase())
  return found.length === 1 ? found[0] : undefined
}

const CAST_TYPES: ReadonlyMap<string, PrimitiveType> = new Map<string, PrimitiveType>([
  ...['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'].map(id => [id, 'long'] as const),
  ...['UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'].map(id => [id, 'long'] as const),
  ['FLOAT', 'float'],
  ['DOUBLE', 'double'],
  ['DATE', 'date'],
  ['TIMESTAMP', 'timestamp'],
  ['TIMESTAMP WITH TIME ZONE', 'timestamptz'],
])

function castType(json: JsonValue | undefined): PrimitiveType | undefined {
  if (!isNode(json)) return undefined
  if (json.id === 'DECIMAL') return decimalType(json.type_info)
  return CAST_TYPES.get(String(json.id))
}

function decimalType(info: Node[string] | undefined): PrimitiveType | undefined {
  if (!isNode(info)) return undefined
  const { width, scale } = info
  if (typeof width !== 'number' || typeof scale !== 'number') return undefined
  return { kind: 'decimal', precision: width, scale }
}

/**
 * Casts after which smaller values are not larger, where they give a value at all: what overflows is an error, or null under
 * TRY_CAST, so that no comparison with it is true or false. From text, to text, and from a floating number to an exact one are
 * left out; so are decimals that lose digits, which are rounded.
 */
function isMonotone(from: PrimitiveType, to: PrimitiveType): boolean {
  if (isExact(from)) {
    if (to === 'long') return from === 'int' || from === 'long'
    if (to === 'float' || to === 'double') return true
    return typeof to === 'object' && to.kind === 'decimal' && to.scale >= scaleOf(from)
  }
  if (from === 'float') return to === 'double'
  if (from === 'date') return to === 'timestamp' || to === 'timestamptz'
  if (from === 'timestamp') return to === 'date' || to === 'timestamptz'
  return from === 'timestamptz' && (to === 'date' || to === 'timestamp')
}

function isExact(type: PrimitiveType): boolean {
  return type === 'int' || type === 'long' || (typeof type === 'object' && type.kind === 'decimal')
}

/** Digits behind the point of an exact type. */
export function scaleOf(type: PrimitiveType): number {
  return typeof type === 'object' && type.kind === 'decimal' ? type.scale : 0
}
