import type { Field, Predicate, Snapshot } from '@spillway/core'
import type { BelievedShape } from '@spillway/rows'
import type { SharedFile } from '../share/open-scan.js'
import type { ByteSource } from './byte-source.js'
import type { RowRun } from './kept-rows.js'
import type { TableFooters } from './known-footers.js'

/** Some files of a scan, and what of them will be read. */
export interface AccessRequest {
  readonly table: Snapshot
  /** The relation's columns; those at `columns` will be read. */
  readonly fields: readonly Field[]
  readonly columns: readonly number[]
  /** True for at least the rows that will be read. */
  readonly predicate: Predicate
  readonly files: readonly SharedFile[]
  readonly reader: ByteSource
  readonly footers: TableFooters
  readonly signal?: AbortSignal | undefined
  /** Says how many bytes more or less than the files' sizes will be fetched, once that is known. */
  readonly onPlanned?: (bytes: number) => void
}

/** Files that DuckDB can open, for the columns that a scan reads. */
export interface OpenedFiles {
  readonly paths: readonly string[]
  readonly shapes: readonly BelievedShape[]
  /** Rows of each file that its copy has, in the file's own numbers. */
  readonly runs: readonly (readonly RowRun[])[]
  /** Rows of each file itself. */
  readonly rowCounts: readonly number[]
}

/** Files that DuckDB can open until they are closed. */
export interface AccessedFiles extends OpenedFiles {
  close(): Promise<void>
}

/** One way for data files to come to DuckDB. */
export interface FileAccess {
  open(request: AccessRequest): Promise<AccessedFiles>
  /** Why DuckDB could not read what `reader` brings, where it was not told. */
  failure?(reader: ByteSource): Error | undefined
  close(): Promise<void>
}
