import type { Value } from '../schema/value.js'

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
  readonly firstRowId?: bigint | undefined
  readonly sequenceNumber?: bigint
  readonly deletes: readonly DeleteFile[]
  readonly logFiles: readonly LogFile[]
  /** Column statistics by field id, for encoders that must write them. */
  readonly bounds: ReadonlyMap<number, ValueBounds>
  /**
   * What this file calls the table's top-level columns, by field id, where files differ in that (Hudi schema-on-read
   * evolution); null for a column that the file was written before. Absent: names are the schema's.
   */
  readonly columnNames?: ReadonlyMap<number, string | null> | undefined
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
  readonly lower?: Value | undefined
  readonly upper?: Value | undefined
  readonly nullCount?: number
  readonly nanCount?: number
}

export interface DeltaAdd {
  /** By physical name, as others are told: values in one spelling, texts as they were recorded. */
  readonly partitionValues: ReadonlyMap<string, string | null>
  readonly stats?: string | undefined
  readonly tags?: ReadonlyMap<string, string> | undefined
  readonly baseRowId?: bigint | undefined
  readonly defaultRowCommitVersion?: bigint | undefined
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

/** Positions to subtract from the rows of a file. */
export type DeletionVector = Extract<DeleteFile, { readonly kind: 'deletion-vector' }>

/** A file of positions to subtract from the rows of the files that it names. */
export type PositionDelete = Extract<DeleteFile, { readonly kind: 'position-delete' }>
