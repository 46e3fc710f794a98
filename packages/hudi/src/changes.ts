import {
  type ChangeRange,
  type ChangeSet,
  type DataFile,
  TableError,
  type TableMetadata,
  type TableSource,
} from '@spillway/core'
import { archivedWrites } from './archived-timeline.js'
import type { CommitMetadata } from './commit-metadata.js'
import { dataFileOf } from './data-file.js'
import { type FileSlice, latestSlices } from './file-slices.js'
import { type Instant, instantMillis, instantVersion } from './instant.js'
import type { Listing } from './listing.js'
import type { HudiReaderOptions } from './options.js'
import { zoneOf } from './resolve.js'
import { sliceTable } from './slice-table.js'
import type { HudiSnapshot } from './snapshot.js'
import { CommitLoader, loadTableState, type TableState } from './table-state.js'
import { visibilityAt } from './visibility.js'

export interface ChangesContext {
  readonly options: HudiReaderOptions
  /** The table at one version: schema and partition values of that time. */
  readonly snapshotAt: (version: bigint) => Promise<HudiSnapshot>
  readonly listingOf: (state: TableState) => Promise<Listing>
  readonly signal?: AbortSignal
}

/** Operations that rewrite files without changing a row. */
const REWRITES = new Set(['CLUSTER', 'COMPACT', 'LOG_COMPACT'])

/**
 * The base files that each write of the range added and took away: every write compares the slices of the file groups
 * it names before and after itself. What that cannot say exactly is refused: log files, files that a cleaner has
 * deleted, and ranges that a restore undid.
 */
export async function* hudiChanges(
  source: TableSource,
  range: ChangeRange,
  context: ChangesContext,
): AsyncGenerator<ChangeSet> {
  const { options, signal } = context
  const state = await loadTableState(options.store, source, signal)
  const commits = new CommitLoader(options.store)
  const writes = await writesOf(state, range, context)
  const chosen = writes.filter(write => inRange(write, range))
  refuseGaps(state, range, writes)
  const listing = await context.listingOf(state)
  let schema: string | undefined
  for (const [i, write] of chosen.entries()) {
    const before = writes[writes.indexOf(write) - 1]
    const commit = await commits.load(write, signal)
    refuseLostStart(before, commit, range)
    const replaces = writes.filter(
      w => w.action === 'replacecommit' && w.completion <= write.completion,
    )
    await commits.loadAll(replaces, signal)
    const isFirst = i === 0
    const evolved = commit.schema !== undefined && schema !== undefined && commit.schema !== schema
    schema = commit.schema ?? schema
    const snapshot = await context.snapshotAt(instantVersion(write.completion))
    const changes = REWRITES.has(commit.operationType ?? '')
      ? []
      : await changesOf({ write, before, commit, commits, state, writes, listing, snapshot, range })
    yield {
      version: snapshot.version,
      timestamp: instantMillis(write.completion, zoneOf(state.config, options.timeZone ?? 'UTC')),
      ...(isFirst || evolved ? { metadata: snapshot as TableMetadata } : {}),
      changes,
    }
  }
}

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

function refuseGaps(
  { timeline }: TableState,
  range: ChangeRange,
  writes: readonly Instant[],
): void {
  if (range.endVersion < range.startVersion) {
    throw new TableError('INVALID_REQUEST', 'the range ends before it starts', {
      context: { startVersion: range.startVersion, endVersion: range.endVersion },
    })
  }
  const last = writes[writes.length - 1]
  if (last === undefined || range.startVersion > instantVersion(last.completion)) {
    throw new TableError('INVALID_REQUEST', `the table has no version ${range.startVersion} yet`, {
      context: { startVersion: range.startVersion },
    })
  }
  const restore = timeline.instants.find(
    i => i.action === 'restore' && i.state === 'completed' && inRange(i, range),
  )
  if (restore === undefined) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `a restore at ${restore.begin} undid writes of the range, whose changes are no longer known`,
    { context: { instant: restore.begin } },
  )
}

/** The first write that is still known came after others: what they were cannot be told. */
function refuseLostStart(
  before: Instant | undefined,
  commit: CommitMetadata,
  { startVersion }: ChangeRange,
): void {
  if (before !== undefined) return
  const stats = [...commit.writeStats.values()].flat()
  if (commit.replaced.size === 0 && stats.every(stat => stat.prevCommit === undefined)) return
  throw new TableError(
    'INVALID_REQUEST',
    `changes from version ${startVersion} on are no longer known`,
    {
      context: { startVersion },
    },
  )
}

