import type { DataFile, FileBatch, FileList, TablePart } from './files.js'
import type { Schema } from './schema.js'
import type { PartitionSpec } from './transform.js'

export type TableFormat = 'delta' | 'iceberg' | 'hudi' | 'parquet'

/** Where a table is, and what a provider must say about it that its storage does not. */
export interface TableSource {
  readonly location: string
  readonly format?: TableFormat
  /** Iceberg: the current metadata file, from a catalog or a person. */
  readonly metadataFile?: string
  /** Paths recorded under `from` are read under `to`. For tables that were moved. */
  readonly rebase?: readonly { readonly from: string; readonly to: string }[]
  /** Other roots that files of this table may lie under (shallow clones). Files anywhere else are not handed out. */
  readonly auxiliaryLocations?: readonly string[]
  /** Hudi: chosen by the provider, never by us. */
  readonly view?: 'snapshot' | 'read-optimized'
  /** What becomes of files that still hold columns which the table has dropped. Absent: they are sent with them. */
  readonly redactDropped?: 'rewrite' | 'refuse'
}

/** What a table says about itself at one version, without its files. */
export interface TableMetadata {
  readonly format: TableFormat
  readonly tableId: string
  readonly version: bigint
  /**
   * Epoch milliseconds of the commit. Of a snapshot that was asked for by a version or a time, it is the time that
   * `resolve` tells; of the latest it may be less, where only a listing of the whole history would tell.
   */
  readonly timestamp: number
  readonly name?: string
  readonly description?: string
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

/** The format's own documents, byte for byte, for wires that speak that format. */
export type NativeMetadata =
  | { readonly format: 'delta'; readonly protocol: string; readonly metaData: string }
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
  | { readonly format: 'parquet' }

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
  readonly totals?: { readonly files: number; readonly bytes: number }
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
  readonly row?: readonly unknown[]
}

export type SnapshotRef =
  | { readonly kind: 'latest' }
  | { readonly kind: 'version'; readonly version: bigint }
  /** `before`: current at that time. `after`: the first committed at or after it. */
  | {
      readonly kind: 'timestamp'
      readonly timestamp: number
      readonly direction: 'before' | 'after'
    }
  | { readonly kind: 'snapshotId'; readonly id: bigint }
  | { readonly kind: 'sequence'; readonly number: bigint }
  | { readonly kind: 'branch'; readonly name: string }

/** One commit of the change feed. */
export interface ChangeSet {
  readonly version: bigint
  readonly timestamp: number
  /** Present in the first, and where the commit changed it. */
  readonly metadata?: TableMetadata
  readonly changes: readonly {
    readonly action: 'add' | 'remove' | 'cdc'
    readonly file: DataFile
    /** What makes the file's rows exact for a recipient that cannot; absent where the file is sent as recorded. */
    readonly snapshot?: Snapshot
  }[]
}

export interface ChangeRange {
  readonly startVersion: bigint
  readonly endVersion: bigint
  /** `feed` prefers recorded cdc files; `files` is adds and removes that changed data. */
  readonly kind: 'feed' | 'files'
  /**
   * Which files may be told about, by the metadata in force. A reader that is given it leaves the others out before it
   * looks at anything of them but their partitions; one that does not may leave them in. Absent, all may.
   */
  readonly grantBy?: (metadata: TableMetadata) => TablePart
}

/** Reads one table format. The only thing the rest of the engine knows about Delta, Iceberg or Hudi. */
export interface TableReader {
  readonly format: TableFormat
  /** True when `source` holds a table of this format. */
  detect(source: TableSource, signal?: AbortSignal): Promise<boolean>
  /** Which version a reference means; cheap enough to poll. */
  resolve(
    source: TableSource,
    ref: SnapshotRef,
    signal?: AbortSignal,
  ): Promise<{ readonly version: bigint; readonly timestamp: number }>
  snapshot(
    source: TableSource,
    options?: { at?: SnapshotRef; previous?: Snapshot; signal?: AbortSignal },
  ): Promise<Snapshot>
  /**
   * Every version so far, oldest first, of a format whose versions are not small consecutive numbers: what they are
   * counted by on a wire that asks for ranges of them.
   */
  versions?(source: TableSource, signal?: AbortSignal): Promise<readonly bigint[]>
  /** Absent where the format records no changes. */
  changes?(source: TableSource, range: ChangeRange, signal?: AbortSignal): AsyncIterable<ChangeSet>
}

/** Handed to readers, so that one byte budget covers every table of a process. */
export interface BatchCache {
  /**
   * The batch under `key`, loaded at most once at a time. The key names immutable bytes (path with etag or size).
   * The load is cancelled when its last waiter has gone, not when its first has.
   */
  get(
    key: string,
    load: (signal: AbortSignal) => Promise<FileBatch>,
    signal?: AbortSignal,
  ): Promise<FileBatch>
}
