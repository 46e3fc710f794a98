import type { BytesColumn } from '../columns/column.js'
import type { Selection } from '../columns/selection.js'
import type { StatsTable } from '../columns/stats.js'
import type { TableError } from '../errors/errors.js'
import type { FieldPath } from '../schema/schema.js'
import type { Value } from '../schema/value.js'
import type { DataFile, DeltaAdd, FileFormat } from './data-file.js'

/** An immutable run of data files, at most 2^20, shared by every snapshot that contains any of them. */
export interface FileBatch {
  readonly length: number
  /** Bytes held now, for the cache's budget. Grows as columns are asked for. */
  readonly byteLength: number
  readonly path: BytesColumn
  /** `path` of one row, where the column is made when it is first asked for, and held from then on. */
  pathAt?(row: number): Uint8Array
  /** `path` in runs of rows that follow each other, each made as it is asked for: for who looks at every path once. */
  pathParts?(): Iterable<BytesColumn>
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
  readonly unreadable?: UnreadableFiles | undefined
  /**
   * The format of a file among `rows` that is not Parquet, so that a plan with one is refused before its first line; undefined
   * where all are. Absent means that all files of the batch are Parquet, or logs of a table that merges them.
   */
  otherFormat?(rows: Selection): FileFormat | undefined
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
  readonly fileCount?: number | undefined
  load(signal?: AbortSignal): Promise<LiveFiles>
}

export interface FileList {
  readonly handles: readonly FileBatchHandle[]
  /**
   * True where the `fileCount` of a batch, if it has one, counts files of earlier versions too: how many are live only
   * loading tells. Absent: the counts add up to what the table says of its live files.
   */
  readonly countsEveryVersion?: boolean
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
