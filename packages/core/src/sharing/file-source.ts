import type { Predicate } from '../schema/predicate.js'
import type { DataFile } from '../table/data-file.js'
import type { TableMetadata } from '../table/snapshot.js'

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
