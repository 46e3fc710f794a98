import { type DataType, type Field, TableError, type Value } from '@spillway/core'
import {
  type AvroField,
  type AvroObject,
  type AvroRecord,
  type AvroType,
  type AvroValue,
  widenValue,
} from '@spillway/encoding'
import { bigEndian } from '../schema/big-endian.js'
import { avroPrimitive, splitNull } from '../schema/schema.js'

type Convert = (value: AvroValue) => unknown

/** Turns records of a log block, by its own schema, into rows of the table's schema. */
export interface RowReader {
  /** The values of a record in schema order; lists and structs are arrays, maps arrays of pairs. */
  row(record: AvroObject): readonly unknown[]
  /** One column by name as a value of its type in the table. */
  value(record: AvroObject, field: Field): Value | null
}

/**
 * `nameOf` is what a top-level column is called in the block; undefined where the block was written before the column.
 */
export function rowReader(
  writer: AvroType,
  fields: readonly Field[],
  nameOf: (field: Field) => string | undefined,
): RowReader {
  if (writer.kind !== 'record') {
    throw new TableError('TABLE_CORRUPT', `a log block's schema is no record but ${writer.kind}`)
  }
  const named = fieldFinder(writer)
  const columns = new Map(fields.map(field => [field.id, column(named, field, nameOf(field))]))
  const read = (record: AvroObject, field: Field): unknown => {
    const found = columns.get(field.id)
    if (found === undefined) return null
    const value = record[found.name]
    return value === null || value === undefined ? null : found.convert(value)
  }
  return {
    row: record => fields.map(field => read(record, field)),
    value: (record, field) => read(record, field) as Value | null,
  }
}

type FindField = (name: string) => AvroField | undefined

/** Fields by their names, or else without regard to case. */
function fieldFinder({ fields }: AvroRecord): FindField {
  const exact = new Map(fields.map(field => [field.name, field]))
  const lowered = new Map<string, AvroField>()
  for (const field of fields) {
    const key = field.name.toLowerCase()
    if (!lowered.has(key)) lowered.set(key, field)
  }
  return name => exact.get(name) ?? lowered.get(name.toLowerCase())
}

function column(
  named: FindField,
  field: Field,
  name: string | undefined,
): { readonly name: string; readonly convert: Convert } | undefined {
  if (name === undefined) return undefined
  const found = named(name)
  return found && { name: found.name, convert: converter(found.type, field.type, field.name) }
}

function converter(type: AvroType, target: DataType, name: string): Convert {
  const { present } = splitNull(type)
  const convert = convertPresent(present, target, name)
  return value => (value === null ? null : convert(value))
}

function convertPresent(type: AvroType, target: DataType, name: string): Convert {
  if (typeof target === 'object') {
    if (target.kind === 'struct' && type.kind === 'record') {
      const reader = rowReader(type, target.fields, field => field.name)
      return value => reader.row(value as AvroObject)
    }
    if (target.kind === 'list' && type.kind === 'array') {
      const item = converter(listItem(type.items, target.element.type), target.element.type, name)
      return value => (value as readonly AvroValue[]).map(item)
    }
    if (target.kind === 'map' && type.kind === 'map') {
      const item = converter(type.values, target.value.type, name)
      return value => [...(value as ReadonlyMap<string, AvroValue>)].map(([k, v]) => [k, item(v)])
    }
  }
  return primitive(type, target, name)
}

/** Spark wraps elements in a record of one field named `element` where it may be null; the file does not show it. */
function listItem(items: AvroType, target: DataType): AvroType {
  const { present } = splitNull(items)
  const isStruct = typeof target === 'object' && target.kind === 'struct'
  return present.kind === 'record' && !isStruct && present.fields.length === 1
    ? present.fields[0]!.type
    : items
}

function primitive(type: AvroType, target: DataType, name: string): Convert {
  const from = avroPrimitive(type)
  return value => {
    const own = ownValue(type, value)
    const wide = own === undefined ? undefined : widenValue(own, from, target)
    if (wide !== undefined) return wide
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `column ${name}: a log holds ${type.kind} values that are not of the table's type`,
      { context: { column: name } },
    )
  }
}

/** An Avro value as this package's value of the type that `avroPrimitive` says. */
function ownValue(type: AvroType, value: AvroValue): Value | undefined {
  const logical = 'logical' in type ? type.logical?.name : undefined
  if (logical === 'decimal' && value instanceof Uint8Array) return bigEndian(value)
  if (typeof value === 'bigint' && logical?.endsWith('timestamp-millis')) return value * 1000n
  if (logical === 'time-millis') return BigInt(value as number) * 1000n
  const isPlain = ['boolean', 'number', 'bigint', 'string'].includes(typeof value)
  return isPlain || value instanceof Uint8Array ? (value as Value) : undefined
}
