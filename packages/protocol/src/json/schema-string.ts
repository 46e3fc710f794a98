import {
  atOnce,
  childrenOf,
  type DataType,
  type Field,
  hasLongInteger,
  isPrimitive,
  parseJson,
  type Schema,
  type Steps,
  TableError,
  type WritableJson,
  writeJson,
} from '@spillway/core'

export interface SchemaStringOptions {
  /** Write ids and physical names, as Delta's column mapping does. */
  readonly columnMapping?: boolean
  /** Write the types that older files hold, as Delta's type widening does: readers refuse those they cannot widen. */
  readonly typeChanges?: boolean
}

/** A schema as the JSON that Spark writes: what `schemaString` holds. */
export function schemaString(schema: Schema, options: SchemaStringOptions = {}): string {
  return atOnce(schemaStringInSteps(schema, options))
}

/** The same in steps: tables have 30,000 columns. */
export function* schemaStringInSteps(
  schema: Schema,
  options: SchemaStringOptions = {},
): Steps<string> {
  const parts: string[] = []
  for (let from = 0; from < schema.fields.length; from += FIELDS_IN_A_STEP) {
    if (from > 0) yield
    const some = schema.fields.slice(from, from + FIELDS_IN_A_STEP)
    // No value in it is one that JSON.stringify does not know, which is many times as fast.
    parts.push(JSON.stringify(some.map(field => structField(field, options))).slice(1, -1))
  }
  return `{"type":"struct","fields":[${parts.join(',')}]}`
}

/** About a millisecond. */
const FIELDS_IN_A_STEP = 1024

function struct(fields: readonly Field[], options: SchemaStringOptions): WritableJson {
  return { type: 'struct', fields: fields.map(field => structField(field, options)) }
}

function structField(field: Field, options: SchemaStringOptions): WritableJson {
  return {
    name: field.name,
    type: sparkType(field.type, field.name, options),
    nullable: field.nullable,
    metadata: {
      comment: field.comment,
      ...(options.columnMapping && {
        'delta.columnMapping.id': field.id,
        'delta.columnMapping.physicalName': field.physicalName,
      }),
      ...(options.typeChanges && typeChangesOf(field)),
    },
  }
}

/** Of a field and of what its lists and maps hold; the fields of a struct have their own (PROTOCOL.md, Type Widening). */
function typeChangesOf(field: Field): { readonly [key: string]: WritableJson } {
  const changes = [...changesUnder(field, [])]
  return changes.length === 0 ? {} : { 'delta.typeChanges': changes }
}

function* changesUnder(field: Field, path: readonly string[]): Generator<WritableJson> {
  const { name, type, earlierTypes = [] } = field
  for (const earlier of earlierTypes) {
    // Nanoseconds are declared as microseconds, and those that became microseconds are no change.
    if (sparkType(earlier, name, {}) === sparkType(type, name, {})) continue
    yield {
      fromType: sparkType(earlier, name, {}),
      toType: sparkType(type, name, {}),
      ...(path.length > 0 && { fieldPath: path.join('.') }),
    }
  }
  if (typeof type === 'string') return
  if (type.kind === 'list') yield* changesUnder(type.element, [...path, 'element'])
  if (type.kind !== 'map') return
  yield* changesUnder(type.key, [...path, 'key'])
  yield* changesUnder(type.value, [...path, 'value'])
}

function sparkType(type: DataType, name: string, options: SchemaStringOptions): WritableJson {
  if (typeof type === 'string') return primitive(type, name)
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'fixed':
      return 'binary'
    case 'opaque':
      return opaque(type.name, name)
    case 'struct':
      return struct(type.fields, options)
    case 'list':
      return {
        type: 'array',
        elementType: sparkType(type.element.type, `${name}.element`, options),
        containsNull: type.element.nullable,
      }
    case 'map':
      return {
        type: 'map',
        keyType: sparkType(type.key.type, `${name}.key`, options),
        valueType: sparkType(type.value.type, `${name}.value`, options),
        valueContainsNull: type.value.nullable,
      }
  }
}

/** Throws where the schema of an answer, in whatever format, cannot have a type of `schema`. */
export function requireSayable(schema: Schema): void {
  for (const field of schema.fields) requireSayableField(field, field.name)
}

function requireSayableField({ type }: Field, name: string): void {
  if (isPrimitive(type)) {
    if (typeof type === 'string') primitive(type, name)
    else if (type.kind === 'opaque') opaque(type.name, name)
    return
  }
  for (const child of childrenOf(type) ?? []) requireSayableField(child, `${name}.${child.name}`)
}

function primitive(type: Extract<DataType, string>, name: string): string {
  switch (type) {
    case 'int':
      return 'integer'
    // Files with nanoseconds are sent where those are whole microseconds (decision 0039).
    case 'timestamptz':
    case 'timestamptz_ns':
      return 'timestamp'
    case 'timestamp':
    case 'timestamp_ns':
      return 'timestamp_ntz'
    case 'uuid':
      return 'binary'
    case 'time':
      throw inexpressible(type, name)
    default:
      return type
  }
}

/** Types beyond Delta's that Delta names, as its tables spell them. */
const NAMED_BY_DELTA = /^(?:variant|void|unknown|interval .*|geometry\b.*|geography\b.*)$/

function opaque(type: string, name: string): string {
  if (NAMED_BY_DELTA.test(type)) return type
  throw inexpressible(type, name)
}

function inexpressible(type: string, name: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `column ${name} has type ${type}, which the Delta Sharing schema cannot express in any format; what works is a table without it, or with it as text`,
    { context: { column: name, feature: type } },
  )
}

/**
 * A Delta table's own schema text with the metadata of its fields reduced to comments: nothing else is a recipient's. In steps,
 * since such a text is megabytes.
 */
export function* strippedSchemaStringInSteps(native: string): Steps<string> {
  const isExact = !hasLongInteger(native)
  yield
  const value = (isExact ? JSON.parse(native) : parseJson(native)) as Fresh
  yield
  strip(value)
  yield
  return isExact ? JSON.stringify(value) : writeJson(value as WritableJson)
}

type Fresh = null | boolean | number | bigint | string | Fresh[] | { [key: string]: Fresh }

/** In place, since nobody else holds it: the schema of a wide table is megabytes. */
function strip(node: Fresh): void {
  if (Array.isArray(node)) for (const each of node) strip(each)
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return
  for (const key of Object.keys(node)) {
    if (key === 'metadata') node[key] = commentOnly(node[key]!)
    else strip(node[key]!)
  }
}

function commentOnly(metadata: Fresh): Fresh {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return {}
  const { comment } = metadata
  return typeof comment === 'string' ? { comment } : {}
}
