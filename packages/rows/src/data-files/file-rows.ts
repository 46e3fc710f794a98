import { isTableError, mapConcurrently } from '@spillway/core'
import { columnlessRows, doubtedColumns } from '@spillway/encoding'
import type { Connection } from '../session/session.js'
import { type FileShape, fileShapes, readParquet } from './file-shape.js'
import { FOOTERS_AT_ONCE, localFooter } from './local-footer.js'

/** A shape whose files are alike also in which columns their footers say too much about. */
export interface BelievedShape extends FileShape {
  /** Positions of columns whose bounds and bloom filters must not rule rows out. */
  readonly doubted: ReadonlySet<number>
}

export interface BelievedOptions {
  /** The Thrift FileMetaData of each file, where they are known already. */
  readonly footers?: readonly Uint8Array[]
  readonly signal?: AbortSignal | undefined
}

/**
 * Files by shape, and apart by what their footers may be believed in. DuckDB rules row groups out, and folds conditions,
 * by whatever a footer says; planning is stricter (see `doubtedColumns`), and rows must not depend on less than that.
 */
export async function believedShapes(
  connection: Connection,
  paths: readonly string[],
  { footers, signal }: BelievedOptions = {},
): Promise<readonly BelievedShape[]> {
  const facts = await mapConcurrently(paths, FOOTERS_AT_ONCE, async (path, i) =>
    factsOf(footers === undefined ? await localFooter(path) : footers[i], path),
  )
  // DuckDB does not open a file without columns.
  const openable = [...paths.keys()].filter(i => facts[i]!.columnlessRows === undefined)
  const opened = openable.map(i => paths[i]!)
  const shapes = await fileShapes(connection, opened, signal)
  const own = shapes.map(shape => ({ ...shape, files: shape.files.map(file => openable[file]!) }))
  const doubts = facts.map(({ doubted }) => doubted)
  return [...own.flatMap(shape => apart(shape, doubts)), ...columnless(facts)].sort(
    (a, b) => a.files[0]! - b.files[0]!,
  )
}

interface FooterFacts {
  /** Undefined where a footer cannot be read here: nothing of it is believed then. */
  readonly doubted?: ReadonlySet<number>
  readonly columnlessRows?: number
}

function factsOf(footer: Uint8Array | undefined, path: string): FooterFacts {
  if (footer === undefined) return {}
  try {
    const rows = columnlessRows(footer, path)
    return rows === undefined ? { doubted: doubtedColumns(footer, path) } : { columnlessRows: rows }
  } catch (error) {
    if (isTableError(error) && error.code === 'UNSUPPORTED_FEATURE') throw error
    return {}
  }
}

function columnless(facts: readonly FooterFacts[]): readonly BelievedShape[] {
  const files = [...facts.keys()].filter(i => facts[i]!.columnlessRows !== undefined)
  if (files.length === 0) return []
  const rowCounts = files.map(file => facts[file]!.columnlessRows!)
  return [{ columns: [], hasFieldIds: false, files, rowCounts, doubted: new Set() }]
}

function apart(
  shape: FileShape,
  doubts: readonly (ReadonlySet<number> | undefined)[],
): readonly BelievedShape[] {
  const groups = new Map<string, { doubted: ReadonlySet<number>; at: number[] }>()
  for (const [i, file] of shape.files.entries()) {
    const doubted = doubts[file] ?? new Set(shape.columns.keys())
    const key = [...doubted].join()
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { doubted, at: [i] })
    else group.at.push(i)
  }
  return [...groups.values()].map(({ doubted, at }) => ({
    ...shape,
    doubted,
    files: at.map(i => shape.files[i]!),
    rowCounts: at.map(i => shape.rowCounts[i]!),
  }))
}

/**
 * The rows of files of one shape as a table `t` of columns `c0`, `c1`, ... beside file_index and file_row_number.
 * TRY hides a column's statistics from DuckDB, which neither pushes a filter through it nor folds one; and as a column
 * alone cannot fail, it changes no value.
 */
export function fileRows(
  { columns, doubted }: Pick<BelievedShape, 'columns' | 'doubted'>,
  paths: readonly string[],
  rowCounts: readonly number[],
): string {
  if (columns.length === 0) return rowsWithoutColumns(rowCounts)
  const names = columns.map((_, i) => `c${i}`).join(', ')
  if (doubted.size === 0) return `${readParquet(paths)} t(${names})`
  const select = columns.map((_, i) => (doubted.has(i) ? `TRY(c${i}) AS c${i}` : `c${i}`))
  const all = [...select, 'file_index', 'file_row_number'].join(', ')
  return `(SELECT ${all} FROM ${readParquet(paths)} f(${names})) t`
}

function rowsWithoutColumns(rowCounts: readonly number[]): string {
  const counts = rowCounts.map((count, i) => `(${i}, ${count})`).join(', ')
  return `(SELECT f.file_index, r.range AS file_row_number FROM (VALUES ${counts}) f(file_index, rows), range(f.rows) r) t`
}
