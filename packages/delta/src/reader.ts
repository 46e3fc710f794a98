import {
  type BatchCache,
  type ChangeRange,
  type ChangeSet,
  fencedStore,
  type ObjectStore,
  type ParquetReader,
  type Snapshot,
  type SnapshotRef,
  TableError,
  type TableReader,
  type TableSource,
} from '@spillway/core'
import { parquetReader } from '@spillway/encoding'
import { readChanges } from './changes/changes.js'
import { RecentReads } from './checkpoint/recent-reads.js'
import type { CheckpointIo } from './checkpoint/row-group.js'
import { CommitClock } from './log/commit-clock.js'
import { DeltaLog, isSameObject } from './log/delta-log.js'
import type { TimedVersion } from './log/file-times.js'
import { inCommitTimestamps } from './log/in-commit-timestamp.js'
import { chooseNext, latestVersion } from './log/log-segment.js'
import { versionAtTime } from './log/time-travel.js'
import { VersionWatch } from './log/version-watch.js'
import { advanceState, type LoadContext } from './snapshot/load-state.js'
import { loadVersion } from './snapshot/load-version.js'
import { snapshotOf, type TableState } from './snapshot/table-state.js'

export interface DeltaReaderOptions {
  readonly store: ObjectStore
  readonly cache: BatchCache
  /** The Parquet reader for checkpoints; `encoding`'s own unless given. */
  readonly parquet?: ParquetReader
  /** Bytes of raw statistics and tags kept decoded between the blocks of an answer. */
  readonly maxRecentBytes?: number
}

const LATEST: SnapshotRef = { kind: 'latest' }

const MAX_RECENT_BYTES = 128 * 1024 * 1024

/** Reads Delta tables: a log into snapshots, and what changed between versions. */
export function deltaReader(options: DeltaReaderOptions): TableReader {
  return new DeltaReader(options)
}

class DeltaReader implements TableReader {
  readonly format = 'delta'
  /** A store that reaches everything: each table gets one of its own. */
  readonly #io: CheckpointIo
  readonly #cache: BatchCache
  readonly #recent: RecentReads
  // What a snapshot was made from, for as long as somebody holds it.
  readonly #states = new WeakMap<Snapshot, TableState>()
  readonly #clock = new CommitClock()
  readonly #watch = new VersionWatch(this.#clock)

  constructor({ store, cache, parquet, maxRecentBytes }: DeltaReaderOptions) {
    this.#io = { store, parquet: parquet ?? parquetReader() }
    this.#cache = cache
    this.#recent = new RecentReads(maxRecentBytes ?? MAX_RECENT_BYTES)
  }

  detect(source: TableSource, signal?: AbortSignal): Promise<boolean> {
    return this.#context(source, signal).log.isPresent(signal)
  }

  async resolve(
    source: TableSource,
    ref: SnapshotRef,
    signal?: AbortSignal,
  ): Promise<TimedVersion> {
    const context = this.#context(source, signal)
    switch (ref.kind) {
      case 'latest':
        return this.#watch.latest(context.log, signal)
      case 'version':
        return versionNumbered(context, ref.version)
      case 'timestamp': {
        const { metadata } = await loadVersion(context)
        return versionAtTime(context.log, ref, metadata.configuration, signal)
      }
      default:
        throw notDelta(ref)
    }
  }

  async snapshot(
    source: TableSource,
    { at = LATEST, previous, signal }: Parameters<TableReader['snapshot']>[1] = {},
  ): Promise<Snapshot> {
    const before = previous && this.#states.get(previous)
    const state = await this.#stateAt(this.#context(source, signal), at, before)
    if (previous !== undefined && state === before) return previous
    const snapshot = snapshotOf(state)
    this.#states.set(snapshot, state)
    return snapshot
  }

