import { inSlices, Slices, TableError } from '@spillway/core'
import type { BootstrapIndex } from '../bootstrap/bootstrap-index.js'
import { withSources } from '../bootstrap/skeletons.js'
import type { HudiReaderOptions } from '../config/options.js'
import type { BaseHistory } from '../file-groups/base-history.js'
import { isLog } from '../file-groups/file-name.js'
import {
  type FileSlice,
  type ListedFile,
  latestSlices,
  type Visibility,
} from '../file-groups/file-slices.js'
import type { Listing } from '../file-groups/listing.js'
import type { HudiSnapshot } from '../snapshot/snapshot.js'
import type { CommitMetadata, WriteStat } from '../timeline/commit-metadata.js'
import type { Instant } from '../timeline/instant.js'
import type { TableState } from '../timeline/table-state.js'

/** What counts right after a write. */
interface Moment {
  /** Completion of the write. */
  readonly asOf: string
  readonly visibility: Visibility
}

/** One write, with the table before and after it. */
export interface WriteStep {
  readonly state: TableState
  readonly options: HudiReaderOptions
  readonly write: Instant
  readonly commit: CommitMetadata
  /** The table after the write. */
  readonly snapshot: HudiSnapshot
  readonly now: Moment
  readonly before: Moment | undefined
  readonly bases: BaseHistory
  readonly bootstrap: BootstrapIndex
  readonly signal?: AbortSignal | undefined
}

/** A file group that a write touched: its live slice before and after, absent where it had none. */
export interface SliceChange {
  readonly partition: string
  readonly fileId: string
  readonly old: FileSlice | undefined
  readonly now: FileSlice | undefined
  /** What the commit says it wrote to the group; none where it only replaced it. */
  readonly stats: readonly WriteStat[]
}

/** The file groups that the metadata of a write names. Refused where a cleaner has deleted files of either side. */
export async function changedSlices(
  step: WriteStep,
  listing: Listing,
): Promise<readonly SliceChange[]> {
  const groups = touchedGroups(step.commit)
  const listed = await listing.files([...groups.keys()], step.signal)
  const changes: SliceChange[] = []
  const turns = new Slices()
  for (const [partition, ids] of groups) {
    const files = listed.get(partition) ?? []
    const now = await slicesAt(partition, files, { moment: step.now, turns })
    const old = await slicesAt(partition, files, { moment: step.before, turns })
    const written = statsById(step.commit.writeStats.get(partition) ?? [])
    for (const fileId of ids) {
      if (turns.isOver) await turns.pause()
      const stats = written.get(fileId) ?? []
      const change = { partition, fileId, old: old.get(fileId), now: now.get(fileId), stats }
      refuseLost(change, step)
      changes.push(await stitched(change, step))
    }
  }
  return changes
}

function statsById(stats: readonly WriteStat[]): ReadonlyMap<string, readonly WriteStat[]> {
  const byId = new Map<string, WriteStat[]>()
  for (const stat of stats) {
    const known = byId.get(stat.fileId)
    if (known === undefined) byId.set(stat.fileId, [stat])
    else known.push(stat)
  }
  return byId
}

/** The change with the source files of slices that are skeletons. */
async function stitched(change: SliceChange, step: WriteStep): Promise<SliceChange> {
  const { state, options, bootstrap, signal } = step
  const skeletons = {
    store: options.store,
    state,
    source: step.snapshot.source,
    index: bootstrap,
    signal,
  }
  const of = async (slice: FileSlice | undefined) =>
    slice && (await withSources(change.partition, [slice], skeletons))[0]
  return { ...change, old: await of(change.old), now: await of(change.now) }
}

/** File groups that the commit wrote to or replaced, by partition. */
function touchedGroups(commit: CommitMetadata): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, ReadonlySet<string>>()
  const add = (partition: string, ids: readonly string[]) =>
    groups.set(partition, new Set([...(groups.get(partition) ?? []), ...ids]))
  for (const [partition, stats] of commit.writeStats) {
    add(
      partition,
      stats.map(stat => stat.fileId),
    )
  }
  for (const [partition, ids] of commit.replaced) add(partition, ids)
  return groups
}

async function slicesAt(
  partition: string,
  files: readonly ListedFile[],
  { moment, turns }: { readonly moment: Moment | undefined; readonly turns: Slices },
): Promise<ReadonlyMap<string, FileSlice>> {
  if (moment === undefined) return new Map()
  const slices = await inSlices(latestSlices(partition, files, moment.visibility), turns)
  return new Map(slices.map(slice => [slice.fileId, slice]))
}

/** Slices that the commit says there were, and that are no longer there. */
function refuseLost(change: SliceChange, step: WriteStep): void {
  const { partition, fileId, old, now, stats } = change
  const { write, commit } = step
  const isReplaced = commit.replaced.get(partition)?.includes(fileId) === true
  const lacksOld =
    (isReplaced && old === undefined) ||
    stats.some(stat => !startsAt(baseUnder(stat, change, step), change, step.before))
  const lacksNow = !isReplaced && stats.some(stat => !holds(now, stat, write))
  if (!lacksOld && !lacksNow) return
  throw new TableError(
    'INVALID_REQUEST',
    `the changes of version ${write.completion} need files of group ${fileId} that a cleaner has deleted`,
    { context: { partition, fileId, version: write.completion } },
  )
}

/** The instant of the slice that was written to; undefined for a new group, and where nobody says. */
function baseUnder(
  { path, prevCommit }: WriteStat,
  { partition, fileId }: SliceChange,
  { write, before, bases, state }: WriteStep,
): string | undefined {
  if (!isLog(path) || prevCommit !== write.begin) return prevCommit
  // To version 6 this is a group's first log. Later versions always write it, and leave the base unsaid.
  if (state.config.layout === 1 || before === undefined) return undefined
  return bases.baseAt(partition, fileId, before.asOf)
}

/** True where the slice before the write is the one that is called `instant`. */
function startsAt(
  instant: string | undefined,
  { old, now }: SliceChange,
  before: Moment | undefined,
): boolean {
  if (instant === undefined) return true
  if (old === undefined) return false
  // Without a base file a slice is called by its first delta commit.
  if (old.base === undefined) return old.logs.some(log => log.instant === instant)
  if (old.base.instant === instant) return true
  // Logs go to a slice that a pending compaction has opened, or one that completed in the meantime.
  const onlyLogs = now?.base?.name === old.base.name
  return (
    onlyLogs && (old.base.instant > instant || before?.visibility.isCompacting(instant) === true)
  )
}

/** True where the slice has what the write put there. */
function holds(slice: FileSlice | undefined, stat: WriteStat, write: Instant): boolean {
  if (slice === undefined) return false
  const logs = logsOf(stat)
  if (logs.length === 0) return slice.base?.instant === write.begin
  const names = new Set(slice.logs.map(log => log.name))
  return logs.every(name => names.has(name))
}

/** Names of the log files with rows that a delta commit wrote. */
function logsOf({ path, logFiles }: WriteStat): readonly string[] {
  const own = isLog(path) ? [path.slice(path.lastIndexOf('/') + 1)] : []
  const names = new Set([...own, ...logFiles])
  return [...names].filter(name => !name.endsWith('.cdc'))
}
