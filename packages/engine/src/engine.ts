import {
  type ChangeRange,
  type FileShapes,
  fencedStore,
  type ObjectStore,
  type Predicate,
  type RowResolver,
  type Snapshot,
  type SnapshotRef,
  type TableReader,
  type TableSource,
  tableRoots,
  type UrlSigner,
} from '@spillway/core'
import { planScan, type ScanOptions, type ScanPlan } from '@spillway/planner'
import { createMetrics, type EngineObserver, type Metrics } from './calls/metrics.js'
import {
  type SignedChanges,
  type SignedChangesOptions,
  signChanges,
} from './changes/signed-changes.js'
import { GrantedViews } from './grants/granted-view.js'
import { OutsideFinder } from './roots/outside-files.js'
import { type SigningContext, signerAmong } from './signing/sign-exact.js'
import { type SignedFiles, type SignedFilesOptions, signFiles } from './signing/signed-files.js'
import { denseVersions } from './snapshots/dense-versions.js'
import { isOfGoneFiles } from './snapshots/gone-files.js'
import { createSnapshotCache, type SnapshotCache } from './snapshots/snapshot-cache.js'
import { createTableResolver } from './snapshots/table-resolver.js'

export interface EngineOptions {
  /** Asked in this order for sources that do not name their format. */
  readonly readers: readonly TableReader[]
  /** Count versions from 1 where a format's own are instants: what a sharing server needs, and a person does not. */
  readonly denseVersions?: boolean
  /** The first that covers a path signs it. */
  readonly signers: readonly UrlSigner[]
  /** Where Iceberg's deletion vectors are read from, to be sent inside lines; without it they are resolved or refused. */
  readonly store?: ObjectStore | undefined
  /** Reads what files hold where only their footers tell: without it, such files are rewritten or refused. */
  readonly fileShapes?: FileShapes
  /** Makes files exact that a recipient could not read so: as vectors, or rewritten; without it they are refused. */
  readonly rowResolver?: RowResolver
  /** Where `rowResolver` writes: what it wrote for a table is signed, and nothing that a table names there. */
  readonly stagingLocations?: readonly string[]
  /** Budget for what loaded snapshots keep alive. 1 GiB by default. */
  readonly cache?: { readonly maxBytes: number }
  /** How long the latest snapshot is answered without looking at storage. One second by default; 0 always looks. */
  readonly freshnessMs?: number
  /** How long a snapshot of an older version that nobody asks for is kept in memory. A minute by default. */
  readonly versionFreshnessMs?: number
  /** Life of signed URLs. An hour by default: Spark takes less than 15 minutes for none. */
  readonly urlExpiresInSeconds?: number
  readonly observer?: EngineObserver
  readonly clock?: () => number
}

export interface Engine {
  /** True where files that a recipient cannot read exactly are rewritten rather than refused. */
  readonly canRewrite: boolean
  /** Which version a reference means; cheap enough to poll. */
  resolve(
    source: TableSource,
    ref?: SnapshotRef,
    signal?: AbortSignal,
  ): Promise<{ readonly version: bigint; readonly timestamp: number }>
  snapshot(source: TableSource, at?: SnapshotRef, signal?: AbortSignal): Promise<Snapshot>
  /** The same snapshot, as whoever was granted some of its partitions may know it. */
  partOf(snapshot: Snapshot, grant: Predicate, signal?: AbortSignal): Promise<Snapshot>
  plan(snapshot: Snapshot, options?: ScanOptions): ScanPlan
  signedFiles(snapshot: Snapshot, options: SignedFilesOptions): SignedFiles
  changes(
    source: TableSource,
    range: ChangeRange,
    options: SignedChangesOptions,
  ): Promise<SignedChanges>
  /**
   * Runs `work`, which loads a snapshot of a table and uses it. Where that fails as over files that are gone since the
   * snapshot was read (a log that was cleaned, snapshots that expired), what is kept of the table is forgotten and `work`
   * runs once more. It must not have given anything away by then.
   */
  retryStale<Result>(source: TableSource, work: () => Promise<Result>): Promise<Result>
  /** Forgets what is cached of a table. */
  forget(source: TableSource): void
}