  changes(source: TableSource, range: ChangeRange, signal?: AbortSignal): AsyncIterable<ChangeSet> {
    return readChanges(this.#context(source, signal), range)
  }

  #context(source: TableSource, signal: AbortSignal | undefined): LoadContext {
    const { location } = source
    const store = fencedStore(this.#io.store, source)
    const log = new DeltaLog(store, location)
    const shared = { io: { ...this.#io, store }, cache: this.#cache, recent: this.#recent }
    return { ...shared, location, log, clock: this.#clock, source, signal }
  }

  async #stateAt(
    context: LoadContext,
    at: SnapshotRef,
    previous: TableState | undefined,
  ): Promise<TableState> {
    const version = await this.#versionOf(context.source, at, context.signal)
    const next = previous && (await nextState(context, previous, version))
    if (next !== undefined) return next
    const state = await loadVersion(context, version)
    return at.kind === 'latest' ? state : timed(state, context)
  }

  /** Undefined for the latest. A version that is not there shows when it is loaded. */
  async #versionOf(
    source: TableSource,
    at: SnapshotRef,
    signal?: AbortSignal,
  ): Promise<bigint | undefined> {
    if (at.kind === 'latest') return undefined
    return at.kind === 'version' ? at.version : (await this.resolve(source, at, signal)).version
  }
}

/** Who asks for a version is told the time by which it is found again. */
async function timed(state: TableState, context: LoadContext): Promise<TableState> {
  const { lastCommit, version, metadata } = state
  const enabled = inCommitTimestamps(metadata.configuration)
  if (lastCommit === undefined || (enabled !== undefined && version >= enabled.version))
    return state
  const times = await context.clock.times(context.log, version, context.signal)
  return { ...state, timestamp: times.get(version) ?? state.timestamp }
}

/** The state of `version`, or of the latest, from an earlier one; undefined where it must be built anew. */
async function nextState(
  context: LoadContext,
  previous: TableState,
  version: bigint | undefined,
): Promise<TableState | undefined> {
  const { log, signal, source } = context
  const { lastCommit } = previous
  if (lastCommit === undefined || !isSameSource(previous.source, source)) return undefined
  if (version !== undefined && version < previous.version) return undefined
  const listing = await log.list(previous.version, signal)
  const again = listing.commits.find(commit => commit.version === previous.version)
  // A table that was dropped and made again in the same place has other files under the same names.
  if (again === undefined || !isSameObject(again.file, lastCommit)) return undefined
  if (isWorthReloading(previous, listing.checkpoints.at(-1)?.version)) return undefined
  if (version !== undefined && version > (latestVersion(listing) ?? -1n)) return undefined
  const segment = chooseNext(listing, previous, { version, folder: log.folder })
  if (segment.version === previous.version) return previous
  return advanceState(context, previous, segment)
}

/** What was opened for one source was opened within its roots. */
function isSameSource(a: TableSource, b: TableSource): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

/** True when half of our checkpoint is replaced by commits, and a newer checkpoint has them. */
function isWorthReloading(previous: TableState, newest: bigint | undefined): boolean {
  const known = previous.passedOver ?? previous.checkpointVersion ?? -1n
  if (newest === undefined || newest <= known) return false
  if (previous.handles.length === 0) return false
  const stored = previous.handles.reduce((total, handle) => total + handle.part.maxFiles, 0)
  return previous.namedSinceCheckpoint * 2 > stored
}

async function versionNumbered(context: LoadContext, version: bigint): Promise<TimedVersion> {
  const { log, clock, signal } = context
  const segment = await log.at(version, signal)
  const file = segment.lastCommit
  if (file === undefined) {
    return { version, timestamp: segment.checkpoint?.files[0]?.lastModified ?? 0 }
  }
  const { inCommitTimestamp } = await log.commitInfo(file, signal)
  if (inCommitTimestamp !== undefined) return { version, timestamp: inCommitTimestamp }
  const times = await clock.times(log, version, signal)
  return { version, timestamp: times.get(version) ?? file.lastModified }
}

function notDelta(ref: Pick<SnapshotRef, 'kind'>): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `a Delta table has versions and timestamps, no ${ref.kind === 'snapshotId' ? 'snapshot ids' : ref.kind === 'branch' ? 'branches or tags' : 'sequence numbers'}`,
  )
}
