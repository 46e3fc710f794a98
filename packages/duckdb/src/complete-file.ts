import {
  type DataFile,
  type DataType,
  type Field,
  isPrimitive,
  TableError,
  typeName,
} from '@spillway/core'
import { uuidBytes } from './cast.js'
import { type ColumnSource, columnSql } from './column-sql.js'
import type { DeleteContext } from './deleted-positions.js'
import { exactParts } from './merged-rows.js'
import { quoteName, quoteText } from './sql-text.js'
import { isVoid } from './sql-type.js'

/** Writes the live rows of `file`, under the table's own names and types, to the local path `to`. */
export async function writeComplete(
  file: DataFile,
  to: string,
  context: DeleteContext,
): Promise<number> {
  const { snapshot, connection, signal } = context
  const fields = snapshot.schema.fields.filter(({ type }) => !isVoidType(type))
  for (const field of fields) requireWritable(field.type, field.name)
  const ids = fields.map(field => fieldIdSql(field)).join(', ')
  const options = `(FORMAT parquet, COMPRESSION zstd, FIELD_IDS {${ids}})`
  const rows = 'complete_rows'
  let parts = 0
  for await (const part of exactParts([file], context, 'logical')) {
    const columns = fields.map(
      field => `${writtenSql(field, part.source)} AS ${quoteName(field.name)}`,
    )
    const select = `SELECT ${columns.join(', ')} ${part.from}`
    // A file without logs is one part, which streams from file to file; with logs, parts are put together first.
    if (file.logFiles.length === 0) {
      await connection.run(`COPY (${select}) TO ${quoteText(to)} ${options}`, signal)
    } else {
      const start = parts === 0 ? `CREATE OR REPLACE TEMP TABLE ${rows} AS` : `INSERT INTO ${rows}`
      await connection.run(`${start} ${select}`, signal)
    }
    parts++
  }
  if (file.logFiles.length > 0) {
    await connection.run(`COPY ${rows} TO ${quoteText(to)} ${options}`, signal)
  }
  const [count] = await connection.all(
    `SELECT num_rows FROM parquet_file_metadata(${quoteText(to)})`,
    signal,
  )
  return Number(count![0])
}

/** Recipients are told that a UUID is binary, and few of them read Parquet's own type for it. */
function writtenSql(field: Field, source: ColumnSource): string {
  const sql = columnSql(field, source)
  return field.type === 'uuid' ? uuidBytes(sql) : sql
}

function isVoidType(type: DataType): boolean {
  return typeof type === 'object' && type.kind === 'opaque' && isVoid(type.name)
}

/** Types that Parquet written here would not hold as the table's readers expect. */
function requireWritable(type: DataType, where: string): void {
  if (isPrimitive(type)) {
    const known = typeof type === 'string' ? type !== 'timestamptz_ns' : type.kind !== 'opaque'
    if (known) return
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
