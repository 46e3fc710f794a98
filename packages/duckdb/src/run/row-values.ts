import { TableError } from '@spillway/core'
import type { Row, RowValue, SqlType } from '@spillway/rows'
import type { ResultColumn, ResultRow, ResultValue } from '../share/attached-share.js'
import { memberNames } from './member-names.js'
import { columnJson } from './value-json.js'

/** Scalars that are what they are in JavaScript. */
const SAME = [
  ...['BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'UTINYINT', 'USMALLINT', 'UINTEGER'],
  ...['FLOAT', 'DOUBLE', 'VARCHAR', 'ENUM', 'JSON', 'NULL'],
]
const INTEGERS = ['BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'BIGNUM']
/** Scalars whose text says all of them. */
const TEXTS = [
  ...['DATE', 'TIME', 'TIME_NS', 'TIMETZ', 'INTERVAL', 'UUID', 'BIT'],
  ...['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'TIMESTAMPTZ'],
]

type Convert = (value: Exclude<RowValue, null>) => ResultValue

const SCALARS: ReadonlyMap<string, (type: SqlType) => Convert> = new Map<
  string,
  (type: SqlType) => Convert
>([
  ...SAME.map(name => [name, () => (value: RowValue) => value as ResultValue] as const),
  ...INTEGERS.map(name => [name, () => (value: RowValue) => BigInt(value as bigint)] as const),
  ...TEXTS.map(
    name =>
      [name, (type: SqlType) => (value: RowValue) => String(columnJson(value, type))] as const,
  ),
  // The bytes of a block are DuckDB's, and go with it.
  ['BLOB', () => value => Uint8Array.from(value as Uint8Array)],
])

/** Gives rows as plain objects; a column without a lossless value is refused here, before the first row. */
export function rowObjects(columns: readonly ResultColumn[]): (row: Row) => ResultRow {
  const names = memberNames(columns.map(({ name }) => name))
  const converts = columns.map(({ name, type }) => orNull(converter(type, name)))
  return row =>
    // An own member whatever its name is, `__proto__` too.
    Object.fromEntries(names.map((name, i) => [name, converts[i]!(row[i] ?? null)]))
}

function noValue(type: string, column: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `column ${column} is ${type}, which has no exact value here: CAST it to VARCHAR in the SQL`,
    { context: { column, type } },
  )
}

function orNull(convert: Convert): (value: RowValue) => ResultValue {
  return value => (value === null ? null : convert(value))
}

function converter(type: SqlType, column: string): Convert {
  switch (type.kind) {
    case 'scalar': {
      const found = SCALARS.get(type.name)
      if (found !== undefined) return found(type)
      throw noValue(type.name, column)
    }
    case 'decimal':
      return value => String(columnJson(value, type))
    case 'list': {
      const item = orNull(converter(type.element, column))
      return value => (value as readonly RowValue[]).map(item)
    }
    case 'map': {
      const key = orNull(converter(type.key, column))
      const each = orNull(converter(type.value, column))
      return value =>
        new Map(
          (value as readonly (readonly RowValue[])[]).map(([k = null, v = null]) => [
            key(k),
            each(v),
          ]),
        )
    }
    case 'struct': {
      const toObject = rowObjects(type.fields)
      return value => toObject(value as Row)
    }
  }
}
