import type { LiveFiles, Predicate, PrunePredicate, Selection, Snapshot } from '@spillway/core'
import type { Unapplied } from './bind/bind.js'
import { bind, type ZonelessLiterals } from './bind/bind.js'
import { appliedParts } from './predicates/applied.js'
import { rewriteNot } from './predicates/rewrite-not.js'
import type { PageMark } from './scan/page.js'
import { scan } from './scan/scan.js'

export interface ScanOptions {
  readonly predicate?: Predicate
  /**
   * What is asked of rows, where `predicate` holds conditions besides that files are left out by alone: for those no more
   * is read than is at hand. Default: `predicate`.
   */
  readonly asked?: Predicate
  /** Stop once the files held are certain to have this many matching rows. Ignored for pages. */
  readonly limit?: number
  /** A page: the `maxFiles` survivors with the smallest keys above `after`, ties by path. */
  readonly page?: { readonly maxFiles: number; readonly after?: PageMark }
  /** Of the rows that survive, in order, those that may be in the plan at all: decided before any limit or page. */
  readonly keep?: (files: LiveFiles, rows: Selection, signal: AbortSignal) => Promise<Selection>
  /** Awaited between pieces of work of some ten milliseconds, with how many milliseconds the last one took. */
  readonly turn?: (milliseconds: number) => Promise<void>
  /** Leave files without rows out though nothing is asked of their rows. */
  readonly omitEmpty?: boolean
  /** What a timestamp literal without a zone means beside a column with one. Default `unknown`. */
  readonly zonelessLiterals?: ZonelessLiterals
  /** Batches loading at a time, at most. Default 4. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
}

/** What pruning did, by the evidence that did it. Complete once iteration has ended. */
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

/** Survivors, batch by batch, so signing starts before the last manifest is read. To be iterated once. */
export interface ScanPlan extends AsyncIterable<PlannedFiles> {
  readonly snapshot: Snapshot
  /** The predicate as pruning uses it. */
  readonly predicate: PrunePredicate
  /** The conditions by which files may be dropped, as SQL. */
  readonly applied: readonly string[]
  /** Parts of the predicate that bind could not use, and why; `unknown` parts handed in are not repeated. */
  readonly unapplied: readonly Unapplied[]
  readonly metrics: ScanMetrics
  /** Of a page: where the next one starts; undefined on the last page and before iteration has ended. */
  readonly nextPage: PageMark | undefined
}

/** Plans which files of `snapshot` may hold rows that match. Pure until iterated. */
export function planScan(snapshot: Snapshot, options: ScanOptions = {}): ScanPlan {
  const given: Predicate = options.predicate ?? { kind: 'alwaysTrue' }
  const { predicate: bound, unapplied } = bind(given, snapshot.schema, options)
  const predicate = rewriteNot(bound)
  const asked = options.asked && rewriteNot(bind(options.asked, snapshot.schema, options).predicate)
  const state = scan(snapshot, { predicate, asked: asked ?? predicate }, options)
  return {
    snapshot,
    predicate,
    get applied() {
      return appliedParts(predicate)
    },
    unapplied,
    get metrics() {
      return state.metrics()
    },
    get nextPage() {
      return state.nextPage()
    },
    [Symbol.asyncIterator]: () => state.files()[Symbol.asyncIterator](),
  }
}