interface WriteChange {
  readonly write: Instant
  readonly before: Instant | undefined
  readonly commit: CommitMetadata
  readonly commits: CommitLoader
  readonly state: TableState
  readonly writes: readonly Instant[]
  readonly listing: Listing
  readonly snapshot: HudiSnapshot
  readonly range: ChangeRange
}

async function changesOf(change: WriteChange): Promise<ChangeSet['changes']> {
  const { commit, listing, write } = change
  const groups = touchedGroups(commit)
  const listed = await listing.files([...groups.keys()])
  const changes: { action: 'add' | 'remove'; file: DataFile }[] = []
  for (const [partition, ids] of groups) {
    const files = listed.get(partition) ?? []
    const after = byFileId(latestSlices(partition, files, visibilityOf(change, write)))
    const before =
      change.before === undefined
        ? new Map<string, FileSlice>()
        : byFileId(latestSlices(partition, files, visibilityOf(change, change.before)))
    for (const id of ids) {
      const [old, now] = [before.get(id), after.get(id)]
      refuseLogs(old, change)
      refuseLogs(now, change)
      refuseLost(partition, id, { old, now, change })
      if (old?.base?.name === now?.base?.name) continue
      if (old !== undefined && now !== undefined) refuseCarried(partition, id, change)
      if (old !== undefined)
        changes.push({ action: 'remove', file: fileOf(partition, old, change) })
      if (now !== undefined) changes.push({ action: 'add', file: fileOf(partition, now, change) })
    }
  }
  return changes
}

/** File groups that the commit wrote to or replaced, by partition. */
function touchedGroups(commit: CommitMetadata): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, ReadonlySet<string>>()
  const add = (partition: string, ids: readonly string[]) =>
    groups.set(partition, new Set([...(groups.get(partition) ?? []), ...ids]))
  for (const [partition, stats] of commit.writeStats)
    add(
      partition,
      stats.map(stat => stat.fileId),
    )
  for (const [partition, ids] of commit.replaced) add(partition, ids)
  return groups
}

function visibilityOf({ state, writes, commits }: WriteChange, write: Instant) {
  return visibilityAt({
    config: state.config,
    timeline: { ...state.timeline, writes },
    commits: commits.loaded,
    asOf: write.completion,
  })
}

function byFileId(slices: readonly FileSlice[]): Map<string, FileSlice> {
  return new Map(slices.map(slice => [slice.fileId, slice]))
}

function refuseLogs(slice: FileSlice | undefined, { write }: WriteChange): void {
  if (slice === undefined || slice.logs.length === 0) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the write ${write.begin} changed rows through log files, whose changes are not shared; query snapshots instead`,
    { context: { feature: 'mergeLogs', version: write.completion } },
  )
}

/** A feed of changed rows cannot be told from two files that share rows: only streams of files can use those. */
function refuseCarried(
  partition: string,
  fileId: string,
  { commit, write, range }: WriteChange,
): void {
  if (range.kind === 'files') return
  const stat = commit.writeStats.get(partition)?.find(each => each.fileId === fileId)
  const { numWrites, numUpdates, numInserts } = stat ?? {}
  const isKnown = numWrites !== undefined && numUpdates !== undefined && numInserts !== undefined
  if (isKnown && numWrites === numUpdates + numInserts) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the write ${write.begin} copied unchanged rows into new files, so its changed rows cannot be told; query snapshots instead`,
    { context: { feature: 'changeDataFeed', version: write.completion } },
  )
}

/** Slices that the commit says there were, and that are no longer there. */
function refuseLost(
  partition: string,
  fileId: string,
  {
    old,
    now,
    change,
  }: {
    readonly old: FileSlice | undefined
    readonly now: FileSlice | undefined
    readonly change: WriteChange
  },
): void {
  const { commit, write } = change
  const stat = commit.writeStats.get(partition)?.find(each => each.fileId === fileId)
  const replaced = commit.replaced.get(partition)?.includes(fileId) === true
  const lacksOld =
    (stat?.prevCommit !== undefined && old?.base?.instant !== stat.prevCommit) ||
    (replaced && old === undefined)
  const lacksNow = stat !== undefined && !replaced && now?.base?.instant !== write.begin
  if (!lacksOld && !lacksNow) return
  throw new TableError(
    'INVALID_REQUEST',
    `the changes of version ${write.completion} need files of group ${fileId} that a cleaner has deleted`,
    { context: { partition, fileId, version: write.completion } },
  )
}

function fileOf(partition: string, slice: FileSlice, change: WriteChange): DataFile {
  const { state, snapshot } = change
  const table = sliceTable(state.root, [{ partition, slices: [slice] }])
  return dataFileOf(table, 0, {
    partition: snapshot.partitionOf(partition),
    modified: instant => instantMillis(instant),
    history: undefined,
    schema: snapshot.schema,
  })
}
