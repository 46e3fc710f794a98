import { TableError } from '@spillway/core'
import type { Connection } from '../session/session.js'
import type { CalendarZone } from '../sql/old-calendar-sql.js'
import { quoteList } from '../sql/sql-text.js'
import type { SqlType } from '../sql/sql-type.js'
import type { Row } from '../values/row.js'
import { type Calendars, calendarsOf, IN_ONE_CALENDAR } from './file-calendars.js'

/** A column of a file, or a field under one, as DuckDB reads it. */
export interface FileColumn {
  readonly name: string
  readonly fieldId?: number | undefined
  readonly type: FileType
}

export type FileType =
  | {
      readonly kind: 'scalar' | 'decimal'
      readonly sql: SqlType
      /** Set where values are days or moments of the hybrid calendar. */
      readonly calendar?: CalendarZone
      /** Set where DuckDB cuts moments to microseconds: the place of their leaf in the footer's list of schema elements. */
      readonly cutElement?: number
    }
  | {
      readonly kind: 'struct'
      readonly fields: readonly FileColumn[]
      /** DuckDB reads a repeated group of one field as that field: the struct has to be put around it again. */
      readonly bare: boolean
    }
  | { readonly kind: 'list'; readonly element: FileColumn }
  | { readonly kind: 'map'; readonly key: FileColumn; readonly value: FileColumn }

/** Files that have one schema, and so can be read by one statement. */
export interface FileShape {
  readonly columns: readonly FileColumn[]
  /** False where no field of the file has an id. */
  readonly hasFieldIds: boolean
  /** Positions in the list that was asked about, ascending. */
  readonly files: readonly number[]
  readonly rowCounts: readonly number[]
}

interface SchemaNode {
  readonly name: string
  readonly repeated: boolean
  readonly fieldId?: number | undefined
  /** Of Parquet's null type, which DuckDB reads as the integers that it annotates. */
  readonly alwaysNull: boolean
  readonly isInt96: boolean
  /** Set for moments of UTC in nanoseconds: its place in the list. */
  readonly zonedNanos?: number
  readonly children: readonly SchemaNode[]
}

/** Sorts local Parquet files by schema. One statement reads every footer; JavaScript sees each schema once. */
export async function fileShapes(
  connection: Connection,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<readonly FileShape[]> {
  if (paths.length === 0) return []
  const positions = positionsOf(paths)
  // DuckDB tells files apart by name: of one that is given twice it would list every column twice.
  const distinct = [...positions.keys()]
  const counts = await rowCounts(connection, distinct, signal)
  const rows = await connection.all(
    `WITH nodes AS (
       SELECT file_name, list([name, coalesce(num_children, 0)::VARCHAR, repetition_type, field_id::VARCHAR,
         concat_ws(' ', type, type_length, converted_type, logical_type, scale, precision)] ORDER BY column_id) AS schema
       FROM parquet_schema(${quoteList(distinct)}) GROUP BY file_name)
     SELECT schema, list(file_name) FROM nodes GROUP BY schema`,
    signal,
  )
  const shapes: FileShape[] = []
  for (const [schema, names] of rows) {
    const nodes = schema as readonly Row[]
    const example = (names as readonly string[])[0]!
    const types = await connection.types(`SELECT * FROM ${readParquet([example])}`)
    const root = schemaTree(nodes)
    const hasFieldIds = nodes.some((node, i) => i > 0 && node[3] !== null)
    const dated = (names as readonly string[]).filter(name => counts.get(name)!.dated)
    const found = nodes.some(mayBeDated) ? dated : []
    const calendars = await calendarsOf(connection, found, signal)
    for (const [calendar, alike] of byCalendar(names as readonly string[], calendars)) {
      const files = alike.flatMap(name => positions.get(name)!).sort((a, b) => a - b)
      const columns = root.children.map((node, i) =>
        columnOf(node, types[i], { path: example, calendar }),
      )
      if (columns.length !== types.length) throw misread(example, 'its top-level columns')
      const rowCounts = files.map(file => counts.get(paths[file]!)!.rows)
      shapes.push({ columns, hasFieldIds, files, rowCounts })
    }
  }
  return shapes.sort((a, b) => a.files[0]! - b.files[0]!)
}

/** True for leaves whose values depend on a calendar. */
function mayBeDated([, , , , types]: Row): boolean {
  return /\bDATE\b|\bTIMESTAMP|^INT96\b/.test(types as string)
}

function byCalendar(
  names: readonly string[],
  calendars: ReadonlyMap<string, Calendars>,
): Iterable<readonly [Calendars, readonly string[]]> {
  const groups = new Map<string, readonly [Calendars, string[]]>()
  for (const name of names) {
    const calendar = calendars.get(name) ?? IN_ONE_CALENDAR
    const key = JSON.stringify(calendar)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [calendar, [name]])
    else group[1].push(name)
  }
  return groups.values()
}

/** A table may list one file twice, and then holds its rows twice. */
function positionsOf(paths: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const positions = new Map<string, number[]>()
  for (const [i, path] of paths.entries()) {
    const known = positions.get(path)
    if (known === undefined) positions.set(path, [i])
    else known.push(i)
  }
  return positions
}

