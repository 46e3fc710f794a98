import type { LiveFiles, Predicate, Selection } from '@spillway/core'
import type { ZonelessLiterals } from '../bind/bound-literal.js'
import type { PageMark } from './page.js'

/** What a scan is asked. */
export interface ScanOptions {
  readonly predicate?: Predicate | undefined
  /**
   * What is asked of rows, where `predicate` holds conditions besides that files are left out by alone: for those no more
   * is read than is at hand. Default: `predicate`.
   */
  readonly asked?: Predicate
  /** Stop once the files held are certain to have this many matching rows. Ignored for pages. */
  readonly limit?: number | undefined
  /** A page: the `maxFiles` survivors with the smallest keys above `after`, ties by path. */
  readonly page?: { readonly maxFiles: number; readonly after?: PageMark }
  /** Those of the surviving rows, in order, that may be in the plan at all: decided before any limit or page. */
  readonly keep?: (files: LiveFiles, rows: Selection, signal: AbortSignal) => Promise<Selection>
  /** Awaited between pieces of work of some ten milliseconds, with how many milliseconds the last one took. */
  readonly turn?: ((milliseconds: number) => Promise<void>) | undefined
  /** Leave files without rows out though nothing is asked of their rows. */
  readonly omitEmpty?: boolean
  /** What a timestamp literal without a zone means beside a column with one. Default `unknown`. */
  readonly zonelessLiterals?: ZonelessLiterals
  /** Batches loading at a time, at most. Default 4. */
  readonly concurrency?: number
  readonly signal?: AbortSignal | undefined
}

/** What pruning did, by the statistics that did it. Complete once iteration has ended. */
export interface ScanMetrics {
  readonly batchesTotal: number
  readonly batchesPruned: number
  /** Live files: exact where the snapshot states its totals or every batch was loaded, else by the batches' own counts. */
  readonly filesTotal: number
  readonly filesKept: number
  readonly filesPruned: {
    readonly partition: number
    readonly stats: number
    readonly limit: number
  }
}

/** Survivors of one batch. */
export interface PlannedFiles {
  readonly files: LiveFiles
  readonly selection: Selection
}
