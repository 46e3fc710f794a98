import type { BytesColumn } from './column.js'
import type { TableError } from './errors.js'
import type { FieldPath } from './schema.js'
import type { Selection } from './selection.js'
import type { StatsTable } from './stats.js'
import type { Value } from './value.js'

/** An immutable run of data files, at most 2^20, shared by every snapshot that contains any of them. */
export interface FileBatch {
  readonly length: number
  /** Bytes held now, for the cache's budget. Grows as columns are asked for. */
  readonly byteLength: number
  readonly path: BytesColumn
  readonly size: Float64Array
  /** 64-bit hash of what identifies a file to its format: (path, vector id), or (partition, file group). */
  readonly key: BigUint64Array
  /** Makes `key` while others go on, where it is made of all paths when it is first asked for. */
  makeKeys?(): Promise<void>
  /** What is known without reading more: record counts and partition values. */
  readonly stats: StatsTable
  /**
   * `stats` and the bounds of `fields`, each decoded to the type its field has now. Rows outside `rows` may stay
   * unknown. A column is decoded once per (physical path or id, type); concurrent callers share the read.
   */
  readStats(
    fields: readonly FieldPath[],
    rows: Selection,
    signal?: AbortSignal,
  ): Promise<StatsTable>
}

/** What one snapshot makes of a shared batch. */
export interface LiveFiles {
  readonly batch: FileBatch
  readonly live: Selection
  /**
   * How many rows of each of `rows` this snapshot deletes; NaN where only reading tells (equality deletes, logs).
   * Absent means that nothing is deleted from any file of the batch.
   */
  deletedCounts?(rows: Selection, signal?: AbortSignal): Promise<Float64Array>
  /**
   * Which of `rows` the table may have been made over: what such a file holds, and under which names, only its footer
   * tells. Absent means that the table's own writers wrote all files of the batch.
   */
  imported?(rows: Selection): Selection
  /**
   * Live files that nobody can be told about. `files` refuses them; whoever plans the table refuses it, whether they
   * would be asked for or not: what other conditions leave out is chance. Absent where there are none.
   */
  readonly unreadable?: UnreadableFiles
  /** What a grant is decided by, and nothing else of the files of `rows`. Absent means that `files` tells it. */
  partitions?(rows: Selection): readonly FilePartition[]
  /** Survivors in full, with the deletes and log files that apply to them in this snapshot. */
  files(rows: Selection, signal?: AbortSignal): Promise<readonly DataFile[]>
}

export interface UnreadableFiles {
  readonly rows: Selection
  /** Why a file of `rows` cannot be told about. */
  refusal(row: number): TableError
}

/** Some of a table's partitions, such as a recipient was granted. */
export interface TablePart {
  /** True for a file all of whose rows are in it. */
  holds(file: FilePartition): boolean
  /** Rows of summaries, by the bounds of partition columns, that may have such a file: nothing else has to be read. */
  mayHold(summaries: StatsTable, rows: Selection): Selection
}

/** What the partition of a file says: a part of `DataFile`, to be had where the rest of it may not be looked at. */
export interface FilePartition {
  readonly specId: number
  /** One per field of the spec; undefined where it cannot be told. */
  readonly partition: readonly (Value | null | undefined)[]
  readonly delta?: Pick<DeltaAdd, 'partitionValues'>
}

/**
 * A batch that is read only if its summary row survives: an Iceberg manifest, a row group of a Delta checkpoint, a
 * run of commits, a Hudi partition.
 */
export interface FileBatchHandle {
  /** Upper limit on live files, where known without loading. */
  readonly fileCount?: number
  load(signal?: AbortSignal): Promise<LiveFiles>
}

export interface FileList {
  readonly handles: readonly FileBatchHandle[]
  /** Row i summarises handles[i]. */
  readonly summaries: StatsTable
  /** True where loading a batch may find a file that nobody can be told about: to be known before the first byte. */
  readonly mayRefuse?: boolean
  /**
   * Bounds of `fields` for the handles in `rows` from an index of their own, where the format has one: asked before
   * any of them is loaded. Other rows may stay unknown.
   */
  readSummaries?(
    fields: readonly FieldPath[],
    rows: Selection,
    signal?: AbortSignal,
  ): Promise<StatsTable>
}

export type FileFormat = 'parquet' | 'avro' | 'orc' | 'hfile' | 'lance' | 'hudi-log'

