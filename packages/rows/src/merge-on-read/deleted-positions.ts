import {
  columnFinder,
  type DataFile,
  type DeletionVector,
  Lane,
  mapConcurrently,
  type ObjectStore,
  type PositionDelete,
  type Snapshot,
  TableError,
} from '@spillway/core'
import { requireRowsOf } from '@spillway/encoding'
import { columnSql } from '../data-files/column-sql.js'
import { believedShapes, fileRows } from '../data-files/file-rows.js'
import type { LocalFiles } from '../data-files/local-files.js'
import type { Connection } from '../session/session.js'
import { quoteText } from '../sql/sql-text.js'
import { readVector } from './deletion-vector.js'
import { matchDeletePaths } from './match-paths.js'

/** Reserved field ids of position delete files (Iceberg spec, "Reserved Field IDs"). */
const FILE_PATH_ID = 2147483546
const POSITION_ID = 2147483545

const VECTORS_AT_ONCE = 8

export interface DeleteContext {
  readonly snapshot: Snapshot
  readonly store: ObjectStore
  readonly local: LocalFiles
  readonly connection: Connection
  readonly signal?: AbortSignal | undefined
}

/** Name of the temporary table (file BIGINT, pos BIGINT): rows of `files`, by index, that vectors and position deletes remove. */
export const DELETED = 'deleted_positions'

/**
 * Fills the table anew for `files`; false where none of them has such deletes and the table stays empty. Deletes of rows
 * that a file, of `rowCounts`, does not have are refused: they were meant for another file, so rows would be wrong.
 */
