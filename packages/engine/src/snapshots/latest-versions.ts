import type { TableSource } from '@spillway/core'
import { SingleFlight } from '../calls/shared-load.js'
import { sourceKey } from './table-resolver.js'

/** What a reader answers to `resolve`. */
export interface ResolvedVersion {
  readonly version: bigint
  readonly timestamp: number
}

export interface LatestVersionsOptions {
  /** How long an answer is given again without looking at storage. */
  readonly freshnessMs: number
  readonly clock: () => number
}

/** Tables remembered at most: an answer that has gone is read again. */
const MAX_TABLES = 10_000

/**
 * The latest version of tables whose snapshots nobody has loaded: streaming readers ask for it every few seconds, and
 * a table without a catalog or a hint answers with a listing.
 */
export class LatestVersions {
  readonly #options: LatestVersionsOptions
  readonly #answers = new Map<
    string,
    { readonly checkedAt: number; readonly found: ResolvedVersion }
  >()
  readonly #reads = new SingleFlight<ResolvedVersion>()

  constructor(options: LatestVersionsOptions) {
    this.#options = options
  }

  /** The answer of at most `freshnessMs` ago, or a new one, which callers that come meanwhile share. */
  async get(
    source: TableSource,
    read: (signal: AbortSignal) => Promise<ResolvedVersion>,
    signal?: AbortSignal,
  ): Promise<ResolvedVersion> {
    const key = sourceKey(source)
    const known = this.#answers.get(key)
    const { clock, freshnessMs } = this.#options
    const age = known === undefined ? Number.NaN : clock() - known.checkedAt
    // A clock that was set back says nothing of how old it is.
    if (known !== undefined && age >= 0 && age < freshnessMs) return known.found
    const readNow = async (cancelled: AbortSignal) => {
      // Before the read: what it finds may be as old as its beginning.
      const checkedAt = clock()
      const found = await read(cancelled)
      this.#keep(key, { checkedAt, found })
      return found
    }
    return this.#reads.run(key, readNow, signal)
  }

  forget(source: TableSource): void {
    this.#answers.delete(sourceKey(source))
  }

  /** Forgets an answer that is older than a version which is known to be there. */
  outdate(source: TableSource, version: bigint): void {
    const known = this.#answers.get(sourceKey(source))
    if (known !== undefined && known.found.version < version) this.forget(source)
  }

  #keep(
    key: string,
    answer: { readonly checkedAt: number; readonly found: ResolvedVersion },
  ): void {
    this.#answers.delete(key)
    this.#answers.set(key, answer)
    if (this.#answers.size <= MAX_TABLES) return
    for (const oldest of this.#answers.keys()) {
      this.#answers.delete(oldest)
      break
    }
  }
}
