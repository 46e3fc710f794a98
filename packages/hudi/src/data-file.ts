import type { DataFile, FileFormat, Schema, Value } from '@spillway/core'
import { readString } from '@spillway/core'
import { parseFileName } from './file-name.js'
import type { SchemaHistory } from './schema-history.js'
import { fileNameOf, filePath, logNamesOf, partitionOf, type SliceTable } from './slice-table.js'

export interface DataFileOptions {
  readonly partition: readonly (Value | null)[]
  readonly modified: (instant: string) => number
  readonly history: SchemaHistory | undefined
  readonly schema: Schema
}

/** One slice in full. */
export function dataFileOf(table: SliceTable, row: number, options: DataFileOptions): DataFile {
  const path = readString(table.path, row)
  const name = parseFileName(fileNameOf(table, row))!
  const fileFormat: FileFormat = name.kind === 'base' ? name.format : 'hudi-log'
  const first = table.logStart[row]!
  const columnNames = namesInFile(name.instant, options)
  return {
    path,
    recordedPath: path.slice(table.root.length + 1),
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
    ...(columnNames === undefined ? {} : { columnNames }),
  }
}

/** Top-level columns by what they are called in files of `instant`; null where the file was written before the column. */
function namesInFile(
  instant: string,
  { history, schema }: DataFileOptions,
): ReadonlyMap<number, string | null> | undefined {
  if (history?.renames !== true) return undefined
  return new Map(
    schema.fields.map(field => {
      const name = history.nameAt([field], instant)
      return [field.id, name === 'absent' ? null : (name?.[0] ?? field.name)]
    }),
  )
}
