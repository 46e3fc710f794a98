import { ExactNumber, isJsonObject, type JsonValue, parseJsonExactly } from '@spillway/core'
import type { SchemaColumn } from './schema-columns.js'

/**
 * One bound: a bigint of a long; a number of a smaller integer, a float or a double; a text of a string, a decimal, a date
 * (`2026-01-03`) or a timestamp, as the table's log spells it.
 */
export type BoundValue = string | number | bigint | boolean

/** What is known of each column, by the table's names; a struct holds what is known of its fields. */
export type ByColumn<T> = { readonly [column: string]: T | ByColumn<T> }

/**
 * What a table's log says about a file. Bounds hold for every row that is in the file, deleted ones too; they need not be
 * values of it, and a maximum may be cut: of a timestamp to its millisecond, so that up to one more may be there.
 */
export interface FileStatistics {
  /** Rows in the file, those that a deletion vector takes out as well. */
  readonly numRecords: number | undefined
  /** True where the log says that no row was deleted since the bounds were taken. */
  readonly tightBounds: boolean
  readonly minValues: ByColumn<BoundValue>
  readonly maxValues: ByColumn<BoundValue>
  readonly nullCount: ByColumn<number>
}

/** `text` by the table's names; undefined where there is none or it says nothing that is understood. */
export function fileStatistics(
  text: string | undefined,
  columns: readonly SchemaColumn[],
): FileStatistics | undefined {
  const stats = text === undefined ? undefined : parsed(text)
  if (!isJsonObject(stats)) return undefined
  const { numRecords, tightBounds, minValues, maxValues, nullCount } = stats
  return {
    numRecords: countOf(numRecords),
    tightBounds: tightBounds === true,
    minValues: byColumn(minValues, columns, boundOf),
    maxValues: byColumn(maxValues, columns, boundOf),
    nullCount: byColumn(nullCount, columns, countOf),
  }
}

function parsed(text: string): JsonValue | undefined {
  try {
    return parseJsonExactly(text)
  } catch {
    return undefined
  }
}

/** Logs name columns as files do; what speaks of a table in its own names has no others. */
function byColumn<T>(
  values: JsonValue | undefined,
  columns: readonly SchemaColumn[],
  read: (value: JsonValue, column: SchemaColumn) => T | undefined,
): ByColumn<T> {
  if (!isJsonObject(values)) return {}
  const physical = new Set(columns.map(({ physicalName }) => physicalName))
  const known = columns.flatMap((column): [string, T | ByColumn<T>][] => {
    const { name, physicalName, fields } = column
    // A column that was renamed may have left its name in files to another one.
    const key = Object.hasOwn(values, physicalName) || physical.has(name) ? physicalName : name
    const value = Object.hasOwn(values, key) ? values[key] : undefined
    if (value === undefined || value === null) return []
    if (fields.length > 0) return isJsonObject(value) ? [[name, byColumn(value, fields, read)]] : []
    const one = read(value, column)
    return one === undefined ? [] : [[name, one]]
  })
  return Object.fromEntries(known)
}

function countOf(value: JsonValue | undefined): number | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined
}

/** Undefined for what is no value of the column's type: no bound is better than a wrong one. */
function boundOf(value: JsonValue, { type = '' }: SchemaColumn): BoundValue | undefined {
  switch (type) {
    case 'byte':
    case 'short':
    case 'integer':
      return Number.isSafeInteger(value) ? Number(value) : undefined
    case 'long':
      return typeof value === 'bigint' || Number.isSafeInteger(value)
        ? BigInt(value as bigint | number)
        : undefined
    case 'float':
    case 'double':
      return floatOf(value)
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    default:
      if (type.startsWith('decimal')) return decimalOf(value, type)
      return typeof value === 'string' ? value : undefined
  }
}

const NOT_FINITE: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity'])

function floatOf(value: JsonValue): number | undefined {
  if (value instanceof ExactNumber) return Number(value.text)
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  return typeof value === 'string' && NOT_FINITE.has(value) ? Number(value) : undefined
}

/** With as many digits behind its point as the type has: `12.50` of a `decimal(10,2)`. */
function decimalOf(value: JsonValue, type: string): string | undefined {
  const text = value instanceof ExactNumber ? value.text : String(value)
  const number = /^(-?\d+)(?:\.(\d+))?$/.exec(text)
  const scale = /^decimal\(\d+,\s*(\d+)\)$/.exec(type)?.[1]
  if (number === null || scale === undefined) return undefined
  const [, whole, fraction = ''] = number
  const digits = fraction.padEnd(Number(scale), '0')
  return digits === '' ? whole : `${whole}.${digits}`
}
