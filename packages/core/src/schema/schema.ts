import type { Value } from './value.js'

/** Spelled as the Iceberg spec spells them: Spark's `timestamp` is `timestamptz`, its `timestamp_ntz` is `timestamp`. */
export type PrimitiveType =
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'timestamp_ns'
  | 'timestamptz_ns'
  | 'string'
  | 'binary'
  | 'uuid'
  | { readonly kind: 'fixed'; readonly length: number }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** Listed and passed on, never compared: variant, geometry, geography, interval, unknown. */
  | { readonly kind: 'opaque'; readonly name: string }

export type DataType =
  | PrimitiveType
  | { readonly kind: 'struct'; readonly fields: readonly Field[] }
  | { readonly kind: 'list'; readonly element: Field }
  | { readonly kind: 'map'; readonly key: Field; readonly value: Field }

export interface Field {
  /** Unique within its Schema. Stable across versions only where the format says so (Iceberg, Delta column mapping). */
  readonly id: number
  /** Logical name, as recipients see it. */
  readonly name: string
  /** Name inside data files; differs from `name` under Delta column mapping. */
  readonly physicalName: string
  readonly type: DataType
  readonly nullable: boolean
  readonly comment?: string | undefined
  /** What rows written before this column existed read as. Null unless given. */
  readonly initialDefault?: Value | undefined
  /** Narrower types in which older files may still hold the column. */
  readonly earlierTypes?: readonly PrimitiveType[]
}

/** The fields from a top-level one down to a leaf; never empty. */
export type FieldPath = readonly [...above: Field[], leaf: Field]

export interface Schema {
  readonly fields: readonly Field[]
  /** Looks up a possibly nested field by the parts of its logical name; a part may itself hold dots. */
  find(names: readonly string[]): FieldPath | undefined
}

/**
 * A schema over `fields`. Names match exactly first, then without case where that is unambiguous (Delta and Hudi
 * names are case-insensitive; two Iceberg columns may differ in case alone).
 */
export function createSchema(fields: readonly Field[]): Schema {
  return { fields, find: names => findPath(fields, names) }
}

function findPath(fields: readonly Field[], names: readonly string[]): FieldPath | undefined {
  const [head, ...rest] = names
  if (head === undefined) return undefined
  const field = findField(fields, head)
  if (field === undefined) return undefined
  if (rest.length === 0) return [field]
  const children = childrenOf(field.type)
  const tail = children && findPath(children, rest)
  return tail && [field, ...tail]
}

function findField(fields: readonly Field[], name: string): Field | undefined {
  const exact = fields.find(field => field.name === name)
  if (exact !== undefined) return exact
  const lowered = name.toLowerCase()
  const candidates = fields.filter(field => field.name.toLowerCase() === lowered)
  return candidates.length === 1 ? candidates[0] : undefined
}

/** The fields directly under a nested type: struct fields, a list's element, a map's key and value. */
export function childrenOf(type: DataType): readonly Field[] | undefined {
  if (typeof type === 'string') return undefined
  switch (type.kind) {
    case 'struct':
      return type.fields
    case 'list':
      return [type.element]
    case 'map':
      return [type.key, type.value]
    default:
      return undefined
  }
}

/** `type` with `change` made to the fields right below it. */
export function mapChildren(type: DataType, change: (field: Field) => Field): DataType {
  if (isPrimitive(type)) return type
  switch (type.kind) {
    case 'struct':
      return { ...type, fields: type.fields.map(change) }
    case 'list':
      return { ...type, element: change(type.element) }
    case 'map':
      return { ...type, key: change(type.key), value: change(type.value) }
  }
}

export function isPrimitive(type: DataType): type is PrimitiveType {
  return typeof type === 'string' || !['struct', 'list', 'map'].includes(type.kind)
}

/** Leaves outside lists and maps, in schema order: the columns that may have bounds. */
export function* statsLeaves(
  fields: readonly Field[],
  above: readonly Field[] = [],
): Generator<FieldPath> {
  for (const field of fields) {
    if (isPrimitive(field.type)) yield [...above, field]
    else if (field.type.kind === 'struct') yield* statsLeaves(field.type.fields, [...above, field])
  }
}

/** The last field of a path: the column itself. */
export function leafOf(path: FieldPath): Field {
  return path[path.length - 1]!
}

/** `decimal(10,2)`, `fixed(16)`, `struct`, `list`, `map`, an opaque type's name, or the primitive's own name. */
export function typeName(type: DataType): string {
  if (typeof type === 'string') return type
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'fixed':
      return `fixed(${type.length})`
    case 'opaque':
      return type.name
    default:
      return type.kind
  }
}

/** Columns whose values Parquet files hold as fixed-length bytes, by their dotted names. */
export function fixedBinaryColumns({ schema }: { readonly schema: Schema }): readonly string[] {
  return schema.fields.flatMap(field => fixedBinaryUnder(field, field.name))
}

function fixedBinaryUnder({ type }: Field, name: string): readonly string[] {
  if (type === 'uuid' || (typeof type === 'object' && type.kind === 'fixed')) return [name]
  return (childrenOf(type) ?? []).flatMap(child => fixedBinaryUnder(child, `${name}.${child.name}`))
}
