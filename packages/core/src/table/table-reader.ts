import type { TableFormat, TableSource } from '../store/table-source.js'
import type { BatchSpill } from './batch-spill.js'
import type { DataFile } from './data-file.js'
import type { FileBatch, TablePart } from './file-batch.js'
import type { Snapshot, TableMetadata } from './snapshot.js'

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
  readonly metadata?: TableMetadata | undefined
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
  readonly grantBy?: ((metadata: TableMetadata) => TablePart) | undefined
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
    options?: {
      at?: SnapshotRef | undefined
      previous?: Snapshot | undefined
      signal?: AbortSignal | undefined
    },
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
  /** Where what is decoded outlives the process, if anywhere. */
  readonly spill?: BatchSpill | undefined
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
