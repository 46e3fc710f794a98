import {
  BytesBuilder,
  type ColumnStats,
  columnByteLength,
  type DataFile,
  type FieldPath,
  type FileBatch,
  HOLDS_NULLS,
  hash64,
  type LiveFiles,
  leafOf,
  physicalKind,
  type Selection,
  type StatsTable,
  selectAll,
  type Value,
} from '@spillway/core'
import { columnStats, type FooterStats, footerStats } from '@spillway/encoding'
import { type FileFacts, lacksColumn, leafOfPath } from './file-facts.js'
import type { ListedFile } from './table-location.js'

export interface BatchOptions {
  readonly files: readonly ListedFile[]
  readonly facts: readonly FileFacts[]
  /** By file, one value a partition column. */
  readonly values: readonly (readonly (Value | null)[])[]
  readonly partitionFields: readonly FieldPath[]
}

const utf8 = new TextEncoder()

/** A run of files whose footers are at hand. */
export function parquetFiles(options: BatchOptions): LiveFiles {
  const batch = parquetBatch(options)
  return {
    batch,
    live: selectAll(batch.length),
    async files(rows: Selection): Promise<readonly DataFile[]> {
      return [...rows].map(row => dataFile(options, row))
    },
  }
}

function parquetBatch({ files, facts, values, partitionFields }: BatchOptions): FileBatch {
  const path = new BytesBuilder(files.length)
  for (const file of files) path.append(file.path)
  const paths = path.finish()
  const recordCount = Float64Array.from(facts, ({ footer }) => footer.rowCount)
  const partitions = new Map<number, readonly ColumnStats[]>()
  for (const [i, field] of partitionFields.entries()) {
    const rows = values.map(row => exactly(row[i]!))
    partitions.set(leafOf(field).id, [columnStats(rows, leafOf(field).type)])
  }
  const stats: StatsTable = { length: files.length, recordCount, columns: partitions }
  return {
    length: files.length,
    byteLength: columnByteLength(paths) + files.length * 24,
    path: paths,
    size: Float64Array.from(files, ({ size }) => size),
    key: BigUint64Array.from(files, file => hash64(utf8.encode(file.path))),
    stats,
    async readStats(fields) {
      const columns = new Map(partitions)
      for (const field of fields) {
        const leaf = leafOf(field)
        // A folder's name wins over a column of the same name inside the file.
        if (physicalKind(leaf.type) === undefined || partitions.has(leaf.id)) continue
        const rows = facts.map(each => columnFacts(each, field))
        columns.set(leaf.id, [columnStats(rows, leaf.type)])
      }
      return { ...stats, columns }
    },
  }
}

function exactly(value: Value | null): FooterStats {
  if (value === null) return { nullCount: Number.NaN, holds: HOLDS_NULLS }
  return { lower: value, upper: value, nullCount: 0, holds: 1 }
}

function columnFacts({ footer }: FileFacts, path: FieldPath): FooterStats {
  const names = path.map(field => field.physicalName)
  const leaf = leafOfPath(footer, names)
  if (leaf !== undefined) return footerStats(footer, leaf, { type: leafOf(path).type })
  if (lacksColumn(footer, names)) {
    return { nullCount: footer.rowCount, holds: footer.rowCount === 0 ? 0 : HOLDS_NULLS }
  }
  return { nullCount: Number.NaN, holds: 7 }
}

function dataFile({ files, facts, values }: BatchOptions, row: number): DataFile {
  const file = files[row]!
  return {
    path: file.path,
    recordedPath: file.relative,
    fileFormat: 'parquet',
    size: file.size,
    modificationTime: file.lastModified,
    recordCount: facts[row]!.footer.rowCount,
    specId: 0,
    partition: values[row]!,
    deletes: [],
    logFiles: [],
    bounds: new Map(),
  }
}
