import {
  childrenOf,
  type DataType,
  type Field,
  type FieldPath,
  type FindColumn,
  isPrimitive,
  TableError,
  timestampText,
  typeName,
} from '@spillway/core'
import { rebased } from '../sql/old-calendar-sql.js'
import { quoteText, quoteValue } from '../sql/sql-text.js'
import { fieldName, type Naming, type SqlType } from '../sql/sql-type.js'
import { convert, nullOf } from './cast.js'
import type { FileColumn, FileType } from './file-shape.js'

export interface ColumnSource {
  readonly columns: readonly FileColumn[]
  readonly find: FindColumn
  readonly naming: Naming
  /** True where days and moments are left in the calendar that their file has them in. */
  readonly asWritten?: boolean
  /** By element, a moment that DuckDB cuts in some of the files; absent where whoever sends them answers for it. */
  readonly cutMoments?: ReadonlyMap<number, bigint>
  /** The value that the metadata gives a top-level column in every file read, which the file itself need not hold. */
  constant(field: Field): string | undefined
}

/** A column of the table, as an expression over columns `c0`, `c1`, ... of the files. */
export function columnSql(field: Field, source: ColumnSource): string {
  const constant = source.constant(field)
  if (constant !== undefined) return constant
  return fieldSql(field, source.columns, { source, parent: undefined, where: field.name })
}

/** A nested field alone, for predicates: null where any struct above it is. */
export function pathSql(path: FieldPath, source: ColumnSource): string {
  const [top, ...rest] = path
  const at = source.find(top, source.columns)
  const known = source.constant(top) !== undefined || at === undefined || rest.length === 0
  if (known) return pathBelow(columnSql(top, source), top, rest, source)
  const place = { source, parent: undefined, where: top.name }
  return descend({ sql: `c${at}`, type: source.columns[at]!.type }, rest, place)
}

function descend(
  { sql, type }: { readonly sql: string; readonly type: FileType },
  [field, ...rest]: readonly Field[],
  above: Place,
): string {
  if (field === undefined) throw new TableError('INTERNAL', 'a path of fields ended early')
  const { source } = above
  if (type.kind !== 'struct') throw mismatch(above.where, { kind: 'struct', fields: [] }, type)
  const place = { source, parent: { sql, bare: type.bare }, where: `${above.where}.${field.name}` }
  const at = source.find(field, type.fields)
  if (at !== undefined && rest.length > 0) {
    return descend({ sql: childSql(place.parent, at), type: type.fields[at]!.type }, rest, place)
  }
  const value = fieldSql(field, type.fields, place)
  // A default does not show through a struct that is null itself.
  const guarded = at === undefined ? `CASE WHEN ${sql} IS NULL THEN NULL ELSE ${value} END` : value
  return pathBelow(guarded, field, rest, source)
}

/** `path` below an expression that already has the table's own shape. */
function pathBelow(
  sql: string,
  top: Field,
  path: readonly Field[],
  { naming }: ColumnSource,
): string {
  let expression = sql
  let { type } = top
  for (const field of path) {
    const position = childrenOf(type)?.findIndex(({ id }) => id === field.id) ?? -1
    const name = naming === 'logical' ? field.name : `f${position}`
    expression = `struct_extract(${expression}, ${quoteText(name)})`
    type = field.type
  }
  return expression
}

interface Place {
  readonly source: ColumnSource
  /** The struct the field lies in; undefined at the top. */
  readonly parent: { readonly sql: string; readonly bare: boolean } | undefined
  readonly where: string
}

function fieldSql(field: Field, columns: readonly FileColumn[], place: Place): string {
  const at = place.source.find(field, columns)
  if (at === undefined) return missingSql(field, place.source)
  return valueSql(childSql(place.parent, at), columns[at]!.type, field.type, place)
}

function childSql(parent: Place['parent'], at: number): string {
  if (parent === undefined) return `c${at}`
  return parent.bare ? parent.sql : `struct_extract_at(${parent.sql}, ${at + 1})`
}

/** What rows read that were written before the column existed. */
function missingSql(field: Field, { naming }: ColumnSource): string {
  if (field.initialDefault !== undefined && isPrimitive(field.type)) {
    return quoteValue(field.initialDefault, field.type)
  }
  return nullOf(field.type, naming)
}