export async function fillDeletedPositions(
  files: readonly DataFile[],
  rowCounts: readonly number[],
  context: DeleteContext,
): Promise<boolean> {
  const { connection, signal } = context
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${DELETED} (file BIGINT, pos BIGINT)`, signal)
  const vectors = files.flatMap((file, index) =>
    file.deletes.flatMap(vector =>
      vector.kind === 'deletion-vector'
        ? [{ index, vector, file, rowCount: rowCounts[index]! }]
        : [],
    ),
  )
  await appendVectors(vectors, context)
  const positionDeletes = await appendPositionDeletes(files, context)
  if (positionDeletes) await requireInside(files, rowCounts, context)
  return vectors.length > 0 || positionDeletes
}

async function requireInside(
  files: readonly DataFile[],
  rowCounts: readonly number[],
  { connection, signal }: DeleteContext,
): Promise<void> {
  const counts = rowCounts.map((count, i) => `(${i}, ${count})`).join(', ')
  const [stray] = await connection.all(
    `SELECT d.file, d.pos, r.rows FROM ${DELETED} d JOIN (VALUES ${counts}) r(file, rows) ON d.file = r.file
     WHERE d.pos < 0 OR d.pos >= r.rows LIMIT 1`,
    signal,
  )
  if (stray === undefined) return
  const { path } = files[Number(stray[0])]!
  throw new TableError(
    'TABLE_CORRUPT',
    `row ${stray[1]} of a file is deleted, and the file has ${stray[2]} rows`,
    { context: { path } },
  )
}

interface FileVector {
  readonly index: number
  readonly vector: DeletionVector
  readonly file: DataFile
  readonly rowCount: number
}

/** A few bytes hold millions of positions: none is appended before all of a vector are known to lie inside its file. */
async function appendVectors(
  vectors: readonly FileVector[],
  { store, connection, signal }: DeleteContext,
): Promise<void> {
  if (vectors.length === 0) return
  const appender = await connection.appender(DELETED)
  const lane = new Lane()
  try {
    await mapConcurrently(vectors, VECTORS_AT_ONCE, async ({ index, vector, file, rowCount }) => {
      const positions = await readVector(store, vector, signal)
      requireRowsOf(file, rowCount, positions)
      await lane.run(() => appender.append(index, positions.blocks(), signal))
    })
  } finally {
    appender.close()
  }
}

/** Each delete file is read once, whichever data files it applies to. */
async function appendPositionDeletes(
  files: readonly DataFile[],
  context: DeleteContext,
): Promise<boolean> {
  const deletes = new Map<string, { readonly file: PositionDelete; readonly targets: number[] }>()
  for (const [index, file] of files.entries()) {
    for (const each of file.deletes) {
      if (each.kind !== 'position-delete') continue
      const known = deletes.get(each.path)
      if (known === undefined) deletes.set(each.path, { file: each, targets: [index] })
      else known.targets.push(index)
    }
  }
  for (const { file, targets } of deletes.values()) {
    await appendPositionDelete(
      file,
      targets.map(index => ({ index, file: files[index]! })),
      context,
    )
  }
  return deletes.size > 0
}

async function appendPositionDelete(
  file: PositionDelete,
  targets: readonly { readonly index: number; readonly file: DataFile }[],
  context: DeleteContext,
): Promise<void> {
  const { connection, signal } = context
  const from = await positionsOf(file, context)
  const named = await pathsIn(from, context)
  const files = targets.map(target => target.file)
  const matches = await matchDeletePaths(file, named, { files, signal })
  if (matches.size === 0) return
  const scope = [...matches]
    .flatMap(([name, found]) => found.map(i => `(${quoteText(name)}, ${targets[i]!.index})`))
    .join(', ')
  await connection.run(
    `INSERT INTO ${DELETED} SELECT s.file, d.pos FROM ${from} d
     JOIN (VALUES ${scope}) s(path, file) ON d.path = s.path WHERE d.pos IS NOT NULL`,
    signal,
  )
}

/** Every path that a position delete file names, once. */
export async function namedPaths(
  file: PositionDelete,
  context: DeleteContext,
): Promise<readonly string[]> {
  return pathsIn(await positionsOf(file, context), context)
}

async function positionsOf(
  file: PositionDelete,
  { snapshot, local, connection, signal }: DeleteContext,
): Promise<string> {
  requireParquet(file)
  const [path] = await local.pathsOf([file], signal)
  const stored = file.path
  return positionColumns(connection, { snapshot, path: path!, stored, signal })
}

async function pathsIn(
  from: string,
  { connection, signal }: DeleteContext,
): Promise<readonly string[]> {
  const rows = await connection.all(
    `SELECT DISTINCT path FROM ${from} WHERE path IS NOT NULL`,
    signal,
  )
  return rows.map(([path]) => path as string)
}

/** A subquery (path, pos) over one position delete file, its columns found by id, else by name. */
async function positionColumns(
  connection: Connection,
  {
    snapshot,
    path,
    stored,
    signal,
  }: {
    readonly snapshot: Snapshot
    readonly path: string
    readonly stored: string
    readonly signal?: AbortSignal | undefined
  },
): Promise<string> {
  const [shape] = await believedShapes(connection, [path], { signal })
  const finder = columnFinder(snapshot, shape!)
  const column = (id: number, name: string, type: 'string' | 'long') => {
    const field = { id, name, physicalName: name, type, nullable: false }
    const source = {
      columns: shape!.columns,
      find: finder,
      naming: 'position' as const,
      constant: () => undefined,
    }
    const found =
      finder(field, shape!.columns) ?? shape!.columns.findIndex(each => each.name === name)
    if (found >= 0) return columnSql(field, { ...source, find: () => found })
    throw new TableError('TABLE_CORRUPT', `a position delete file has no column ${name}`, {
      context: { path: stored },
    })
  }
  return `(SELECT ${column(FILE_PATH_ID, 'file_path', 'string')} AS path, ${column(POSITION_ID, 'pos', 'long')} AS pos
     FROM ${fileRows(shape!, [path], shape!.rowCounts)})`
}

export function requireParquet(file: Pick<DataFile, 'path' | 'fileFormat'>): void {
  if (file.fileFormat === 'parquet') return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `rows are read from Parquet files alone, and the table has ${file.fileFormat} files`,
    { context: { path: file.path, fileFormat: file.fileFormat } },
  )
}
