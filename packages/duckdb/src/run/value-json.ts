import { timeText } from '@spillway/core'
import { type Json, type Row, valueJson, variantJson } from '@spillway/rows'
import type { JsonRow, ResultColumn } from '../share/attached-share.js'
import { memberNames } from './member-names.js'

/** DuckDB's type of a column. */
export type ColumnType = ResultColumn['type']
export type ColumnValue = Row[number]

/**
 * A value of a result as JSON, as `rowJson` has it for a table's own types: integers past 32 bits and decimals are
 * text, and so is every type that JSON has nothing for.
 */
export function columnJson(value: ColumnValue, type: ColumnType): Json {
  if (value === null) return null
  switch (type.kind) {
    case 'decimal':
      return valueJson(value, type)
    case 'list':
      return items(value).map(item => columnJson(item, type.element))
    case 'map':
      return items(value).map(entry => {
        const [key = null, each = null] = items(entry)
        return { key: columnJson(key, type.key), value: columnJson(each, type.value) }
      })
    case 'struct':
      return Object.fromEntries(
        type.fields.map((field, i) => [
          field.name,
          columnJson(items(value)[i] ?? null, field.type),
        ]),
      )
    case 'scalar':
      return scalarJson(value, type.name)
  }
}

/** Gives rows as JSON, with the names that objects have. */
export function rowJsons(columns: readonly ResultColumn[]): (row: Row) => JsonRow {
  const names = memberNames(columns.map(({ name }) => name))
  return row =>
    Object.fromEntries(columns.map(({ type }, i) => [names[i], columnJson(row[i] ?? null, type)]))
}

function items(value: ColumnValue): readonly ColumnValue[] {
  return value as readonly ColumnValue[]
}

/** What core calls the scalars it has; 64 bits and more are text alike. */
const CORE_TYPES = {
  BOOLEAN: 'boolean',
  TINYINT: 'int',
  SMALLINT: 'int',
  INTEGER: 'int',
  UTINYINT: 'int',
  USMALLINT: 'int',
  UINTEGER: 'int',
  BIGINT: 'long',
  UBIGINT: 'long',
  HUGEINT: 'long',
  FLOAT: 'float',
  DOUBLE: 'double',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  TIMESTAMP_NS: 'timestamp_ns',
  TIMESTAMPTZ: 'timestamptz',
  VARCHAR: 'string',
  BLOB: 'binary',
  UUID: 'uuid',
} as const

/** What core calls a scalar of DuckDB's; undefined where it has none like it. */
export function coreTypeOf(name: string) {
  return Object.hasOwn(CORE_TYPES, name) ? CORE_TYPES[name as keyof typeof CORE_TYPES] : undefined
}

/** Microseconds in the unit of a coarser timestamp. */
const UNITS: Readonly<Record<string, bigint>> = { TIMESTAMP_S: 1_000_000n, TIMESTAMP_MS: 1000n }

function scalarJson(value: ColumnValue, name: string): Json {
  if (name === 'JSON') return variantJson(String(value))
  if (name === 'TIME_NS') return nanosText(value as bigint)
  const core = coreTypeOf(name)
  if (core === undefined) return typeof value === 'boolean' ? value : String(value)
  const endless = endlessMoment(value, name)
  if (endless !== undefined) return endless
  const unit = UNITS[name]
  return valueJson(unit === undefined ? value : (value as bigint) * unit, core)
}

function nanosText(nanos: bigint): string {
  return `${timeText(nanos / 1000n)}${String(nanos % 1000n).padStart(3, '0')}`
}

const LAST_DAY = 2_147_483_647
const LAST_MOMENT = 9_223_372_036_854_775_807n

/** DuckDB's dates and timestamps have an infinity at either end; no calendar does. */
function endlessMoment(value: ColumnValue, name: string): string | undefined {
  if (name !== 'DATE' && !name.startsWith('TIMESTAMP')) return undefined
  if (value === LAST_DAY || value === LAST_MOMENT) return 'infinity'
  return value === -LAST_DAY || value === -LAST_MOMENT ? '-infinity' : undefined
}
