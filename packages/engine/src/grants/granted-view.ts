import type { Predicate, Snapshot } from '@spillway/core'
import { SingleFlight } from '../calls/shared-load.js'
import { withMembers } from '../snapshots/with-members.js'
import { grantKey } from './granted-rows.js'
import { partitionGrant } from './partition-grant.js'

/**
 * Snapshots as whoever was granted some partitions may know them: what is declared of a table follows from the granted
 * files alone. One for a snapshot and a grant, as long as the snapshot is.
 */
export class GrantedViews {
  readonly #views = new WeakMap<Snapshot, Map<string, Snapshot>>()
  readonly #looks = new WeakMap<Snapshot, SingleFlight<Snapshot>>()
  readonly #originals = new WeakMap<Snapshot, Snapshot>()

  async of(snapshot: Snapshot, grant: Predicate, signal?: AbortSignal): Promise<Snapshot> {
    const views = this.#views.get(snapshot) ?? new Map<string, Snapshot>()
    const looks = this.#looks.get(snapshot) ?? new SingleFlight<Snapshot>()
    this.#views.set(snapshot, views)
    this.#looks.set(snapshot, looks)
    const key = grantKey(grant)
    const known = views.get(key)
    if (known !== undefined) return known
    const part = partitionGrant(grant, snapshot)
    const look = async (cancelled: AbortSignal) => {
      const view = this.#viewOf(snapshot, await snapshot.declaredOf?.(part, cancelled))
      views.set(key, view)
      return view
    }
    return looks.run(key, look, signal)
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
