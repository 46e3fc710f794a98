import type { DataFile, DeleteFile, Field, TableMetadata } from '@spillway/core'
import type { FileIdScheme } from './file-id.js'

/** A file ready to be sent. */
export interface WireFile {
  readonly file: DataFile
  readonly url: string
  /** Rows the recipient subtracts; in the line itself when it has no URL. */
  readonly vector?: {
    readonly vector: Extract<DeleteFile, { kind: 'deletion-vector' }>
    readonly url?: string
  }
  readonly expiresAt: number
  /** Of a file that the table lists more than once: which of its listings this is, from 2; absent for the first. */
  readonly listing?: number
}

/** What the lines of one answer have in common. */
export interface LineOptions {
  readonly metadata: TableMetadata
  readonly idScheme: FileIdScheme
  /** Declared partition columns: see `Negotiated`; negotiated once an answer. */
  readonly partitionFields: readonly Field[]
  /** The table's own names, partition values and statistics are passed on: see `passesAsRecorded`. */
  readonly asRecorded: boolean
  /** Present on time travel, and on every line of a change feed. */
  readonly at?: { readonly version: bigint; readonly timestamp: number } | undefined
}
