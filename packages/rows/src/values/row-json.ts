import {
  type DataType,
  dateText,
  decimalText,
  type Field,
  TableError,
  timestampText,
  timeText,
  typeName,
  uuidText,
} from '@spillway/core'
import { isVoid } from '../sql/sql-type.js'
import type { Json } from './json.js'
import type { Row, RowValue } from './row.js'
import { variantJson } from './variant-json.js'

/**
 * A row as JSON: 64-bit integers and decimals as strings, dates as yyyy-MM-dd, timestamps as ISO 8601 with
 * microseconds (`Z` where they have a zone), binary as base64, what JSON numbers cannot say (NaN, Infinity) as text,
 * maps as lists of key and value.
 */
export function rowJson(row: Row, fields: readonly Field[]): readonly Json[] {
  return fields.map((field, i) => valueJson(row[i] ?? null, field.type))
}

export function valueJson(value: RowValue, type: DataType): Json {
  if (value === null) return null
  if (typeof type === 'string') return primitiveJson(value, type)
  switch (type.kind) {
    case 'decimal':
      return decimalText(value as bigint, type.scale)
    case 'fixed':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'opaque':
      return opaqueJson(value, type.name)
    case 'list':
      return (value as readonly RowValue[]).map(item => valueJson(item, type.element.type))
    case 'map':
      return (value as readonly (readonly RowValue[])[]).map(([key, each]) => ({
        key: valueJson(key ?? null, type.key.type),
        value: valueJson(each ?? null, type.value.type),
      }))
    case 'struct': {
      const values = value as readonly RowValue[]
      return Object.fromEntries(
        type.fields.map((field, i) => [field.name, valueJson(values[i] ?? null, field.type)]),
      )
    }
  }
}

function primitiveJson(value: RowValue, type: Extract<DataType, string>): Json {
  switch (type) {
    case 'boolean':
    case 'int':
    case 'string':
      return value as boolean | number | string
    case 'long':
      return String(value)
    case 'float':
    case 'double':
      return Number.isFinite(value) ? (value as number) : String(value)
    case 'date':
      return dateText(value as number)
    case 'time':
      return timeText(value as bigint)
    case 'timestamp':
      return timestampText(value as bigint, 6)
    case 'timestamptz':
      return `${timestampText(value as bigint, 6)}Z`
    case 'timestamp_ns':
      return timestampText(value as bigint, 9)
    case 'timestamptz_ns':
      return `${timestampText(value as bigint, 9)}Z`
    case 'binary':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'uuid':
      return uuidText(value as Uint8Array)
  }
}

function opaqueJson(value: RowValue, name: string): Json {
  if (isVoid(name)) return null
  if (name === 'variant' && typeof value === 'string') return variantJson(value)
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `values of type ${typeName({ kind: 'opaque', name })} have no JSON`,
  )
}
