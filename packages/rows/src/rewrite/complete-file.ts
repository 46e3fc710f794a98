import {
  type DataFile,
  type DataType,
  type Field,
  isPrimitive,
  TableError,
  typeName,
} from '@spillway/core'
import { uuidBytes } from '../data-files/cast.js'
import { type ColumnSource, columnSql } from '../data-files/column-sql.js'
import type { DeleteContext } from '../merge-on-read/deleted-positions.js'
import type { LivePart } from '../merge-on-read/live-rows.js'
import { exactParts } from '../merge-on-read/merged-rows.js'
import { inMicros } from '../sql/micros-sql.js'
import { quoteName, quoteText } from '../sql/sql-text.js'
import { isVoid } from '../sql/sql-type.js'

/** Writes the live rows of `file`, under the table's own names and types, to the local path `to`; gives how many. */
export async function writeComplete(
  file: DataFile,
  to: string,
  context: DeleteContext,
): Promise<number> {
  const { connection, signal } = context
  const fields = writableFields(context)
  const rows = 'complete_rows'
  let parts = 0
  for await (const part of exactParts([file], context, 'logical')) {
    // A file without logs is one part, which streams from file to file; with logs, parts are put together first.
    if (file.logFiles.length === 0) return writePart(part, to, context)
    const start = parts === 0 ? `CREATE OR REPLACE TEMP TABLE ${rows} AS` : `INSERT INTO ${rows}`
    await connection.run(`${start} ${selectSql(fields, part)}`, signal)
    parts++
  }
  await connection.run(`COPY ${rows} TO ${quoteText(to)} ${copyOptions(fields)}`, signal)
  return countRows(to, context)
}

/** Writes the rows of one part the same way; `keyValue` goes into the file's footer. */
export async function writePart(
  part: LivePart,
  to: string,
  context: DeleteContext,
  keyValue: Readonly<Record<string, string>> = {},
): Promise<number> {
  const fields = writableFields(context)
  const options = copyOptions(fields, keyValue)
  const sql = `COPY (${selectSql(fields, part)}) TO ${quoteText(to)} ${options}`
  await context.connection.run(sql, context.signal)
  return countRows(to, context)
}

function writableFields({ snapshot }: DeleteContext): readonly Field[] {
  const fields = snapshot.schema.fields.filter(({ type }) => !isVoidType(type))
  for (const field of fields) requireWritable(field.type, field.name)
  return fields
}

function selectSql(fields: readonly Field[], part: LivePart): string {
  const columns = fields.map(
    field => `${writtenSql(field, part.source)} AS ${quoteName(field.name)}`,
  )
  return `SELECT ${columns.join(', ')} ${part.from}`
}

function copyOptions(
  fields: readonly Field[],
  keyValue: Readonly<Record<string, string>> = {},
): string {
  const ids = fields.map(field => fieldIdSql(field)).join(', ')
  const pairs = Object.entries(keyValue).map(
    ([key, value]) => `${quoteText(key)}: ${quoteText(value)}`,
  )
  const metadata = pairs.length === 0 ? '' : `, KV_METADATA {${pairs.join(', ')}}`
  return `(FORMAT parquet, COMPRESSION zstd, FIELD_IDS {${ids}}${metadata})`
}

async function countRows(path: string, { connection, signal }: DeleteContext): Promise<number> {
  const [count] = await connection.all(
    `SELECT num_rows FROM parquet_file_metadata(${quoteText(path)})`,
    signal,
  )
  return Number(count![0])
}

/**
 * Recipients are told that a UUID is binary, and few of them read Parquet's own type for it; and that moments are in
 * microseconds (decision 0039).
 */
function writtenSql(field: Field, source: ColumnSource): string {
  return asWritten(columnSql(field, source), field.type, 0)
}

function asWritten(sql: string, type: DataType, depth: number): string {
  if (type === 'uuid') return uuidBytes(sql)
  if (type === 'timestamp_ns') return inMicros(sql)
  if (type === 'timestamptz_ns') return `timezone('UTC', ${inMicros(sql)})`
  if (!isChanged(type) || isPrimitive(type)) return sql
  const item = `w${depth}`
  const part = (value: string, child: Field) => asWritten(value, child.type, depth + 1)
  switch (type.kind) {
    case 'list':
      return `list_transform(${sql}, lambda ${item}: ${part(item, type.element)})`
    case 'map': {
      const key = part(`struct_extract(${item}, 'key')`, type.key)
      const value = part(`struct_extract(${item}, 'value')`, type.value)
      const entry = `struct_pack(key := ${key}, value := ${value})`
      return `map_from_entries(list_transform(map_entries(${sql}), lambda ${item}: ${entry}))`
    }
    case 'struct': {
      const parts = type.fields.map(field => {
        const value = part(`struct_extract(${sql}, ${quoteText(field.name)})`, field)
        return `${quoteName(field.name)} := ${value}`
      })
      return `CASE WHEN ${sql} IS NULL THEN NULL ELSE struct_pack(${parts.join(', ')}) END`
    }
  }
}

/** True for types of which a part is written otherwise than it is read. */
function isChanged(type: DataType): boolean {
  const isOwn = type === 'uuid' || type === 'timestamp_ns' || type === 'timestamptz_ns'
  return isOwn || childFields(type).some(child => isChanged(child.type))
}

function isVoidType(type: DataType): boolean {
  return typeof type === 'object' && type.kind === 'opaque' && isVoid(type.name)
}

/** Types that Parquet written here would not hold as the table's readers expect. */
function requireWritable(type: DataType, where: string): void {
  if (isPrimitive(type)) {
    if (typeof type === 'string' || type.kind !== 'opaque') return
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `column ${where} is ${typeName(type)}: files with it cannot be rewritten`,
      { context: { column: where, type: typeName(type) } },
    )
  }
  for (const child of childFields(type)) requireWritable(child.type, `${where}.${child.name}`)
}

function childFields(type: DataType): readonly Field[] {
  if (typeof type === 'string') return []
  if (type.kind === 'struct') return type.fields
  if (type.kind === 'list') return [type.element]
  return type.kind === 'map' ? [type.key, type.value] : []
}

/** Ids as COPY takes them: a nested column is a struct with its own id beside those of its children. */
function fieldIdSql(field: Field, name = field.name): string {
  const { type } = field
  const children =
    typeof type === 'object' && type.kind === 'list'
      ? [fieldIdSql(type.element, 'element')]
      : typeof type === 'object' && type.kind === 'map'
        ? [fieldIdSql(type.key, 'key'), fieldIdSql(type.value, 'value')]
        : childFields(type).map(child => fieldIdSql(child))
  const id =
    children.length === 0
      ? `${field.id}`
      : `{__duckdb_field_id: ${[field.id, ...children].join(', ')}}`
  return `${quoteText(name)}: ${id}`
}
