import {
  compareValues,
  type Field,
  type FieldPath,
  isPrimitive,
  leafOf,
  type PrimitiveType,
  statsLeaves,
  type Value,
} from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import {
  COMPARABLE_TYPES,
  filePath,
  keepingCache,
  type LogicalFile,
  type LogicalRow,
  type LogicalTable,
  onlyFenced,
  type ParquetChunkStats,
  type ParquetGroup,
  parquetFooterFile,
  parquetPlain,
  type Random,
  type TableWriter,
  truncateDown,
  truncateUp,
} from '@spillway/testkit'
import { parquetTableReader } from '../../src/index.js'

export const LOCATION = 's3://bucket/folder'

/** Writes a random table as a folder of footers: hive partitions, missing and narrower columns, holes in statistics. */
export const parquetWriter: TableWriter = {
  name: 'Parquet',
  types: COMPARABLE_TYPES,
  deletes: false,
  write: (table, random) => openFolder(table, random).snapshot({ location: LOCATION }),
}

/** A reader of the folder that `table` was written to. */
export function openFolder(table: LogicalTable, random: Random) {
  const partitions = table.schema.fields.filter(
    field => table.partitionedBy.includes(field.id) && isSpellable(table, field),
  )
  const narrowed = new Set(table.columns.filter(() => random.chance(0.2)).map(idOf))
  const objects = table.files.map((file, index): [string, Uint8Array] => {
    const folders = partitions.map(field => folderOf(field, file, random))
    const path = [LOCATION, ...folders, filePath(index)].join('/')
    return [path, fileBytes(file, { table, partitions, narrowed, random })]
  })
  const store = onlyFenced(memoryStore({ objects }))
  return parquetTableReader({ store, cache: keepingCache() })
}

function idOf(path: FieldPath): number {
  return leafOf(path).id
}

/** True where a folder's name gives back the column's type, which is guessed from all its values. */
function isSpellable({ files }: LogicalTable, { id, type }: Field): boolean {
  const values = files.map(file => file.rows[0]?.get(id) ?? null)
  if (files.some(({ rows }) => rows.length === 0) || values.every(value => value === null)) {
    return false
  }
  if (type === 'date') {
    return values.every(
      value => value === null || (Number(value) > -719_000 && Number(value) < 2_900_000),
    )
  }
  const texts = values.filter(value => typeof value === 'string')
  if (type === 'string') return texts.some(text => !/^-?\d|^__HIVE/.test(text))
  return type === 'int' || type === 'long'
}

function folderOf({ id, name, type }: Field, { rows }: LogicalFile, random: Random): string {
  const value = rows[0]!.get(id) ?? null
  const text =
    type === 'date' && value !== null
      ? new Date(Number(value) * 86_400_000).toISOString().replace(/^\+0*/, '').slice(0, 10)
      : String(value)
  const spelled = value === null ? '__HIVE_DEFAULT_PARTITION__' : escaped(text, random)
  return `${escaped(name, random)}=${spelled}`
}

