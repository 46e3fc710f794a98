import {
  type DataFile,
  type Field,
  leafOf,
  readString,
  type Snapshot,
  statsLeaves,
  type Value,
} from '@spillway/core'
import { planScan } from '@spillway/planner'
import { type Row, type RowValue, tableRows } from '@spillway/rows'
import type { LogicalRow, LogicalTable } from '@spillway/testkit'
import type { Composition } from 'spillway'

/** A table as the rows of each of its files, which DuckDB has read without looking at anything the table says of them. */
export interface ReadTable {
  readonly snapshot: Snapshot
  readonly table: LogicalTable
  /** The path of each of `table.files`, as its batch has it. */
  readonly paths: readonly string[]
  /** All rows of a file, deleted ones too: what its bounds are of. Absent where logs change the file. */
  readonly written: readonly (readonly LogicalRow[] | undefined)[]
  readonly files: readonly DataFile[]
}

/** Throws where the table, or its rows, are refused. */
export async function readFiles(
  { store, duckdb }: Pick<Composition, 'store' | 'duckdb'>,
  snapshot: Snapshot,
): Promise<ReadTable> {
  const rowsOf = async (file: DataFile): Promise<readonly LogicalRow[]> => {
    const alone = tableRows({
      store,
      duckdb,
      async *files() {
        yield [file]
      },
    })
    const { fields, rows } = alone.rows(snapshot)
    const found: LogicalRow[] = []
    for await (const block of rows) for (const row of block) found.push(logicalRow(fields, row))
    return found
  }
  const listed: DataFile[] = []
  const [paths, files, written] = [[] as string[], [] as LogicalTable['files'][number][], []] as [
    string[],
    LogicalTable['files'][number][],
    (readonly LogicalRow[] | undefined)[],
  ]
  for await (const { files: batch, selection } of planScan(snapshot)) {
    for (const [i, file] of (await batch.files(selection)).entries()) {
      paths.push(readString(batch.batch.path, selection[i]!))
      const rows = await rowsOf(file)
      files.push({ rows, deleted: new Set() })
      listed.push(file)
      if (file.logFiles.length > 0) written.push(undefined)
      else written.push(file.deletes.length === 0 ? rows : await rowsOf({ ...file, deletes: [] }))
    }
  }
  const columns = [...statsLeaves(snapshot.schema.fields)].filter(path => isCompared(leafOf(path)))
  return {
    snapshot,
    table: { schema: snapshot.schema, columns, partitionedBy: [], files },
    paths,
    written,
    files: listed,
  }
}

function isCompared({ type }: Field): boolean {
  return typeof type === 'string' || type.kind !== 'opaque'
}

/** Leaves and structs by field id; what is inside of lists and maps is left out. */
function logicalRow(fields: readonly Field[], row: Row): LogicalRow {
  const cells = new Map<number, Value | null>()
  const add = (own: readonly Field[], values: readonly RowValue[] | null) => {
    for (const [i, { id, type }] of own.entries()) {
      const value = values === null ? null : values[i]!
      if (typeof type === 'object' && type.kind === 'struct') {
        cells.set(id, value === null ? null : true)
        add(type.fields, value as readonly RowValue[] | null)
      } else if (typeof type === 'object' && (type.kind === 'list' || type.kind === 'map')) {
        cells.set(id, value === null ? null : true)
      } else cells.set(id, value as Value | null)
    }
  }
  add(fields, row)
  return cells
}
