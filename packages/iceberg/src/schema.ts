import {
  childrenOf,
  type DataType,
  type Field,
  isPrimitive,
  type PrimitiveType,
  TableError,
} from '@spillway/core'
import { type JsonObject, type JsonValue, valueText } from '@spillway/encoding'
import { parseDefault } from './default-value.js'

const NAMED: ReadonlySet<string> = new Set([
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'timestamp_ns',
  'timestamptz_ns',
  'string',
  'uuid',
  'binary',
])
const MAX_DEPTH = 200

/** The fields of a schema (spec, Appendix C, "Schemas"). */
export function parseFields(json: JsonValue | undefined, depth = 0): readonly Field[] {
  if (!Array.isArray(json)) throw bad('it has no list of fields')
  return (json as readonly JsonValue[]).map(field => parseField(field, depth))
}

function parseField(json: JsonValue, depth: number): Field {
  const object = asObject(json, 'a field')
  const { id, name, required, doc } = object
  if (typeof id !== 'number' || typeof name !== 'string') throw bad('a field has no id or name')
  const type = parseType(object.type, depth + 1)
  const initialDefault = isPrimitive(type)
    ? parseDefault(object['initial-default'], type)
    : undefined
  return {
    id,
    name,
    physicalName: name,
    type,
    nullable: required !== true,
    ...(typeof doc === 'string' ? { comment: doc } : {}),
    ...(initialDefault === undefined ? {} : { initialDefault }),
  }
}

/** How many fields there are in a schema's document, nested ones and those of lists and maps too. */
export function columnCount(fields: readonly JsonValue[]): number {
  let columns = 0
  const pending: JsonValue[] = [fields]
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (typeof at !== 'object' || at === null) continue
    if (Array.isArray(at)) {
      columns += at.length
      for (const field of at as readonly JsonValue[]) pending.push(field)
      continue
    }
    const { type, fields: inner, element, key, value } = at as JsonObject
    columns += (element === undefined ? 0 : 1) + (key === undefined ? 0 : 2)
    for (const each of [type, inner, element, key, value]) if (each) pending.push(each)
  }
  return columns
}

/** A type as table metadata spells it. */
export function parseType(json: JsonValue | undefined, depth = 0): DataType {
  if (depth > MAX_DEPTH) throw bad(`nested more than ${MAX_DEPTH} deep`)
  if (typeof json === 'string') return parsePrimitive(json)
  const object = asObject(json, 'a type')
  switch (object.type) {
    case 'struct':
      return { kind: 'struct', fields: parseFields(object.fields, depth + 1) }
    case 'list':
      return { kind: 'list', element: parseChild(object, 'element', depth) }
    case 'map':
      return {
        kind: 'map',
        key: parseChild(object, 'key', depth),
        value: parseChild(object, 'value', depth),
      }
    default:
      throw bad(`${valueText(object.type)} is no type`)
  }
}

function parseChild(object: JsonObject, name: 'element' | 'key' | 'value', depth: number): Field {
  const id = object[`${name}-id`]
  if (typeof id !== 'number') throw bad(`${name}-id is missing`)
  const nullable = name !== 'key' && object[`${name}-required`] !== true
  return { id, name, physicalName: name, type: parseType(object[name], depth + 1), nullable }
}

function parsePrimitive(text: string): PrimitiveType {
  if (NAMED.has(text)) return text as PrimitiveType
  const fixed = /^fixed\[\s*(\d+)\s*\]$/.exec(text)
  if (fixed !== null) return { kind: 'fixed', length: Number(fixed[1]) }
  const decimal = /^decimal\(\s*(\d+)\s*,\s*(-?\d+)\s*\)$/.exec(text)
  if (decimal !== null) return parseDecimalType(Number(decimal[1]), Number(decimal[2]))
  if (/^(?:unknown|variant|geometry|geography)\b/.test(text)) return { kind: 'opaque', name: text }
  throw new TableError('UNSUPPORTED_FEATURE', `the Iceberg type ${JSON.stringify(text)}`)
}

function parseDecimalType(precision: number, scale: number): PrimitiveType {
  if (precision < 1 || precision > 38) throw bad(`decimal(${precision}, ${scale})`)
  return { kind: 'decimal', precision, scale }
}

/** Every field of a schema by its id, nested ones too. */
export function fieldsById(fields: readonly Field[]): ReadonlyMap<number, Field> {
  const found = new Map<number, Field>()
  const visit = (field: Field) => {
    if (found.has(field.id)) throw bad(`two fields have the id ${field.id}`)
    found.set(field.id, field)
    for (const child of childrenOf(field.type) ?? []) visit(child)
  }
  for (const field of fields) visit(field)
  return found
}

function asObject(json: JsonValue | undefined, what: string): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject
  throw bad(`${what} is ${valueText(json)}`)
}

function bad(reason: string): TableError {
  return new TableError('TABLE_CORRUPT', `expected an Iceberg schema: ${reason}`)
}
