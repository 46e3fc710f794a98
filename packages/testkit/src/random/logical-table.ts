import type { FieldPath, Schema, Snapshot, Value } from '@spillway/core'
import type { Random } from './random.js'

/** One row by field id: leaves hold values or null, a struct `true` or null. */
export type LogicalRow = ReadonlyMap<number, Value | null>

export interface LogicalFile {
  readonly rows: readonly LogicalRow[]
  /** Positions of rows that a deletion vector removes. */
  readonly deleted: ReadonlySet<number>
}

/** A table as its rows, of no format. */
export interface LogicalTable {
  readonly schema: Schema
  /** Columns that pruning may have statistics of: leaves outside lists and maps. */
  readonly columns: readonly FieldPath[]
  /** Ids of top-level columns that are constant within each file. */
  readonly partitionedBy: readonly number[]
  readonly files: readonly LogicalFile[]
}

/** Turns a logical table into what a format's reader makes of it. */
export interface TableWriter {
  readonly name: string
  /** Types the format has. */
  readonly types: readonly Snapshot['schema']['fields'][number]['type'][]
  /** False where a file needs at least one row, or deletes cannot be written. */
  readonly deletes: boolean
  /** File i of the table must come out with the path that `filePath(i)` gives, however it is spelled around it. */
  write(table: LogicalTable, random: Random): Promise<Snapshot>
  /** How often a file is listed, by its index: once where nothing is said. */
  listings?(snapshot: Snapshot): ReadonlyMap<number, number>
}

export function filePath(index: number): string {
  return `part-${String(index).padStart(5, '0')}.parquet`
}

/** Inverse of `filePath`, whatever folders or address stand before it. */
export function fileIndex(path: string): number {
  return Number(/part-(\d{5})/.exec(path)?.[1])
}

/** The rows that are still there. */
export function liveRows(file: LogicalFile): readonly LogicalRow[] {
  return file.deleted.size === 0
    ? file.rows
    : file.rows.filter((_, position) => !file.deleted.has(position))
}
