import { type DataType, type Field, type Schema, TableError } from '@spillway/core'
import { parseJson, type WireValue, writeJson } from './json-text.js'

export interface SchemaStringOptions {
  /** Write ids and physical names, as Delta's column mapping does. */
  readonly columnMapping?: boolean
  /** Write the types that older files hold, as Delta's type widening does: readers refuse those they cannot widen. */
  readonly typeChanges?: boolean
}

/** A schema as the JSON that Spark writes: what `schemaString` holds. */
export function schemaString(schema: Schema, options: SchemaStringOptions = {}): string {
  return writeJson(struct(schema.fields, options))
}

function struct(fields: readonly Field[], options: SchemaStringOptions): WireValue {
  return { type: 'struct', fields: fields.map(field => structField(field, options)) }
}

function structField(field: Field, options: SchemaStringOptions): WireValue {
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
function typeChangesOf(field: Field): { readonly [key: string]: WireValue } {
  const changes = [...changesUnder(field, [])]
  return changes.length === 0 ? {} : { 'delta.typeChanges': changes }
}

function* changesUnder(field: Field, path: readonly string[]): Generator<WireValue> {
  const { name, type, earlierTypes = [] } = field
  for (const earlier of earlierTypes) {
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

function sparkType(type: DataType, name: string, options: SchemaStringOptions): WireValue {
  if (typeof type === 'string') return primitive(type, name)
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'fixed':
      return 'binary'
    case 'opaque':
      return type.name
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

function primitive(type: Extract<DataType, string>, name: string): string {
  switch (type) {
    case 'int':
      return 'integer'
    case 'timestamptz':
      return 'timestamp'
    case 'timestamp':
      return 'timestamp_ntz'
    case 'uuid':
      return 'binary'
    case 'time':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `column ${name} has type ${type}, which the Delta Sharing schema cannot say`,
        { context: { column: name, feature: type } },
      )
    default:
      return type
  }
}

/** A Delta table's own schema text with the metadata of its fields reduced to comments: nothing else is a recipient's. */
export function strippedSchemaString(native: string): string {
  return writeJson(strip(parseJson(native) as WireValue))
}

function strip(node: WireValue): WireValue {
  if (Array.isArray(node)) return node.map(strip)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === 'metadata' ? commentOnly(value) : strip(value as WireValue),
    ]),
  )
}

function commentOnly(metadata: WireValue): WireValue {
  if (typeof metadata !== 'object' || metadata === null || !('comment' in metadata)) return {}
  const { comment } = metadata as { readonly comment: WireValue }
  return typeof comment === 'string' ? { comment } : {}
}
