import type { Predicate, PrunePredicate, Snapshot } from '@spillway/core'
import { bind, type Unapplied } from './bind/bind.js'
import { appliedParts } from './predicates/applied.js'
import { rewriteNot } from './predicates/rewrite-not.js'
import type { PageMark } from './scan/page.js'
import { scan } from './scan/scan.js'
import type { PlannedFiles, ScanMetrics, ScanOptions } from './scan/scan-options.js'

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
  /** Where the page after this one starts; undefined on the last page and before iteration has ended. */
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
