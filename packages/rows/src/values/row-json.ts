import { type DataType, type Field, TableError, typeName } from '@spillway/core'
import { decimalText, timeText } from '../sql/sql-text.js'
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

/**
 * Days from 1970 in the proleptic Gregorian calendar; years past 9999 or before 0 with a sign, as ISO 8601 has it.
 * Arithmetic (Hinnant, "chrono-Compatible Low-Level Date Algorithms"), since a Date for each value is most of the time
 * that writing rows takes, and ends where DuckDB's calendar goes on.
 */
function dateText(days: number): string {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153)
  const day = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${yearText(year)}-${month < 10 ? '0' : ''}${month}-${day < 10 ? '0' : ''}${day}`
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0')
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`
}

function timestampText(value: bigint, digits: 6 | 9): string {
  const perSecond = 10n ** BigInt(digits)
  const perDay = 86_400n * perSecond
  const days = value / perDay - (value % perDay < 0n ? 1n : 0n)
  const rest = value - days * perDay
  const clock = timeText((rest / perSecond) * 1_000_000n).slice(0, 8)
  return `${dateText(Number(days))}T${clock}.${(rest % perSecond).toString().padStart(digits, '0')}`
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