/** `sql`, of type `from` in the file, rebuilt as the table's type `to`. */
function valueSql(sql: string, from: FileType, to: DataType, place: Place): string {
  if (isNull(from)) return nullOf(to, place.source.naming)
  if (isPrimitive(to)) {
    if (from.kind === 'scalar' || from.kind === 'decimal') {
      requireUncut(from, place)
      return convert(gregorian(sql, from, place), from.sql, to, place.where)
    }
    return opaqueStruct(sql, from, to, place)
  }
  if (typeof to === 'object' && to.kind === 'struct' && from.kind === 'struct') {
    return structSql(sql, from, to.fields, place)
  }
  if (typeof to === 'object' && to.kind === 'list' && from.kind === 'list') {
    return listSql(sql, from, to.element, place)
  }
  if (typeof to === 'object' && to.kind === 'map' && from.kind === 'map') {
    return mapSql(sql, from, to, place)
  }
  throw mismatch(place.where, to, from)
}

/** DuckDB gives zoned nanoseconds in microseconds, and does not say what it left out. */
function requireUncut(
  { cutElement }: Extract<FileType, { readonly sql: SqlType }>,
  { source, where }: Place,
): void {
  const cut = cutElement === undefined ? undefined : source.cutMoments?.get(cutElement)
  if (cut === undefined) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `column ${where} holds ${timestampText(cut, 9)}Z in a file, and moments of UTC are read in microseconds; what works is the column without a zone, or in microseconds`,
    { context: { column: where, nanoseconds: cut } },
  )
}

function gregorian(
  sql: string,
  { sql: type, calendar }: Extract<FileType, { readonly sql: SqlType }>,
  { source }: Place,
): string {
  if (calendar === undefined || type.kind !== 'scalar' || source.asWritten) return sql
  return rebased(sql, type.name, calendar)
}

/** A column of the null type holds the nulls of any type. */
function isNull(from: FileType): boolean {
  return from.kind === 'scalar' && from.sql.kind === 'scalar' && from.sql.name === 'NULL'
}

/** A variant that its writer did not mark as one is a struct of two binaries. */
function opaqueStruct(sql: string, from: FileType, to: DataType, place: Place): string {
  const isVariant = typeof to === 'object' && to.kind === 'opaque' && to.name === 'variant'
  if (isVariant && from.kind === 'struct' && from.fields.length === 2) {
    const part = (name: string) => {
      const at = from.fields.findIndex(field => field.name === name)
      if (at < 0) throw mismatch(place.where, to, from)
      return `struct_extract_at(${sql}, ${at + 1})`
    }
    const variant = `variant_bytes_to_variant(${part('metadata')}, ${part('value')})`
    return `CASE WHEN ${sql} IS NULL OR ${variant} IS NULL THEN NULL ELSE CAST(${variant} AS JSON) END`
  }
  throw mismatch(place.where, to, from)
}

function structSql(
  sql: string,
  from: FileType & { readonly kind: 'struct' },
  fields: readonly Field[],
  place: Place,
): string {
  const parts = fields.map((field, i) => {
    const inner = {
      ...place,
      parent: { sql, bare: from.bare },
      where: `${place.where}.${field.name}`,
    }
    return `${fieldName(field.name, i, place.source.naming)} := ${fieldSql(field, from.fields, inner)}`
  })
  const packed = `struct_pack(${parts.join(', ')})`
  // A group that DuckDB left out cannot be null: its list would not hold it.
  return from.bare ? packed : `CASE WHEN ${sql} IS NULL THEN NULL ELSE ${packed} END`
}

function listSql(
  sql: string,
  from: FileType & { readonly kind: 'list' },
  element: Field,
  place: Place,
): string {
  const item = variable(place)
  const value = valueSql(item, from.element.type, element.type, {
    ...place,
    where: `${place.where}.element`,
  })
  return value === item ? sql : `list_transform(${sql}, lambda ${item}: ${value})`
}

function mapSql(
  sql: string,
  from: FileType & { readonly kind: 'map' },
  to: { readonly key: Field; readonly value: Field },
  place: Place,
): string {
  const entry = variable(place)
  const key = `struct_extract_at(${entry}, 1)`
  const value = `struct_extract_at(${entry}, 2)`
  const newKey = valueSql(key, from.key.type, to.key.type, {
    ...place,
    where: `${place.where}.key`,
  })
  const newValue = valueSql(value, from.value.type, to.value.type, {
    ...place,
    where: `${place.where}.value`,
  })
  if (newKey === key && newValue === value) return sql
  const rebuilt = `list_transform(map_entries(${sql}), lambda ${entry}: struct_pack(key := ${newKey}, value := ${newValue}))`
  return `map_from_entries(${rebuilt})`
}

/** Lambdas nest: the depth of the place keeps their variables apart. */
function variable(place: Place): string {
  return `x${place.where.split('.').length}`
}

function mismatch(where: string, expected: DataType, found: FileType): TableError {
  const name = found.kind === 'scalar' && found.sql.kind === 'scalar' ? found.sql.name : found.kind
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `column ${where} is ${typeName(expected)} in the table and ${name} in a file`,
    { context: { column: where, type: typeName(expected), found: name } },
  )
}
