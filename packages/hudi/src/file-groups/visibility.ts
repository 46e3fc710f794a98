import type { Steps } from '@spillway/core'
import type { TableConfig } from '../config/table-config.js'
import type { CommitMetadata } from '../timeline/commit-metadata.js'
import { compareText, type Timeline } from '../timeline/timeline.js'
import { FILES_IN_A_STEP, type Visibility } from './file-slices.js'

/** Instants that left the active timeline: begin to completion. */
type ArchivedWrites = ReadonlyMap<string, string>

export interface VisibilityOptions {
  readonly config: Pick<TableConfig, 'layout'>
  readonly timeline: Timeline
  /** Completion time of the last write that is visible; absent means all. */
  readonly asOf?: string | undefined
  /** Known where something older than the active timeline was asked about. */
  readonly archived?: ArchivedWrites
  /** Bodies of replace commits, and of any other commit that was read. */
  readonly commits: ReadonlyMap<string, CommitMetadata>
}

/**
 * Which files count. An instant is visible when it completed, and not after `asOf`. What is older than the start of
 * the active timeline was archived, and only completed instants are; the start counts pending instants too, or files
 * of an old write that never finished would pass for archived ones.
 */
export function* visibilityAt(options: VisibilityOptions): Steps<Visibility> {
  const { config, timeline, archived, asOf } = options
  const writes = new Map(timeline.writes.map(write => [write.begin, write.completion]))
  const replaced = yield* replacedGroups(options)
  const completion = (instant: string): string | undefined => {
    const known = writes.get(instant) ?? archived?.get(instant)
    if (known !== undefined) return known
    // Archived writes completed; where the archive was not read, or lacks one, its begin stands for when.
    return timeline.start !== undefined && instant < timeline.start ? instant : undefined
  }
  return {
    logNames: config.layout === 1 ? 'slice' : 'own',
    completionOf(instant) {
      const completed = completion(instant)
      return completed === undefined || (asOf !== undefined && completed > asOf)
        ? undefined
        : completed
    },
    isCompacting: instant => timeline.pendingCompactions.has(instant),
    isReplaced: (partition, fileId) => replaced.get(partition)?.has(fileId) === true,
    named(partition, instant, names) {
      const stats = options.commits.get(instant)?.writeStats.get(partition) ?? []
      return names.find(name => stats.some(stat => stat.path.endsWith(name)))
    },
  }
}

function* replacedGroups(
  options: VisibilityOptions,
): Steps<ReadonlyMap<string, ReadonlySet<string>>> {
  const replaced = new Map<string, Set<string>>()
  let seen = 0
  for (const write of options.timeline.writes) {
    if (write.action !== 'replacecommit') continue
    if (options.asOf !== undefined && compareText(write.completion, options.asOf) > 0) continue
    for (const [partition, ids] of options.commits.get(write.begin)?.replaced ?? []) {
      const known = replaced.get(partition) ?? new Set()
      replaced.set(partition, known)
      for (const id of ids) {
        known.add(id)
        if (++seen % FILES_IN_A_STEP === 0) yield
      }
    }
  }
  return replaced
}
