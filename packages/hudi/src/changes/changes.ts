import {
  type ChangeRange,
  type ChangeSet,
  inSlices,
  TableError,
  type TableMetadata,
  type TableSource,
} from '@spillway/core'
import { type BootstrapIndex, bootstrapIndex } from '../bootstrap/bootstrap-index.js'
import type { HudiReaderOptions } from '../config/options.js'
import { type BaseHistory, baseHistory } from '../file-groups/base-history.js'
import type { Listing } from '../file-groups/listing.js'
import { visibilityAt } from '../file-groups/visibility.js'
import type { HudiSnapshot } from '../snapshot/snapshot.js'
import { archivedWrites } from '../timeline/archived-timeline.js'
import { CommitLoader } from '../timeline/commit-loader.js'
import type { CommitMetadata } from '../timeline/commit-metadata.js'
import { type Instant, instantMillis, instantVersion } from '../timeline/instant.js'
import { zoneOf } from '../timeline/resolve.js'
import { loadTableState, type TableState } from '../timeline/table-state.js'
import { refuseRange, refuseUndone } from './change-range.js'
import type { FileChange } from './change-side.js'
import { changedSlices, type WriteStep } from './changed-slices.js'
import { rowChanges, wholeChanges } from './file-changes.js'

export interface ChangesContext {
  readonly options: HudiReaderOptions
  readonly listingOf: (state: TableState) => Promise<Listing>
  /** The table at one write: schema, partition values and logs of that time. */
  readonly snapshotAt: (at: {
    readonly state: TableState
    readonly write: Instant
    readonly commits: CommitLoader
    readonly listing: Listing
  }) => Promise<HudiSnapshot>
  readonly signal?: AbortSignal | undefined
}

/** Operations that rewrite files without changing a row. */
const REWRITES = new Set(['CLUSTER', 'COMPACT', 'LOG_COMPACT'])

/**
 * What each write of the range changed. Every write compares the slices of the file groups that its metadata names
 * before and after itself: `files` gives them whole, `feed` the rows that differ. Table services change nothing. What
 * the files that are still there cannot say exactly is refused.
 */
export async function* hudiChanges(
  source: TableSource,
  range: ChangeRange,
  context: ChangesContext,
): AsyncGenerator<ChangeSet> {
  const { options, signal } = context
  const state = await loadTableState(options.store, source, signal)
  const commits = new CommitLoader(options.store)
  refuseView(source, state)
  const writes = await writesOf(state, range, context)
  refuseRange(range, writes)
  await refuseUndone(options.store, state, { range, signal })
  const listing = await context.listingOf(state)
  const bases = await baseHistory(writes, commits, signal)
  const bootstrap = bootstrapIndex(options.store, state.root, source)
  let schema: string | undefined
  let isFirst = true
  for (const [i, write] of writes.entries()) {
    if (!inRange(write, range)) continue
    const commit = await commits.load(write, signal)
    const snapshot = await context.snapshotAt({ state, write, commits, listing })
    const evolved = commit.schema !== undefined && schema !== undefined && commit.schema !== schema
    schema = commit.schema ?? schema
    const step = { write, before: writes[i - 1], commit, snapshot, writes, commits }
    yield {
      version: snapshot.version,
      timestamp: instantMillis(write.completion, zoneOf(state.config, options.timeZone ?? 'UTC')),
      ...(isFirst || evolved ? { metadata: snapshot as TableMetadata } : {}),
      changes: await changesOf(step, { state, listing, bases, bootstrap, range, context }),
    }
    isFirst = false
  }
}

/** What a compaction makes of logs is new to a reader of base files alone, and no write says which rows that is. */
function refuseView({ view }: TableSource, { config }: TableState): void {
  if (view !== 'read-optimized' || config.tableType !== 'MERGE_ON_READ') return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    'the changes of a read-optimized view are not known; share the table with its snapshot view for them',
    { context: { feature: 'readOptimizedChanges' } },
  )
}

/** Writes in the order they became visible; the archive's too, where the range needs a write before the active ones. */
async function writesOf(
  state: TableState,
  range: ChangeRange,
  { options, signal }: ChangesContext,
): Promise<readonly Instant[]> {
  const { writes } = state.timeline
  const first = writes[0]
  if (first !== undefined && range.startVersion > instantVersion(first.completion)) return writes
  return [...(await archivedWrites(options, state, signal)), ...writes]
}

function inRange({ completion }: Instant, { startVersion, endVersion }: ChangeRange): boolean {
  const version = instantVersion(completion)
  return version >= startVersion && version <= endVersion
}

interface Step {
  readonly write: Instant
  readonly before: Instant | undefined
  readonly commit: CommitMetadata
  /** All of them have been read. */
  readonly commits: CommitLoader
  readonly snapshot: HudiSnapshot
  readonly writes: readonly Instant[]
}

async function changesOf(
  step: Step,
  given: {
    readonly state: TableState
    readonly listing: Listing
    readonly bases: BaseHistory
    readonly bootstrap: BootstrapIndex
    readonly range: ChangeRange
    readonly context: ChangesContext
  },
): Promise<readonly FileChange[]> {
  const { write, before, commit, commits, snapshot, writes } = step
  const { state, listing, bases, bootstrap, range, context } = given
  if (REWRITES.has(commit.operationType ?? '')) return []
  refuseLostStart(step, range)
  const { signal, options } = context
  const at = async (asOf: string) => ({
    asOf,
    visibility: await inSlices(
      visibilityAt({
        config: state.config,
        timeline: { ...state.timeline, writes },
        commits: commits.loaded,
        asOf,
      }),
    ),
  })
  const change: WriteStep = {
    state,
    options,
    write,
    commit,
    snapshot,
    now: await at(write.completion),
    before: before && (await at(before.completion)),
    bases,
    bootstrap,
    signal,
  }
  const found = await changedSlices(change, listing)
  const ways = range.kind === 'feed' ? rowChanges : wholeChanges
  const changes: FileChange[] = []
  for (const slice of found) {
    changes.push(...(await ways(slice, change)))
  }
  return changes
}

/** The first write that is still known came after others: what they were cannot be told. */
function refuseLostStart({ write, before, commit }: Step, { startVersion }: ChangeRange): void {
  if (before !== undefined) return
  const stats = [...commit.writeStats.values()].flat()
  // The first log of a group names the write itself.
  const isNew = stats.every(({ prevCommit = write.begin }) => prevCommit === write.begin)
  if (commit.replaced.size === 0 && isNew) return
  throw new TableError(
    'INVALID_REQUEST',
    `changes from version ${startVersion} on are no longer known`,
    { context: { startVersion } },
  )
}