/**
 * The table function over exactly these files: no globbing of meaning, no partitions guessed from folder names. Bounds of
 * floats leave NaN out, which is above everything: DuckDB takes no maximum for one where it is told so.
 */
export function readParquet(paths: readonly string[]): string {
  return `read_parquet(${quoteList(paths)}, hive_partitioning = false, union_by_name = false, can_have_nan = true)`
}

async function rowCounts(
  connection: Connection,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, { readonly rows: number; readonly dated: boolean }>> {
  const found = await connection.all(
    `SELECT file_name, num_rows, coalesce(starts_with(created_by, 'parquet-mr'), FALSE)
     FROM parquet_file_metadata(${quoteList(paths)})`,
    signal,
  )
  return new Map(
    found.map(([name, count, dated]) => [
      name as string,
      // Spark writes with parquet-mr: no other file can be in its old calendar.
      { rows: Number(count), dated: dated as boolean },
    ]),
  )
}

interface FileAsRead {
  readonly path: string
  readonly calendar: Calendars
}

/** What DuckDB reads as zoned microseconds, cutting the rest. */
const ZONED_NANOS = /\bTimestampType\(isAdjustedToUTC=1\b.*\bNANOS=NanoSeconds\b/

/** The flat, depth-first list of a Parquet footer as a tree. */
function schemaTree(nodes: readonly Row[]): SchemaNode {
  let next = 0
  function read(): SchemaNode {
    const element = next++
    const [name, childCount, repetition, fieldId, types] = nodes[element]!
    const children: SchemaNode[] = []
    for (let i = 0; i < Number(childCount); i++) children.push(read())
    return {
      name: name as string,
      repeated: repetition === 'REPEATED',
      ...(fieldId !== null && { fieldId: Number(fieldId) }),
      alwaysNull: /\bNullType\b/.test(types as string),
      isInt96: /^INT96\b/.test(types as string),
      ...(ZONED_NANOS.test(types as string) && { zonedNanos: element }),
      children,
    }
  }
  return read()
}

/** Lays the names and ids of `node` beside the type that DuckDB gave it. */
function columnOf(node: SchemaNode, type: SqlType | undefined, file: FileAsRead): FileColumn {
  const fieldId = node.fieldId === undefined ? {} : { fieldId: node.fieldId }
  if (type === undefined) throw misread(file.path, node.name)
  return { name: node.name, ...fieldId, type: fileTypeOf(node, type, file) }
}

function fileTypeOf(node: SchemaNode, type: SqlType, file: FileAsRead): FileType {
  switch (type.kind) {
    case 'scalar':
      return scalarOf(node, type, file.calendar)
    case 'decimal':
      return { kind: 'decimal', sql: type }
    case 'struct':
      if (node.children.length !== type.fields.length) throw misread(file.path, node.name)
      return { kind: 'struct', bare: false, fields: structFields(node, type, file) }
    case 'list':
      return { kind: 'list', element: elementColumn(node, type.element, file) }
    case 'map': {
      const [key, value] = node.children[0]?.children ?? []
      if (key === undefined || value === undefined) throw misread(file.path, node.name)
      return {
        kind: 'map',
        key: columnOf(key, type.key, file),
        value: columnOf(value, type.value, file),
      }
    }
  }
}

function scalarOf(
  node: SchemaNode,
  type: SqlType & { readonly kind: 'scalar' },
  calendar: Calendars,
): FileType {
  if (node.alwaysNull) return { kind: 'scalar', sql: { kind: 'scalar', name: 'NULL' } }
  const isDated = type.name === 'DATE' || type.name === 'TIMESTAMPTZ'
  const isOld = node.isInt96 ? calendar.int96 : isDated && calendar.dates
  const isCut = node.zonedNanos !== undefined && type.name === 'TIMESTAMPTZ'
  return {
    kind: 'scalar',
    sql: type,
    ...(isOld && { calendar: calendar.zone }),
    ...(isCut && { cutElement: node.zonedNanos }),
  }
}

function structFields(
  node: SchemaNode,
  type: SqlType & { readonly kind: 'struct' },
  file: FileAsRead,
): readonly FileColumn[] {
  return node.children.map((child, i) => columnOf(child, type.fields[i]!.type, file))
}

/**
 * What a list's elements are (Parquet LogicalTypes.md, "Lists", with its older layouts). Three levels: the only child
 * of the repeated group. Two: the repeated node itself, which its name says (`array`, `..._tuple`) where it has a
 * single child; DuckDB then leaves the group out. A field that repeats without a list around it is its own element.
 */
function elementColumn(list: SchemaNode, type: SqlType, file: FileAsRead): FileColumn {
  const node = list.repeated ? { ...list, repeated: false } : (list.children[0] ?? list)
  const [only, ...more] = node.children
  if (only === undefined || more.length > 0) return columnOf(node, type, file)
  const child = columnOf(only, type, file)
  const isElement = list.repeated || node.name === 'array' || node.name.endsWith('_tuple')
  return isElement
    ? { name: node.name, type: { kind: 'struct', bare: true, fields: [child] } }
    : child
}

function misread(path: string, what: string): TableError {
  return new TableError('UNSUPPORTED_FEATURE', `DuckDB reads ${what} of ${path} in another shape`, {
    context: { path },
  })
}
