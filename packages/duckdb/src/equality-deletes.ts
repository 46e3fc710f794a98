import {
  childrenOf,
  columnFinder,
  type DataFile,
  type DeleteFile,
  type Field,
  type FieldPath,
} from '@spillway/core'
import { type ColumnSource, pathSql } from './column-sql.js'
import { type DeleteContext, requireParquet } from './deleted-positions.js'
import { type FileColumn, fileShapes, readParquet } from './file-shape.js'

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
 * Conditions that hold for rows that none of `deletes` removes. Null equals null, and columns that either side lacks
 * read as their default (Iceberg spec, "Equality Delete Files"). Their values wait in temporary tables.
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
    const equal = wanted.map(
      (path, i) => `e.v${i} IS NOT DISTINCT FROM ${dataSql(path, ids[i]!, source)}`,
    )
    conditions.push(`NOT EXISTS (SELECT 1 FROM ${table} e WHERE ${equal.join(' AND ')})`)
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
  for (const shape of await fileShapes(connection, paths, signal)) {
    const find = columnFinder(snapshot, shape)
    const source = {
      columns: shape.columns,
      find,
      naming: 'position' as const,
      constant: () => undefined,
    }
    const values = wanted.map((path, i) =>
      path === undefined ? rawSql(ids[i]!, shape.columns) : pathSql(path, source),
    )
    const names = shape.columns.map((_, i) => `c${i}`).join(', ')
    const from = readParquet(shape.files.map(file => paths[file]!))
    selects.push(
      `SELECT ${values.map((sql, i) => `${sql} AS v${i}`).join(', ')} FROM ${from} t(${names})`,
    )
  }
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${table} AS ${selects.join(' UNION ')}${selects.length === 1 ? ' GROUP BY ALL' : ''}`,
    signal,
  )
  return wanted
}

function dataSql(path: FieldPath | undefined, id: number, source: ColumnSource): string {
  return path === undefined ? rawSql(id, source.columns) : pathSql(path, source)
}

/** A column that the schema has dropped since, as the file types it. */
function rawSql(id: number, columns: readonly FileColumn[], parent?: string): string {
  return findRaw(id, columns, parent) ?? 'NULL'
}

function findRaw(id: number, columns: readonly FileColumn[], parent?: string): string | undefined {
  for (const [i, column] of columns.entries()) {
    const sql = parent === undefined ? `c${i}` : `struct_extract_at(${parent}, ${i + 1})`
    if (column.fieldId === id) return sql
    if (column.type.kind !== 'struct' || column.type.bare) continue
    const below = findRaw(id, column.type.fields, sql)
    if (below !== undefined) return below
  }
  return undefined
}

/** A field with `id` that is not under a list or a map. */
export function findById(
  fields: readonly Field[],
  id: number,
  above: readonly Field[] = [],
): FieldPath | undefined {
  for (const field of fields) {
    const path = [...above, field] as unknown as FieldPath
    if (field.id === id) return path
    if (typeof field.type !== 'object' || field.type.kind !== 'struct') continue
    const below = findById(childrenOf(field.type) ?? [], id, path)
    if (below !== undefined) return below
  }
  return undefined
}
