import { type DataType, type PrimitiveType, TableError, typeName } from '@spillway/core'
import { inMicros } from '../sql/micros-sql.js'
import { isVoid, type SqlType, sqlTypeText } from '../sql/sql-type.js'

/** How values of one DuckDB type become values of a column's type; undefined where that could lose something. */
type Conversion = (sql: string, to: string) => string

const asIs: Conversion = sql => sql
const cast: Conversion = (sql, to) => `CAST(${sql} AS ${to})`

/** Between wall clocks and moments in UTC, whatever the zone of the session is: a cast goes by that. */
const asUtc: Conversion = sql => `timezone('UTC', ${sql})`
const toMoment: Conversion = sql => asUtc(`CAST(${sql} AS TIMESTAMP)`, '')
const toMicros: Conversion = sql => inMicros(sql)
const toMomentInMicros: Conversion = sql => asUtc(inMicros(sql), '')
const toNanosOfUtc: Conversion = (sql, to) => cast(asUtc(sql, ''), to)

const INTEGERS = ['TINYINT', 'SMALLINT', 'INTEGER', 'UTINYINT', 'USMALLINT'] as const
const ALL_INTEGERS = [...INTEGERS, 'UINTEGER', 'BIGINT', 'UBIGINT'] as const
const TIMESTAMPS = [
  'TIMESTAMP',
  'TIMESTAMP_S',
  'TIMESTAMP_MS',
  'TIMESTAMP_NS',
  'TIMESTAMPTZ',
] as const

/**
 * What a file may hold for a column of each type: the type itself, what an engine wrote before the column was widened,
 * and older encodings of it. Casts here are exact or fail (an integer out of range); none rounds. Nanoseconds are read under
 * a microsecond type where they are whole microseconds: engines cut others, round them or refuse the file.
 */
const CONVERSIONS: Readonly<
  Record<Extract<PrimitiveType, string>, Readonly<Record<string, Conversion>>>
> = {
  boolean: { BOOLEAN: asIs },
  int: { ...each(ALL_INTEGERS, cast), INTEGER: asIs },
  long: { ...each(ALL_INTEGERS, cast), BIGINT: asIs },
  float: { FLOAT: asIs },
  double: { ...each(INTEGERS, cast), FLOAT: cast, DOUBLE: asIs },
  date: { DATE: asIs },
  time: { TIME: asIs, TIMETZ: cast, TIME_NS: cast },
  timestamp: {
    ...each(TIMESTAMPS, cast),
    TIMESTAMP: asIs,
    TIMESTAMP_NS: toMicros,
    TIMESTAMPTZ: asUtc,
    DATE: cast,
  },
  timestamptz: {
    ...each(TIMESTAMPS, toMoment),
    TIMESTAMP: asUtc,
    TIMESTAMP_NS: toMomentInMicros,
    TIMESTAMPTZ: asIs,
    DATE: toMoment,
  },
  timestamp_ns: { ...each(TIMESTAMPS, cast), TIMESTAMP_NS: asIs, DATE: cast },
  // DuckDB reads zoned nanoseconds as zoned microseconds: see `FileType.cutElement`.
  timestamptz_ns: { TIMESTAMP_NS: asIs, TIMESTAMPTZ: toNanosOfUtc },
  // Whole numbers and dates have one spelling: Hudi makes text of columns that held them.
  string: {
    ...each(ALL_INTEGERS, cast),
    VARCHAR: asIs,
    DATE: cast,
    BLOB: sql => `decode(${sql})`,
    UUID: cast,
  },
  binary: { BLOB: asIs, VARCHAR: sql => `encode(${sql})`, UUID: uuidBytes },
  uuid: { UUID: asIs, BLOB: sql => `CAST(hex(${sql}) AS UUID)` },
}

function each(names: readonly string[], conversion: Conversion): Record<string, Conversion> {
  return Object.fromEntries(names.map(name => [name, conversion]))
}

/** The 16 bytes of a UUID. */
export function uuidBytes(sql: string): string {
  return `from_hex(replace(CAST(${sql} AS VARCHAR), '-', ''))`
}

/** `sql`, of the file's type `from`, as an expression of the primitive `to`. */
export function convert(sql: string, from: SqlType, to: PrimitiveType, where: string): string {
  const conversion = conversionOf(from, to)
  if (conversion === undefined) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `column ${where} is ${typeName(to)} in the table and ${nameOf(from)} in a file: no conversion between them is exact`,
      { context: { column: where, type: typeName(to), found: nameOf(from) } },
    )
  }
  return conversion(sql, sqlTypeText(to, 'position'))
}

function conversionOf(from: SqlType, to: PrimitiveType): Conversion | undefined {
  if (from.kind === 'decimal') return decimalConversion(from, to)
  if (from.kind !== 'scalar') return undefined
  if (typeof to === 'string') return CONVERSIONS[to][from.name]
  switch (to.kind) {
    case 'fixed':
      return from.name === 'BLOB' ? asIs : undefined
    case 'decimal':
      return (ALL_INTEGERS as readonly string[]).includes(from.name) ? cast : undefined
    case 'opaque':
      return opaqueConversion(from.name, to.name)
  }
}

/** To an equal or greater scale nothing is lost; too few whole digits fail in the cast. */
function decimalConversion(
  from: SqlType & { readonly kind: 'decimal' },
  to: PrimitiveType,
): Conversion | undefined {
  if (to === 'double' && from.precision <= 15) return cast
  if (typeof to === 'string' || to.kind !== 'decimal' || to.scale < from.scale) return undefined
  return to.scale === from.scale && to.precision === from.precision ? asIs : cast
}

function opaqueConversion(from: string, to: string): Conversion | undefined {
  if (isVoid(to)) return (_, type) => `CAST(NULL AS ${type})`
  // DuckDB takes a variant's own null for SQL's: both are null here.
  if (to === 'variant' && from === 'VARIANT') {
    return sql => `CASE WHEN ${sql} IS NULL THEN NULL ELSE CAST(${sql} AS JSON) END`
  }
  return undefined
}

function nameOf(type: SqlType): string {
  switch (type.kind) {
    case 'scalar':
      return type.name
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    default:
      return type.kind
  }
}

/** A typed null, for columns that a file lacks. */
export function nullOf(type: DataType, naming: 'logical' | 'position'): string {
  return `CAST(NULL AS ${sqlTypeText(type, naming)})`
}
