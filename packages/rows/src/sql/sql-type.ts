import type { DuckDBType, DuckDBTypeId } from '@duckdb/node-api'
import { type DataType, TableError, typeName } from '@spillway/core'
import { quoteName } from './sql-text.js'

/** A DuckDB type, as far as reading files needs it. */
export type SqlType =
  | { readonly kind: 'scalar'; readonly name: string }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'struct'; readonly fields: readonly SqlField[] }
  | { readonly kind: 'list'; readonly element: SqlType }
  | { readonly kind: 'map'; readonly key: SqlType; readonly value: SqlType }

interface SqlField {
  readonly name: string
  readonly type: SqlType
}

/** DuckDB's type ids (duckdb.h, `duckdb_type`) of scalars, as files and queries have them. */
const SCALARS: Readonly<Record<number, string>> = {
  1: 'BOOLEAN',
  2: 'TINYINT',
  3: 'SMALLINT',
  4: 'INTEGER',
  5: 'BIGINT',
  6: 'UTINYINT',
  7: 'USMALLINT',
  8: 'UINTEGER',
  9: 'UBIGINT',
  10: 'FLOAT',
  11: 'DOUBLE',
  12: 'TIMESTAMP',
  13: 'DATE',
  14: 'TIME',
  15: 'INTERVAL',
  16: 'HUGEINT',
  17: 'VARCHAR',
  18: 'BLOB',
  20: 'TIMESTAMP_S',
  21: 'TIMESTAMP_MS',
  22: 'TIMESTAMP_NS',
  23: 'ENUM',
  27: 'UUID',
  28: 'UNION',
  29: 'BIT',
  30: 'TIMETZ',
  31: 'TIMESTAMPTZ',
  32: 'UHUGEINT',
  35: 'BIGNUM',
  36: 'NULL',
  39: 'TIME_NS',
  40: 'GEOMETRY',
  41: 'VARIANT',
}
// By value, for the enumeration itself would load the native client.
const DECIMAL: DuckDBTypeId.DECIMAL = 19
const LIST: DuckDBTypeId.LIST = 24
const STRUCT: DuckDBTypeId.STRUCT = 25
const MAP: DuckDBTypeId.MAP = 26
const ARRAY: DuckDBTypeId.ARRAY = 33

/** The node client's type object as plain data. */
export function sqlTypeOf(type: DuckDBType): SqlType {
  switch (type.typeId) {
    case DECIMAL:
      return { kind: 'decimal', precision: type.width, scale: type.scale }
    case LIST:
    case ARRAY:
      return { kind: 'list', element: sqlTypeOf(type.valueType) }
    case MAP:
      return { kind: 'map', key: sqlTypeOf(type.keyType), value: sqlTypeOf(type.valueType) }
    case STRUCT:
      return {
        kind: 'struct',
        fields: type.entryNames.map((name, i) => ({
          name,
          type: sqlTypeOf(type.entryTypes[i]!),
        })),
      }
    default:
      return { kind: 'scalar', name: SCALARS[type.typeId] ?? `type ${type.typeId}` }
  }
}

/** True for DuckDB's JSON: texts that are documents. */
export function isJson(type: DuckDBType): boolean {
  return type.alias === 'JSON'
}

/** How struct fields are named: as the schema does, or by position where names may collide but for case. */
export type Naming = 'logical' | 'position'

/** The DuckDB type that rows of `type` are given out as. */
export function sqlTypeText(type: DataType, naming: Naming): string {
  if (typeof type === 'string') return PRIMITIVES[type]
  switch (type.kind) {
    case 'fixed':
      return 'BLOB'
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`
    case 'list':
      return `${sqlTypeText(type.element.type, naming)}[]`
    case 'map':
      return `MAP(${sqlTypeText(type.key.type, naming)}, ${sqlTypeText(type.value.type, naming)})`
    case 'struct': {
      const fields = type.fields.map(
        (field, i) => `${fieldName(field.name, i, naming)} ${sqlTypeText(field.type, naming)}`,
      )
      return `STRUCT(${fields.join(', ')})`
    }
    case 'opaque':
      if (isVoid(type.name)) return 'INTEGER'
      if (type.name === 'variant') return 'JSON'
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `values of type ${typeName(type)} cannot be read`,
        {
          context: { type: typeName(type) },
        },
      )
  }
}

/** Types that hold nothing but null: Delta's void, Iceberg's unknown. */
export function isVoid(name: string): boolean {
  return name === 'void' || name === 'unknown' || name === 'null'
}

export function fieldName(name: string, position: number, naming: Naming): string {
  return naming === 'logical' ? quoteName(name) : `f${position}`
}

const PRIMITIVES = {
  boolean: 'BOOLEAN',
  int: 'INTEGER',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMPTZ',
  timestamp_ns: 'TIMESTAMP_NS',
  // DuckDB has no zoned nanoseconds: they are kept as nanoseconds of UTC.
  timestamptz_ns: 'TIMESTAMP_NS',
  string: 'VARCHAR',
  binary: 'BLOB',
  uuid: 'UUID',
} as const
