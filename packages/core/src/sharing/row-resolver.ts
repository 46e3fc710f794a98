import type { Field, FieldPath } from '../schema/schema.js'
import type { Value } from '../schema/value.js'
import type { DataFile, DeletionVector, PositionDelete } from '../table/data-file.js'
import type { Snapshot } from '../table/snapshot.js'

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
  /**
   * Of the leaves at `elements` of the file's footer that hold moments in nanoseconds, by element, one that is no whole number of
   * microseconds, in any row of the file. Without it, nothing is proved of such moments.
   */
  cutNanos?(
    snapshot: Snapshot,
    file: DataFile,
    elements: readonly number[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<number, bigint>>
  /** `vector` in a Delta vector file in staging, where it is too long for a line. Absent without staging. */
  toVectorFile?(vector: DeletionVector, signal?: AbortSignal): Promise<DeletionVector>
}

/** The least and the greatest value; both null where there is no value at all. */
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
