import { atOnce, type ChangeSet, type DataFile, type Snapshot, TableError } from '@spillway/core'
import { dataFileOf } from '../file-groups/data-file.js'
import { isLog } from '../file-groups/file-name.js'
import type { FileSlice } from '../file-groups/file-slices.js'
import { sliceTable } from '../file-groups/slice-table.js'
import { mergedLogsOf } from '../merging/merged-logs.js'
import { instantMillis, instantVersion } from '../timeline/instant.js'
import type { SliceChange, WriteStep } from './changed-slices.js'
import { logChanges } from './log-changes.js'
import { carriedRows, withoutPositions } from './unchanged-rows.js'

export type FileChange = ChangeSet['changes'][number]
export type Side = 'old' | 'now'

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
 * A touched group as the rows that differ. Rows that a rewritten file carried over are hidden on both sides by
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
    refuseCarried(change, step)
    return wholeChanges(change, step)
  }
  const removed = fileChange('old', old, change, step)
  const added = fileChange('now', now, change, step)
  const carried = await carriedRows([removed.file, added.file], step)
  return [
    ...withoutPositions(removed, carried[0], `before ${step.write.begin}`),
    ...withoutPositions(added, carried[1], step.write.begin),
  ]
}

/** The same files on both sides: the write only said that it looked at the group. */
function isUntouched({ old, now, stats }: SliceChange): boolean {
  if (stats.some(stat => isLog(stat.path) || stat.logFiles.length > 0)) return false
  const names = (slice: FileSlice | undefined) =>
    slice && [slice.base?.name, ...slice.logs.map(log => log.name)].join()
  return names(old) === names(now)
}

/** Without meta fields nothing tells carried rows from changed ones; only the commit may say that there are none. */
function refuseCarried({ stats }: SliceChange, step: WriteStep): void {
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

/** One side of a group as a whole. */
export function fileChange(
  side: Side,
  slice: FileSlice,
  { partition }: Pick<SliceChange, 'partition'>,
  step: WriteStep,
): FileChange {
  return {
    action: side === 'old' ? 'remove' : 'add',
    file: fileOf(partition, slice, step),
    snapshot: sideSnapshot(side, step),
  }
}

/** The table as it is after the write, with the logs of the side: removed rows have the columns that added ones have. */
export function sideSnapshot(side: Side, step: WriteStep): Snapshot {
  const { snapshot } = step
  if (side === 'now' || step.before === undefined) return snapshot
  return {
    ...snapshot,
    version: instantVersion(step.before.asOf),
    ...(snapshot.mergedLogs && { mergedLogs: mergedLogsAt(side, step) }),
  }
}

/** What the logs of a slice do to it on one side of the write, under the schema that holds after it. */
export function mergedLogsAt(side: Side, step: WriteStep) {
  const { options, state, snapshot } = step
  const { visibility, asOf } = side === 'old' && step.before !== undefined ? step.before : step.now
  const { schema, history } = snapshot
  return mergedLogsOf({ options, state, schema, history, visibility, asOf })
}

export function fileOf(partition: string, slice: FileSlice, step: WriteStep): DataFile {
  const { state, snapshot } = step
  const table = atOnce(sliceTable(state.root, [{ partition, slices: [slice] }]))
  return dataFileOf(table, 0, {
    partition: snapshot.partitionOf(partition),
    modified: instant => instantMillis(instant),
    history: snapshot.history,
    schema: snapshot.schema,
    inFolders: snapshot.inFolders,
    dropsColumns: snapshot.dropsColumns,
  })
}
