import type { DataFile, DeleteFile } from './files.js'
import type { Predicate } from './predicate.js'
import type { Field, FieldPath } from './schema.js'
import type { Snapshot, TableMetadata } from './snapshot.js'
import type { Value } from './value.js'

/** What a recipient can do by itself. Settled by the wire packages, read by `engine`. */
export interface Accepts {
  readonly features: ReadonlySet<string>
  /** Longest bitmap that may travel inside a line, 0 for none. */
  readonly inlineVectorBytes: number
  /** False for readers that refuse fixed-length bytes where the schema says binary: UUIDs among them. */
  readonly fixedBinary?: boolean
  /**
   * How it finds the columns of files of which only the footer tells what they hold; undefined, like the table itself.
   * A function of the table's metadata alone, as what it was told of the table is.
   */
  readonly lookup?: (table: TableMetadata) => ColumnLookup | undefined
  /** Moments in files that it reads as other moments; absent, none. */
  readonly misreads?: ReadonlySet<MisreadTime>
}

/**
 * `int96`: those beyond what 64 bits of nanoseconds say, where the file holds INT96; `nested_int96` all of INT96 that is not a
 * column's own, `element_int96` those that are a list's elements or lie below a map. `old_calendar`: those before 1582, or
 * 1900, in files of the hybrid calendar of Spark 2, which their footers mark.
 */
export type MisreadTime = 'int96' | 'nested_int96' | 'element_int96' | 'old_calendar'

/** How a recipient finds a table's columns in a file that it is sent as it is, and what of it it shows. */
export interface ColumnLookup {
  readonly by: 'name' | 'id'
  /**
   * By id: where a field's id is missing, the column of its physical name is read `each` time (delta-kernel), only in a
   * file without any ids (`file`), or `never` (Spark). Of a recipient that could be any of them, all must find the same.
   */
  readonly fallbacks: readonly ('each' | 'file' | 'never')[]
  /**
   * Set where it finds by id, and yet fails over a nested field that is missing, or that has another name than its physical
   * one below a column that has its own: Spark's vectorised reader.
   */
  readonly namesBelow?: true
  /** True where it shows fields of structs that the table has not (pandas). */
  readonly showsExtras: boolean
  /**
   * False where it can only read maps that may be null as they stand in a file, their fields complete and in the table's
   * order and type, and elements of lists in the table's type: delta-kernel fails otherwise.
   */
  readonly changesMaps: boolean
  /** Annotations of `ShapeNode` that it reads as the type the table declares. */
  readonly annotations: ReadonlySet<string>
  /** Of these, those that it cannot read as elements of a list. */
  readonly unlisted?: ReadonlySet<string>
  /** Ids of the columns that it takes from an answer's partition values and not from a file. */
  readonly fromPartitions: ReadonlySet<number>
  /** True where it takes those from a file all the same, if the file has them too (pandas). */
  readonly prefersOwn: boolean
}

/** Positions to subtract from the rows of a file. */
export type DeletionVector = Extract<DeleteFile, { readonly kind: 'deletion-vector' }>

/** A file of positions to subtract from the rows of the files that it names. */
export type PositionDelete = Extract<DeleteFile, { readonly kind: 'position-delete' }>

/** Does to rows what a recipient cannot. Implemented with DuckDB, handed to `engine`; absent means refuse. */
export interface RowResolver {
  /** Equality and position deletes, read and merged into one deletion vector. */
  toDeletionVector(
    snapshot: Snapshot,
    file: DataFile,
    signal?: AbortSignal,
  ): Promise<DeletionVector>
  /**
   * Fails as applying it would where it cannot be told whether a path that a position delete file names means one of
   * `files`. Absent, that shows when the first of its files is made exact.
   */
  checkPaths?(
    snapshot: Snapshot,
    position: PositionDelete,
    files: readonly Pick<DataFile, 'recordedPath'>[],
    signal?: AbortSignal,
  ): Promise<void>
  /** A slice with logs, for recipients of vectors; undefined where rows must be written and there is no staging. */
  splitSlice(
    snapshot: Snapshot,
    file: DataFile,
    signal?: AbortSignal,
  ): Promise<SplitSlice | undefined>
  /** A Parquet file in staging with exactly the live rows under the snapshot's schema. Absent without staging. */
  toCompleteFile?(snapshot: Snapshot, file: DataFile, signal?: AbortSignal): Promise<DataFile>
  /**
   * The file once for each combination of values that its live rows hold in `fields`, which are its `constants`, with one
   * vector each that leaves exactly their rows.
   */
  splitByValue(
    snapshot: Snapshot,
    file: DataFile,
    fields: readonly Field[],
    signal?: AbortSignal,
  ): Promise<readonly DataFile[]>
  /**
   * The least and the greatest value that each of `columns` holds in any row of the file, below lists and maps too, as the
   * file has them: nothing is rebased. Undefined for one that cannot be told; without it, nothing is proved by values.
   */
  valueRanges?(
    snapshot: Snapshot,
    file: DataFile,
    columns: readonly FieldPath[],
    signal?: AbortSignal,
  ): Promise<readonly (ValueRange | undefined)[]>
  /** The same vector in a Delta vector file in staging, where it is too long for a line. Absent without staging. */
  toVectorFile?(vector: DeletionVector, signal?: AbortSignal): Promise<DeletionVector>
}

/** Both null where there is no value at all. */
export interface ValueRange {
  readonly least: Value | null
  readonly greatest: Value | null
}

/** The rows of a slice with logs, apart: those of its base file that no log touches, and those that the logs made. */
export interface SplitSlice {
  /** Absent where no row of it is left, or there is none. */
  readonly base?: { readonly file: DataFile; readonly vector?: DeletionVector }
  /** A Parquet file in staging; absent where the logs made no rows. */
  readonly changed?: DataFile
}

/** Files with URLs and the predicate already applied as a hint: a client's table or an engine's. `duckdb` reads it. */
export interface FileSource {
  readonly metadata: TableMetadata
  files(options: {
    predicate?: Predicate
    limit?: number
    signal?: AbortSignal
  }): AsyncIterable<
    readonly { readonly file: DataFile; readonly url: string; readonly expiresAt: number }[]
  >
}
