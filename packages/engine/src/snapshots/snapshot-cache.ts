import {
  requireFacts,
  type Snapshot,
  type SnapshotRef,
  type TableReader,
  type TableSource,
} from '@spillway/core'
import type { Metrics } from '../calls/metrics.js'
import { SingleFlight } from '../calls/shared-load.js'
import { isOfGoneFiles } from './gone-files.js'
import { LatestVersions, type ResolvedVersion } from './latest-versions.js'
import { estimateBytes } from './snapshot-bytes.js'
import { sourceKey, type TableResolver } from './table-resolver.js'

export interface SnapshotCache {
  get(source: TableSource, at: SnapshotRef, signal?: AbortSignal): Promise<Snapshot>
  resolve(source: TableSource, ref: SnapshotRef, signal?: AbortSignal): Promise<ResolvedVersion>
  /** Forgets a table: the next request reads its storage again. */
  forget(source: TableSource): void
  /** Now, for `outdated`. */
  mark(): number
  /** Says that files of a snapshot are gone: it is not answered again, nor what was read before it. */
  outdate(snapshot: Snapshot): void
  /**
   * True where what is known of a table was read before `mark` and may be outdated; it is forgotten. False where storage
   * has been read since: reading it again would find the same.
   */
  outdated(source: TableSource, mark: number): boolean
}

export interface SnapshotCacheOptions {
  readonly resolver: TableResolver
  readonly metrics: Metrics
  /** How long the latest snapshot is answered without looking at storage. */
  readonly freshnessMs: number
  /** How long an older version that nobody asks for is kept; one that is asked for is held against storage like the latest. */
  readonly versionFreshnessMs: number
  readonly maxBytes: number
  readonly clock: () => number
}

interface Asked {
  readonly at: SnapshotRef
  readonly previous: Snapshot | undefined
  readonly signal: AbortSignal
}

interface Entry {
  readonly snapshot: Snapshot
  readonly checkedAt: number
  readonly bytes: number
}

const LATEST: SnapshotRef = { kind: 'latest' }
const LATEST_KEY = JSON.stringify(LATEST)

/** Of the entries that were used least recently, so many are looked at for each that comes. */
const MAX_LOOKS = 64

/** Tables of which it is remembered that something was outdated. */
const MAX_OUTDATED = 10_000

export function createSnapshotCache(options: SnapshotCacheOptions): SnapshotCache {
  return new LruSnapshotCache(options)
}

class LruSnapshotCache implements SnapshotCache {
  readonly #options: SnapshotCacheOptions
  // By table and reference; insertion order is the order of last use.
  readonly #entries = new Map<string, Entry>()
  readonly #loads = new SingleFlight<Snapshot>()
  readonly #latestVersions: LatestVersions
  #bytes = 0
  #mark = 0
  // The mark at which the oldest of what a snapshot is made from was read: a refresh goes on from what was there.
  readonly #readAt = new WeakMap<Snapshot, number>()
  // By table: what was read until that mark is outdated. Others may be using it still.
  readonly #outdatedUntil = new Map<string, number>()

  constructor(options: SnapshotCacheOptions) {
    this.#options = options
    this.#latestVersions = new LatestVersions(options)
  }

  async get(source: TableSource, at: SnapshotRef, signal?: AbortSignal): Promise<Snapshot> {
    if (at.kind === 'latest') return this.#latest(source, signal)
    if (at.kind !== 'timestamp') return this.#pinned(source, at, signal)
    // A time means one version: resolving first lets every time of one version share its snapshot.
    const { version } = await this.resolve(source, at, signal)
    return this.#pinned(source, { kind: 'version', version }, signal)
  }

