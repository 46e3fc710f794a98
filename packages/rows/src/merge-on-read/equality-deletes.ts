import {
  childrenOf,
  columnFinder,
  type DataFile,
  type DeleteFile,
  type Field,
  type FieldPath,
  leafOf,
  mapConcurrently,
} from '@spillway/core'
import { type ColumnSource, pathSql } from '../data-files/column-sql.js'
import { type FileColumn, fileShapes, readParquet } from '../data-files/file-shape.js'
import { FOOTERS_AT_ONCE, localFooter } from '../data-files/local-footer.js'
import { type DeleteContext, requireParquet } from './deleted-positions.js'

type EqualityDelete = Extract<DeleteFile, { kind: 'equality-delete' }>

/** What tells apart sets of equality deletes: data files with the same one are read by the same statement. */
export function equalityKey(file: DataFile): string {
  return equalityDeletes(file)
    .map(({ path }) => path)
    .sort()
    .join('\n')
}

export function equalityDeletes(file: DataFile): readonly EqualityDelete[] {
  return file.deletes.filter(each => each.kind === 'equality-delete')
}

/**
 * Conditions that hold for rows that none of `deletes` removes. Null equals null, NaN equals NaN, the two zeros differ
 * as they do in Java, and columns that either side lacks read as their default (Iceberg spec, "Equality Delete Files").
 * Their values wait in temporary tables.
 */
export async function equalityConditions(
  deletes: readonly EqualityDelete[],
  source: ColumnSource,
  context: DeleteContext,
): Promise<readonly string[]> {
  const byFields = new Map<string, EqualityDelete[]>()
  for (const each of deletes) {
    requireParquet(each)
    const key = [...each.fieldIds].sort((a, b) => a - b).join()
    byFields.set(key, [...(byFields.get(key) ?? []), each])
  }
  const conditions: string[] = []
  for (const group of byFields.values()) {
    const table = `equal_${conditions.length}`
    const ids = [...group[0]!.fieldIds].sort((a, b) => a - b)
    const wanted = await fillValues(table, { ids, group }, context)
    const keys = wanted.map((path, i) => keysOf(comparedValue(path, ids[i]!, source)))
    conditions.push(unlike(table, keys))
  }
  return conditions
}

/** The distinct values of one set of columns, from every file of the group; the columns that the schema still has. */
async function fillValues(
  table: string,
  { ids, group }: { readonly ids: readonly number[]; readonly group: readonly EqualityDelete[] },
  { snapshot, local, connection, signal }: DeleteContext,
): Promise<readonly (FieldPath | undefined)[]> {
  const wanted = ids.map(id => findById(snapshot.schema.fields, id))
  const paths = await local.pathsOf(group, signal)
  const selects: string[] = []
  // Keys that were lost would be rows that come back.
  await mapConcurrently(paths, FOOTERS_AT_ONCE, localFooter)
  for (const shape of await fileShapes(connection, paths, signal)) {
    const find = columnFinder(snapshot, shape)
    const source = {
      columns: shape.columns,
      find,
      naming: 'position' as const,
      constant: () => undefined,
    }
    const values = wanted.flatMap((path, i) =>
      keysOf(comparedValue(path, ids[i]!, source)).map(
        (sql, key) => `${sql} AS ${keyName(i, key)}`,
      ),
    )
    const names = shape.columns.map((_, i) => `c${i}`).join(', ')
    const from = readParquet(shape.files.map(file => paths[file]!))
    selects.push(`SELECT ${values.join(', ')} FROM ${from} t(${names})`)
  }
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${table} AS ${selects.join(' UNION ')}${selects.length === 1 ? ' GROUP BY ALL' : ''}`,
    signal,
  )
  return wanted
}

/** A value of one column as SQL: the value, and whether it is the negative zero, which DuckDB takes for the other. */
interface ComparedValue {
  readonly sql: string
  /** Absent in a column that has no such value. */
  readonly isNegativeZero?: string
}

function comparedValue(
  path: FieldPath | undefined,
  id: number,
  source: ColumnSource,
): ComparedValue {
  // A column that the schema has dropped since: as the file types it, and files may differ in that.
  if (path === undefined) {
    const { sql, isNegativeZero = 'FALSE' } = findRaw(id, source.columns) ?? { sql: 'NULL' }
    return { sql, isNegativeZero }
  }
  const sql = pathSql(path, source)
  const { type } = leafOf(path)
  return type === 'float' || type === 'double' ? floatValue(sql) : { sql }
}

function floatValue(sql: string): ComparedValue {
  return { sql, isNegativeZero: `coalesce((${sql}) = 0 AND signbit((${sql})::DOUBLE), FALSE)` }
}

function keysOf({ sql, isNegativeZero }: ComparedValue): readonly string[] {
  return isNegativeZero === undefined ? [sql] : [sql, isNegativeZero]
}

function keyName(column: number, key: number): string {
  return key === 0 ? `v${column}` : `z${column}`
}

/**
 * A condition for rows that none of `table` equals. DuckDB finds correlated rows by values of its own kind of equality,
 * which forgets the sign of a zero: then whole rows are looked for.
 */
function unlike(table: string, keys: readonly (readonly string[])[]): string {
  if (keys.every(({ length }) => length === 1)) {
    const equal = keys.map(([sql], i) => `e.${keyName(i, 0)} IS NOT DISTINCT FROM ${sql}`)
    return `NOT EXISTS (SELECT 1 FROM ${table} e WHERE ${equal.join(' AND ')})`
  }
  const names = keys.flatMap((each, i) => each.map((_, key) => keyName(i, key)))
  return `NOT (row(${keys.flat().join(', ')}) IN (SELECT row(${names.join(', ')}) FROM ${table}))`
}

function findRaw(
  id: number,
  columns: readonly FileColumn[],
  parent?: string,
): ComparedValue | undefined {
  for (const [i, column] of columns.entries()) {
    const sql = parent === undefined ? `c${i}` : `struct_extract_at(${parent}, ${i + 1})`
    if (column.fieldId === id) return isFloat(column) ? floatValue(sql) : { sql }
    if (column.type.kind !== 'struct' || column.type.bare) continue
    const below = findRaw(id, column.type.fields, sql)
    if (below !== undefined) return below
  }
  return undefined
}

function isFloat({ type }: FileColumn): boolean {
  if (type.kind !== 'scalar' || type.sql.kind !== 'scalar') return false
  return type.sql.name === 'FLOAT' || type.sql.name === 'DOUBLE'
}

/** A field with `id` that is not under a list or a map. */
function findById(
  fields: readonly Field[],
  id: number,
  above: readonly Field[] = [],
): FieldPath | undefined {
  for (const field of fields) {
    const path: FieldPath = [...above, field]
    if (field.id === id) return path
    if (typeof field.type !== 'object' || field.type.kind !== 'struct') continue
    const below = findById(childrenOf(field.type) ?? [], id, path)
    if (below !== undefined) return below
  }
  return undefined
}
