import type { DataFile, Field, FileFormat, Schema, Value } from '@spillway/core'
import { readString } from '@spillway/core'
import type { SchemaHistory } from '../schema/schema-history.js'
import { filePath, parseFileName } from './file-name.js'
import { fileNameOf, hasSource, logNamesOf, partitionOf, type SliceTable } from './slice-table.js'

export interface DataFileOptions {
  readonly partition: readonly (Value | null)[]
  readonly modified: (instant: string) => number
  readonly history: SchemaHistory | undefined
  readonly schema: Schema
  /** Partition columns whose values the folders spell exactly: what a bootstrap's source file has instead does not count. */
  readonly inFolders: readonly Field[]
  /** True where no file's own partition columns count: bulk inserts of such tables write them, full of nulls. */
  readonly dropsColumns: boolean
}

/** One slice in full. */
export function dataFileOf(table: SliceTable, row: number, options: DataFileOptions): DataFile {
  const fileName = fileNameOf(table, row)
  const name = parseFileName(fileName)!
  const fileFormat: FileFormat = name.kind === 'base' ? name.format : 'hudi-log'
  const first = table.logStart[row]!
  const columnNames = namesInFile(name.instant, {
    ...options,
    notRead: options.dropsColumns || hasSource(table, row) ? options.inFolders : [],
  })
  return {
    path: readString(table.path, row),
    // Of a slice that was bootstrapped, the skeleton: what the table lists, and what has the record keys.
    recordedPath: filePath(table.root, partitionOf(table, row), fileName).slice(
      table.root.length + 1,
    ),
    fileFormat,
    size: table.size[row]!,
    modificationTime: options.modified(name.instant),
    specId: 0,
    partition: options.partition,
    deletes: [],
    logFiles: logNamesOf(table, row).map((log, i) => ({
      path: filePath(table.root, partitionOf(table, row), log),
      size: table.logSize[first + i]!,
    })),
    bounds: new Map(),
    columnNames,
  }
}

/** Top-level columns by what they are called in files of `instant`; null where the file was written before the column. */
function namesInFile(
  instant: string,
  { history, schema, notRead }: DataFileOptions & { readonly notRead: readonly Field[] },
): ReadonlyMap<number, string | null> | undefined {
  const hidden = notRead.map(({ id }) => [id, null] as const)
  if (history?.renames !== true) return hidden.length === 0 ? undefined : new Map(hidden)
  const names = schema.fields.map(field => {
    const name = history.nameAt([field], instant)
    return [field.id, name === 'absent' ? null : (name?.[0] ?? field.name)] as const
  })
  return new Map([...names, ...hidden])
}