/** One data file, or one Hudi file slice: a base file and its logs, or logs alone. */
export interface DataFile {
  /** Absolute storage URI. Of a slice without a base file, its first log. */
  readonly path: string
  /** As the table's metadata spells it: what file ids are hashed from. */
  readonly recordedPath: string
  readonly fileFormat: FileFormat
  readonly size: number
  /** Epoch milliseconds. */
  readonly modificationTime: number
  /** Rows in the file, deleted ones included; unknown for a slice with logs. */
  readonly recordCount?: number
  readonly specId: number
  /** One per field of the spec. */
  readonly partition: readonly (Value | null)[]
  readonly firstRowId?: bigint
  readonly sequenceNumber?: bigint
  readonly deletes: readonly DeleteFile[]
  readonly logFiles: readonly LogFile[]
  /** Column statistics by field id, for encoders that must write them. */
  readonly bounds: ReadonlyMap<number, ValueBounds>
  /**
   * What this file calls the table's top-level columns, by field id, where files differ in that (Hudi schema-on-read
   * evolution); null for a column that the file was written before. Absent: names are the schema's.
   */
  readonly columnNames?: ReadonlyMap<number, string | null>
  /** Columns that hold one value in all rows of this file, by field id, beside what `partition` says. */
  readonly constants?: ReadonlyMap<number, Value | null>
  /**
   * Partition columns, by field id, that the file also holds itself, where its metadata does not prove that they hold
   * what `partition` says: a reader that prefers a file's own columns would answer other values than planning does.
   */
  readonly contradicted?: readonly number[]
  /**
   * Which of its rows are meant, where not all are (what one write changed): files that agree in everything else
   * differ in this. The snapshot that goes with such a file knows.
   */
  readonly part?: string
  /** Set where the table may have been made over it: see `LiveFiles.imported`. */
  readonly imported?: true
  /** What a Delta add action said, for whoever reads Delta. */
  readonly delta?: DeltaAdd
}

export interface ValueBounds {
  readonly lower?: Value
  readonly upper?: Value
  readonly nullCount?: number
  readonly nanCount?: number
}

export interface DeltaAdd {
  /** By physical name, as others are told: values in one spelling, texts as they were recorded. */
  readonly partitionValues: ReadonlyMap<string, string | null>
  readonly stats?: string
  readonly tags?: ReadonlyMap<string, string>
  readonly baseRowId?: bigint
  readonly defaultRowCommitVersion?: bigint
}

/**
 * Which of `files`, by index, each path in a position delete file means: of a file that the table lists twice both. A
 * path that means none of them is left out. Throws where that cannot be told.
 */
export type MatchDeletePaths = (
  paths: readonly string[],
  files: readonly Pick<DataFile, 'recordedPath'>[],
  signal?: AbortSignal,
) => Promise<ReadonlyMap<string, readonly number[]>>

/** Rows to subtract from a data file. */
export type DeleteFile =
  | {
      readonly kind: 'deletion-vector'
      /** Delta's descriptor id, or path@offset. */
      readonly id: string
      /** The bitmap itself (magic and roaring64), without either format's length and checksum around it. */
      readonly bitmap:
        | Uint8Array
        | { readonly path: string; readonly offset: number; readonly length: number }
      readonly cardinality: number
      /**
       * How long the bitmap is, where the table's metadata holds it as a text: it is decoded when `bitmap` is first asked
       * for, and refused then where it is none. Whoever only wants to know where it lies asks `storedBitmap`.
       */
      readonly inlineBytes?: number
    }
  | {
      readonly kind: 'position-delete'
      readonly path: string
      readonly fileFormat: FileFormat
      readonly size: number
      /** Rows that it deletes, of all the files it names together. */
      readonly recordCount?: number
      /** Absent where its paths are files' recorded ones, byte for byte. */
      readonly match?: MatchDeletePaths
      /** Set where only reading it tells which files it names. */
      readonly namesSeveral?: true
    }
  | {
      readonly kind: 'equality-delete'
      readonly path: string
      readonly fileFormat: FileFormat
      readonly size: number
      readonly fieldIds: readonly number[]
    }

/** Hudi updates and deletes to merge over a base file; the base file alone is stale. */
export interface LogFile {
  readonly path: string
  readonly size: number
}
