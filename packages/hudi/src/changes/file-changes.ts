import { TableError } from '@spillway/core'
import { isLog } from '../file-groups/file-name.js'
import type { FileSlice } from '../file-groups/file-slices.js'
import { type FileChange, fileChange } from './change-side.js'
import type { SliceChange, WriteStep } from './changed-slices.js'
import { logChanges } from './log-changes.js'
import { unchangedRows, withoutPositions } from './unchanged-rows.js'

/** A touched group as whole slices: what it was is removed, what it is is added. */
export async function wholeChanges(
  change: SliceChange,
  step: WriteStep,
): Promise<readonly FileChange[]> {
  if (isUntouched(change)) return []
  const { old, now } = change
  return [
    ...(old === undefined ? [] : [fileChange('old', old, change, step)]),
    ...(now === undefined ? [] : [fileChange('now', now, change, step)]),
  ]
}

/**
 * A touched group as the rows that differ. Unchanged rows of a rewritten file are hidden on both sides by
 * deletion vectors; rows that logs changed are taken from base files and logs one by one.
 */
export async function rowChanges(
  change: SliceChange,
  step: WriteStep,
): Promise<readonly FileChange[]> {
  const { old, now } = change
  if (old === undefined || now === undefined) return wholeChanges(change, step)
  if (old.base?.name === now.base?.name) return logChanges(change, step)
  if (isUntouched(change)) return []
  if (old.base === undefined || old.logs.length > 0 || now.logs.length > 0) {
    throw unknownRows(step, 'rewrote a base file together with its log files')
  }
  if (!step.state.config.metaFields) {
    refuseUnchanged(change, step)
    return wholeChanges(change, step)
  }
  const removed = fileChange('old', old, change, step)
  const added = fileChange('now', now, change, step)
  const unchanged = await unchangedRows([removed.file, added.file], step)
  return [
    ...withoutPositions(removed, unchanged[0], `before ${step.write.begin}`),
    ...withoutPositions(added, unchanged[1], step.write.begin),
  ]
}

/** The same files on both sides: the write only said that it looked at the group. */
function isUntouched({ old, now, stats }: SliceChange): boolean {
  if (stats.some(stat => isLog(stat.path) || stat.logFiles.length > 0)) return false
  const names = (slice: FileSlice | undefined) =>
    slice && [slice.base?.name, ...slice.logs.map(log => log.name)].join()
  return names(old) === names(now)
}

/** Without meta fields nothing tells unchanged rows from changed ones; only the commit may say that there are none. */
function refuseUnchanged({ stats }: SliceChange, step: WriteStep): void {
  const hasNone = stats.every(
    ({ numWrites, numUpdates, numInserts }) =>
      numWrites !== undefined &&
      numUpdates !== undefined &&
      numInserts !== undefined &&
      numWrites === numUpdates + numInserts,
  )
  if (!hasNone) throw unknownRows(step, 'copied unchanged rows into new files without meta fields')
}

function unknownRows({ write }: WriteStep, what: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the write ${write.begin} ${what}, so its changed rows cannot be told; query snapshots instead`,
    { context: { feature: 'changeDataFeed', version: write.completion } },
  )
}