/** As Spark writes it, or as Arrow and DuckDB do: what is beyond ASCII stands for itself, or for its bytes in UTF-8. */
function escaped(text: string, random: Random): string {
  const special = random.chance(0.5) ? /[ -,/:-@[-`{-\x7f]/gu : /[ -,/:-@[-`{-\u{10ffff}]/gu
  return text.replace(special, character =>
    Array.from(
      new TextEncoder().encode(character),
      byte => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`,
    ).join(''),
  )
}

interface FolderPlan {
  readonly table: LogicalTable
  readonly partitions: readonly Field[]
  /** Columns that some files hold in a narrower type. */
  readonly narrowed: ReadonlySet<number>
  readonly random: Random
}

function fileBytes(file: LogicalFile, plan: FolderPlan): Uint8Array {
  const { table, partitions, random } = plan
  const fields = table.schema.fields
    .filter(field => !partitions.includes(field) || random.chance(0.3))
    .filter(field => !isAbsent(field, file, random))
    .map(field => narrowedField(field, file, plan))
  const columns = [...statsLeaves(fields)]
  return parquetFooterFile(
    fields,
    splitRows(file.rows, random).map(rows => groupOf(rows, columns, random)),
  )
}

/** A column without values may not be there at all. */
function isAbsent({ id, type }: Field, { rows }: LogicalFile, random: Random): boolean {
  return (
    isPrimitive(type) && rows.every(row => (row.get(id) ?? null) === null) && random.chance(0.5)
  )
}

function narrowedField(
  field: Field,
  { rows }: LogicalFile,
  { narrowed, random }: FolderPlan,
): Field {
  const isNull = rows.every(row => (row.get(field.id) ?? null) === null)
  // pandas gives the null type to a column without values.
  if (isNull && random.chance(0.3)) return { ...field, type: { kind: 'opaque', name: 'void' } }
  if (!narrowed.has(field.id) || random.chance(0.4)) return field
  const values = rows.map(row => row.get(field.id) ?? null).filter(value => value !== null)
  const fits = (test: (value: Value) => boolean) => values.every(test)
  const isInt = (value: Value) => value === BigInt.asIntN(32, value as bigint)
  const isFloat = (value: Value) => Object.is(Math.fround(value as number), value)
  if (field.type === 'long' && fits(isInt)) return { ...field, type: 'int' }
  return field.type === 'double' && fits(isFloat) ? { ...field, type: 'float' } : field
}

function splitRows(
  rows: readonly LogicalRow[],
  random: Random,
): readonly (readonly LogicalRow[])[] {
  if (rows.length < 2 || random.chance(0.6)) return rows.length === 0 ? [] : [rows]
  const at = random.integer(1, rows.length - 1)
  return [rows.slice(0, at), rows.slice(at)]
}

function groupOf(
  rows: readonly LogicalRow[],
  columns: readonly FieldPath[],
  random: Random,
): ParquetGroup {
  const written = columns.filter(() => random.chance(0.9))
  return {
    rowCount: rows.length,
    columns: new Map(written.map(path => [idOf(path), statsOf(rows, path, random)])),
  }
}

/** As parquet-mr and Arrow leave them: bounds without NaN, truncated text, counts that may be missing. */
function statsOf(rows: readonly LogicalRow[], path: FieldPath, random: Random): ParquetChunkStats {
  const { id, type: dataType } = leafOf(path)
  const type = dataType as PrimitiveType
  const cells = rows.map(row => row.get(id) ?? null)
  const nullCount = cells.filter(cell => cell === null).length
  const values = cells.filter(cell => cell !== null && !Number.isNaN(cell)) as Value[]
  values.sort(compareValues)
  const cut = random.chance(0.4) ? random.pick([1, 2, 16]) : Number.POSITIVE_INFINITY
  const lower = values[0] === undefined ? undefined : shortened(values[0], type, cut, truncateDown)
  const last = values.at(-1)
  const upper = last === undefined ? undefined : shortened(last, type, cut, truncateUp)
  const hasBounds = !random.chance(0.1)
  return {
    ...(random.chance(0.9) && { nullCount }),
    ...(hasBounds && lower !== undefined && { min: plain(lower, type) }),
    ...(hasBounds && upper !== undefined && { max: plain(upper, type) }),
  }
}

/** Only values of no fixed length are cut. */
function shortened(
  value: Value,
  type: PrimitiveType,
  cut: number,
  truncate: (value: Value, length: number) => Value | undefined,
): Value | undefined {
  return type === 'string' || type === 'binary' ? truncate(value, cut) : value
}

/** A column that is narrower here keeps the values of the wider one. */
function plain(value: Value, type: PrimitiveType): Uint8Array {
  return parquetPlain(type === 'int' ? Number(value) : value, type)
}
