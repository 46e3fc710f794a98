import type { Schema } from '../schema/schema.js'
import type { TableFormat, TableSource } from '../store/table-source.js'
import type { DataFile } from './data-file.js'
import type { FileList, TablePart } from './file-batch.js'
import type { FormatFacts } from './format-facts.js'
import type { PartitionSpec } from './partition-spec.js'

/** What a table says about itself at one version, without its files. */
export interface TableMetadata extends FormatFacts {
  readonly format: TableFormat
  readonly tableId: string
  readonly version: bigint
  /**
   * Epoch milliseconds of the commit. Of a snapshot that was asked for by a version or a time, it is the time that
   * `resolve` tells; of the latest it may be less, where only a listing of the whole history would tell.
   */
  readonly timestamp: number
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly schema: Schema
  readonly partitionSpecs: ReadonlyMap<number, PartitionSpec>
  readonly properties: ReadonlyMap<string, string>
  /** What a recipient must be able to do with these files: deletionVectors, columnMapping, initialDefaults, mergeLogs. */
  readonly features: ReadonlySet<string>
  /**
   * What tells which columns a data file holds, under which names, ids and types (decision 0017): the table's metadata,
   * which is what absent means, or nothing but the file's own footer.
   */
  readonly shapesFrom?: 'metadata' | 'footers'
  /**
   * Partition columns, by field id, with a value that no answer can spell: the empty text, which recipients take for null.
   * They are declared like any other column, so files that do not hold them are rewritten.
   */
  readonly unspeltPartitions?: ReadonlySet<number>
  readonly native: NativeMetadata
}

/** What else the format's own metadata says of this version, in the format's words: for whoever shows it. */
export type NativeMetadata =
  | {
      readonly format: 'iceberg'
      readonly metadataFile: string
      /** Uncompressed, in UTF-8: it grows with a table's history, and as one text it may be longer than any can be. */
      readonly metadata: Uint8Array
      readonly snapshotId: bigint | null
      readonly sequenceNumber: bigint
    }
  | {
      readonly format: 'hudi'
      readonly tableVersion: number
      readonly tableType?: 'COPY_ON_WRITE' | 'MERGE_ON_READ'
      /** Begin and completion of the last write; empty in a table without any. */
      readonly instant: string
      readonly completionTime?: string
    }
  /** A Delta log's documents are in `deltaActions`; a directory of Parquet files has none. */
  | { readonly format: 'delta' | 'parquet' }

/** An immutable view of one table version. Snapshots of a table share the batches they have in common. */
export interface Snapshot extends TableMetadata {
  readonly source: TableSource
  readonly files: FileList
  /**
   * What is declared of a table that holds the files of `part`, and no others: facts of single files would tell of the
   * others. Absent where nothing that is declared is a fact of files.
   */
  declaredOf?(
    part: TablePart,
    signal?: AbortSignal,
  ): Promise<Pick<TableMetadata, 'features' | 'unspeltPartitions'>>
  /** Live files and bytes where the metadata states them: the same for one version however it was loaded. */
  readonly totals?: { readonly files: number; readonly bytes: number } | undefined
  /** Hudi: what the logs of a slice do to its base file, merged. Rewriting asks for it; planning never does. */
  mergedLogs?(file: DataFile, signal?: AbortSignal): AsyncIterable<readonly LogRecord[]>
  /** Hudi: refuses logs that `mergedLogs` would refuse, as far as the headers of their blocks tell. */
  inspectLogs?(file: DataFile, signal?: AbortSignal): Promise<LogSummary>
}

export interface LogSummary {
  /** False where the logs can only take rows away. */
  readonly mayAddRows: boolean
}

export interface LogRecord {
  readonly recordKey: string
  /** Position of the base file's row that this takes away; absent for a row that the base file does not hold. */
  readonly position?: bigint
  /**
   * The row to add, in schema order; absent for a delete. Values of primitives as everywhere; structs and lists are
   * arrays, maps arrays of [key, value].
   */
  readonly row?: readonly unknown[] | undefined
}