  async resolve(source: TableSource, ref: SnapshotRef, signal?: AbortSignal) {
    if (ref.kind !== 'latest') return this.#resolve(source, ref, signal)
    const fresh = this.#fresh(entryKey(source, LATEST), this.#options.freshnessMs)
    if (fresh !== undefined) return fresh
    const resolved = await this.#latestVersions.get(
      source,
      cancelled => this.#resolve(source, ref, cancelled),
      signal,
    )
    this.#outdate(source, resolved.version)
    return resolved
  }

  async #resolve(source: TableSource, ref: SnapshotRef, signal?: AbortSignal) {
    const reader = await this.#options.resolver.readerFor(source, signal)
    const resolve = () => reader.resolve(source, ref, signal)
    return this.#options.metrics.timed('snapshot.resolve', resolve, { format: reader.format })
  }

  forget(source: TableSource): void {
    this.#latestVersions.forget(source)
    const prefix = sourceKey(source)
    for (const key of [...this.#entries.keys()]) {
      if (key.startsWith(prefix)) this.#drop(key)
    }
  }

  mark(): number {
    return ++this.#mark
  }

  outdate(snapshot: Snapshot): void {
    const readAt = this.#readAt.get(snapshot)
    if (readAt === undefined) return
    const { source } = snapshot
    const key = sourceKey(source)
    this.#forgetUntil(source, readAt)
    this.#outdatedUntil.set(key, Math.max(readAt, this.#outdatedUntil.get(key) ?? 0))
    if (this.#outdatedUntil.size <= MAX_OUTDATED) return
    for (const oldest of this.#outdatedUntil.keys()) {
      this.#outdatedUntil.delete(oldest)
      break
    }
  }

  outdated(source: TableSource, mark: number): boolean {
    const forgotten = this.#forgetUntil(source, mark - 1)
    return forgotten || (this.#outdatedUntil.get(sourceKey(source)) ?? mark) < mark
  }

  #forgetUntil(source: TableSource, mark: number): boolean {
    const prefix = sourceKey(source)
    const old = [...this.#entries].filter(
      ([key, { snapshot }]) => key.startsWith(prefix) && this.#readAt.get(snapshot)! <= mark,
    )
    for (const [key] of old) this.#drop(key)
    if (old.length > 0) this.#latestVersions.forget(source)
    return old.length > 0
  }

  #latest(source: TableSource, signal?: AbortSignal): Promise<Snapshot> {
    const key = entryKey(source, LATEST)
    const fresh = this.#fresh(key, this.#options.freshnessMs)
    if (fresh !== undefined) return Promise.resolve(fresh)
    return this.#loads.run(key, cancelled => this.#refresh(source, key, cancelled), signal)
  }

  async #refresh(source: TableSource, key: string, signal: AbortSignal): Promise<Snapshot> {
    const previous = this.#entries.get(key)?.snapshot
    const checkedAt = this.#options.clock()
    const reader = await this.#options.resolver.readerFor(source, signal)
    const snapshot = await this.#next(source, reader, { at: LATEST, previous, signal })
    this.#keep(key, snapshot, checkedAt)
    // What was told before may be older than this, and must not be told again when this has been let go.
    this.#latestVersions.forget(source)
    return snapshot
  }

  async #pinned(source: TableSource, at: SnapshotRef, signal?: AbortSignal): Promise<Snapshot> {
    const latest = this.#fresh(entryKey(source, LATEST), this.#options.freshnessMs)
    if (at.kind === 'version' && latest?.version === at.version) return latest
    const key = entryKey(source, at)
    const { freshnessMs, versionFreshnessMs } = this.#options
    const fresh = this.#fresh(key, Math.min(freshnessMs, versionFreshnessMs))
    if (fresh !== undefined) return fresh
    return this.#loads.run(
      key,
      async signal => {
        const checkedAt = this.#options.clock()
        const reader = await this.#options.resolver.readerFor(source, signal)
        // A version never changes, but its table may be dropped and another made under its name.
        const previous = this.#entries.get(key)?.snapshot
        const snapshot = await this.#next(source, reader, { at, previous, signal })
        this.#keep(key, snapshot, checkedAt)
        this.#outdate(source, snapshot.version)
        return snapshot
      },
      signal,
    )
  }

  async #next(source: TableSource, reader: TableReader, asked: Asked): Promise<Snapshot> {
    const { at, previous, signal } = asked
    return (
      (previous && (await this.#advance(source, reader, { at, previous, signal }))) ??
      (await this.#load(source, reader, { at, signal }))
    )
  }

  async #load(
    source: TableSource,
    reader: TableReader,
    { at, signal }: Pick<Asked, 'at' | 'signal'>,
  ): Promise<Snapshot> {
    const readAt = this.#mark
    const snapshot = await this.#timed('snapshot.load', reader, () =>
      reader.snapshot(source, { at, signal }),
    )
    requireFacts(snapshot, reader.format)
    this.#readAt.set(snapshot, readAt)
    return snapshot
  }

  /** Undefined where it cannot go on: what it was made from is gone, or the table is another one in its place. */
  async #advance(
    source: TableSource,
    reader: TableReader,
    { at, previous, signal }: Asked & { readonly previous: Snapshot },
  ): Promise<Snapshot | undefined> {
    const readAt = this.#readAt.get(previous)!
    try {
      const snapshot = await this.#timed('snapshot.refresh', reader, () =>
        reader.snapshot(source, { at, signal, previous }),
      )
      this.#readAt.set(snapshot, readAt)
      return snapshot
    } catch (error) {
      if (!isOfGoneFiles(error)) throw error
      this.outdate(previous)
      return undefined
    }
  }

  #timed(name: string, reader: TableReader, load: () => Promise<Snapshot>): Promise<Snapshot> {
    this.#options.metrics.count(name, 1, { format: reader.format })
    return this.#options.metrics.timed(name, load, { format: reader.format })
  }

  #fresh(key: string, freshForMs: number): Snapshot | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    const age = this.#options.clock() - entry.checkedAt
    // A clock that was set back says nothing of how old it is.
    if (age < 0 || age >= freshForMs) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    this.#options.metrics.count('snapshot.hit', 1, { format: entry.snapshot.format })
    return entry.snapshot
  }

  /** A recipient who was told of a version must not be answered from an older one. */
  #outdate(source: TableSource, version: bigint): void {
    this.#latestVersions.outdate(source, version)
    const key = entryKey(source, LATEST)
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.snapshot.version >= version) return
    this.#entries.set(key, { ...entry, checkedAt: Number.NEGATIVE_INFINITY })
  }

  #keep(key: string, snapshot: Snapshot, checkedAt: number): void {
    this.#drop(key)
    const bytes = estimateBytes(snapshot)
    this.#entries.set(key, { snapshot, checkedAt, bytes })
    this.#bytes += bytes
    this.#dropExpired(checkedAt)
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#options.maxBytes || oldest === key) break
      this.#drop(oldest)
    }
  }

  /** A version that has not been asked for is not answered again once it is old; the latest is what a refresh goes on from. */
  #dropExpired(now: number): void {
    let looks = 0
    for (const [key, { checkedAt }] of this.#entries) {
      if (++looks > MAX_LOOKS) return
      const isPinned = !key.endsWith(LATEST_KEY)
      if (isPinned && now - checkedAt >= this.#options.versionFreshnessMs) this.#drop(key)
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }
}

function entryKey(source: TableSource, at: SnapshotRef): string {
  const reference = JSON.stringify(at, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
  return `${sourceKey(source)}${reference}`
}
