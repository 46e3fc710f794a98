import type { Predicate, Snapshot } from '@spillway/core'
import { withMembers } from '../snapshots/with-members.js'
import { grantKey } from './granted-rows.js'
import { partitionGrant } from './partition-grant.js'

/**
 * Snapshots as whoever was granted some partitions may know them: what is declared of a table follows from the granted
 * files alone. One for a snapshot and a grant, as long as the snapshot is.
 */
export class GrantedViews {
  readonly #views = new WeakMap<Snapshot, Map<string, Snapshot>>()
  readonly #originals = new WeakMap<Snapshot, Snapshot>()

  async of(snapshot: Snapshot, grant: Predicate, signal?: AbortSignal): Promise<Snapshot> {
    const views = this.#views.get(snapshot) ?? new Map<string, Snapshot>()
    this.#views.set(snapshot, views)
    const key = grantKey(grant)
    const known = views.get(key)
    if (known !== undefined) return known
    const isGranted = partitionGrant(grant, snapshot)
    const declared = await snapshot.declaredOf?.(isGranted, signal)
    // Another may have asked meanwhile: what is known of a snapshot's rows is known by its view.
    const view = views.get(key) ?? this.#viewOf(snapshot, declared)
    views.set(key, view)
    return view
  }

  /** The snapshot that `view` is one of, or itself. */
  originalOf(view: Snapshot): Snapshot {
    return this.#originals.get(view) ?? view
  }

  #viewOf(snapshot: Snapshot, declared: Partial<Snapshot> | undefined): Snapshot {
    if (declared === undefined) return snapshot
    const view = withMembers(snapshot, { unspeltPartitions: undefined, ...declared })
    this.#originals.set(view, snapshot)
    return view
  }
}
