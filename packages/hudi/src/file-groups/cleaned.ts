import { inSlices, Slices, type Steps, TableError } from '@spillway/core'
import type { CommitLoader } from '../timeline/commit-loader.js'
import type { Instant } from '../timeline/instant.js'
import { isLog } from './file-name.js'
import { FILES_IN_A_STEP, type FileSlice, latestSlices, type Visibility } from './file-slices.js'
import type { Listing } from './listing.js'

export interface CleanedOptions {
  /** Completion of the snapshot's last write. */
  readonly asOf: string
  /** Writes that completed later, in order. */
  readonly later: readonly Instant[]
  readonly commits: CommitLoader
  readonly listing: Listing
  readonly visibility: Visibility
  readonly signal?: AbortSignal | undefined
}

/**
 * Refuses an older snapshot of which a cleaner has deleted files: without them older slices, or none, would stand in.
 * Later writes say which slices there were: a write names the one it came after, a replacement the groups it ended.
 */
export async function refuseCleaned(options: CleanedOptions): Promise<void> {
  const { asOf, later, commits, listing, visibility, signal } = options
  await commits.loadAll(later, signal)
  const turns = new Slices()
  const needed = await inSlices(neededSlices(options), turns)
  const listed = await listing.files([...needed.keys()], signal)
  for (const [partition, groups] of needed) {
    const live = latestSlices(partition, listed.get(partition) ?? [], visibility)
    const slices = await inSlices(live, turns)
    const byId = new Map(slices.map(slice => [slice.fileId, slice]))
    for (const [fileId, base] of groups) {
      if (isThere(byId.get(fileId), base)) continue
      throw new TableError(
        'INVALID_REQUEST',
        `the snapshot of ${asOf} needs files of group ${fileId} that a cleaner has deleted`,
        { context: { partition, fileId, version: asOf } },
      )
    }
  }
}

/** By partition and file group, the base instant that the group's live slice must have; '' where any will do. */
function* neededSlices(
  options: CleanedOptions,
): Steps<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const { later, commits, visibility } = options
  const needed = new Map<string, Map<string, string>>()
  const seen = new Set<string>()
  let looked = 0
  const groupsOf = (partition: string) => {
    const groups = needed.get(partition) ?? new Map<string, string>()
    needed.set(partition, groups)
    return groups
  }
  for (const write of later) {
    const commit = commits.loaded.get(write.begin)
    for (const [partition, stats] of commit?.writeStats ?? []) {
      for (const { fileId, prevCommit, path } of stats) {
        if (++looked % FILES_IN_A_STEP === 0) yield
        // From version 8 on, a write to a log names itself: what it was written over, a later base file tells.
        if (isLog(path) && prevCommit === write.begin) continue
        if (seen.has(`${partition}\0${fileId}`)) continue
        seen.add(`${partition}\0${fileId}`)
        if (prevCommit === undefined || visibility.completionOf(prevCommit) === undefined) continue
        if (!visibility.isReplaced(partition, fileId)) groupsOf(partition).set(fileId, prevCommit)
      }
    }
    for (const [partition, ids] of commit?.replaced ?? []) {
      for (const fileId of ids) {
        if (++looked % FILES_IN_A_STEP === 0) yield
        if (seen.has(`${partition}\0${fileId}`)) continue
        seen.add(`${partition}\0${fileId}`)
        if (!visibility.isReplaced(partition, fileId)) groupsOf(partition).set(fileId, '')
      }
    }
  }
  return needed
}

/** A delta commit names the slice's first instant even where the slice has no base file. */
function isThere(slice: FileSlice | undefined, base: string): boolean {
  if (slice === undefined) return false
  return slice.base === undefined ? slice.logs.length > 0 : slice.base.instant >= base
}