/**
 * Plans and signs over the tables that `readers` read, with what it was asked before kept in memory, within bounds. It opens nothing
 * by itself: what readers, signers and the row resolver hold is theirs to close.
 */
export function createEngine(options: EngineOptions): Engine {
  const clock = options.clock ?? Date.now
  const metrics = createMetrics(options.observer)
  const readers = options.denseVersions ? options.readers.map(denseVersions) : options.readers
  const resolver = createTableResolver(readers)
  const snapshots = createSnapshotCache({
    resolver,
    metrics,
    clock,
    freshnessMs: options.freshnessMs ?? 1000,
    versionFreshnessMs: options.versionFreshnessMs ?? 60_000,
    maxBytes: options.cache?.maxBytes ?? 1024 ** 3,
  })

  const views = new GrantedViews()
  const signing = signingContexts(options, {
    signerFor: signerAmong(options.signers),
    outside: new OutsideFinder(),
    metrics,
    clock,
  })

  function signedFiles(snapshot: Snapshot, scan: SignedFilesOptions): SignedFiles {
    const files = signFiles(snapshot, scan, signing(snapshot, scan))
    return watched(files, error => {
      if (isOfGoneFiles(error)) snapshots.outdate(views.originalOf(snapshot))
    })
  }

  return {
    canRewrite: options.rowResolver?.toCompleteFile !== undefined,
    resolve: (source, ref = { kind: 'latest' }, signal) => snapshots.resolve(source, ref, signal),
    snapshot: (source, at = { kind: 'latest' }, signal) => snapshots.get(source, at, signal),
    partOf: (snapshot, grant, signal) => views.of(snapshot, grant, signal),
    plan: planScan,
    signedFiles,
    async changes(source, range, options) {
      const { accepts, grant, declared, signal } = options
      const reader = await resolver.readerFor(source, signal)
      const context = { ...signing({ source }, options), signal }
      return signChanges({
        ...{ reader, source, range, accepts, context },
        grant,
        declared,
      })
    },
    retryStale: (source, work) => retryStale(source, work, { snapshots, metrics }),
    forget: source => snapshots.forget(source),
  }
}

async function retryStale<Result>(
  source: TableSource,
  work: () => Promise<Result>,
  { snapshots, metrics }: { readonly snapshots: SnapshotCache; readonly metrics: Metrics },
): Promise<Result> {
  const mark = snapshots.mark()
  try {
    return await work()
  } catch (error) {
    if (!isOfGoneFiles(error) || !snapshots.outdated(source, mark)) throw error
    metrics.count('snapshot.stale', 1)
    return work()
  }
}

/** The same files; `failed` hears of an error, at whichever file. */
function watched(files: SignedFiles, failed: (error: unknown) => void): SignedFiles {
  async function* heard() {
    try {
      yield* files
    } catch (error) {
      failed(error)
      throw error
    }
  }
  return {
    plan: files.plan,
    get expiresAt() {
      return files.expiresAt
    },
    [Symbol.asyncIterator]: heard,
  }
}

type Shared = Pick<SigningContext, 'signerFor' | 'outside' | 'metrics' | 'clock'>

/** What signing takes, for each table: its root is its own. */
function signingContexts(options: EngineOptions, shared: Shared) {
  const {
    rowResolver,
    store,
    fileShapes,
    stagingLocations = [],
    urlExpiresInSeconds = 3600,
  } = options
  return (
    { source, folder }: Pick<Snapshot, 'source' | 'folder'>,
    asked: Pick<SignedFilesOptions, 'expiresInSeconds' | 'audience'>,
  ): SigningContext => ({
    ...shared,
    roots: tableRoots(source, { folder, apart: stagingLocations }),
    staging: stagingLocations.map(location => tableRoots({ location })),
    expiresInSeconds: asked.expiresInSeconds ?? urlExpiresInSeconds,
    audience: asked.audience,
    resolver: rowResolver,
    ...(store && { store: fencedStore(store, source, folder) }),
    ...(fileShapes && { shapes: fileShapes.within?.(source, folder) ?? fileShapes }),
  })
}
