import type { DataFile, DeleteFile } from './files.js'
import type { Predicate } from './predicate.js'
import type { Snapshot, TableMetadata } from './snapshot.js'

/** What a recipient can do by itself. Settled by the wire packages, read by `engine`. */
export interface Accepts {
  readonly features: ReadonlySet<string>
  /** Longest bitmap that may travel inside a line, 0 for none. */
  readonly inlineVectorBytes: number
}

/** Does to rows what a recipient cannot. Implemented with DuckDB, handed to `engine`; absent means refuse. */
export interface RowResolver {
  /** Equality and position deletes, read and merged into one deletion vector. */
  toDeletionVector(snapshot: Snapshot, file: DataFile, signal?: AbortSignal): Promise<DeleteFile>
  /** A Parquet file in staging with exactly the live rows under the snapshot's schema. */
  toCompleteFile(snapshot: Snapshot, file: DataFile, signal?: AbortSignal): Promise<DataFile>
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
