import { atOnce, type ChangeSet, type DataFile, type Snapshot } from '@spillway/core'
import { dataFileOf } from '../file-groups/data-file.js'
import type { FileSlice } from '../file-groups/file-slices.js'
import { sliceTable } from '../file-groups/slice-table.js'
import { mergedLogsOf } from '../merging/merged-logs.js'
import { instantMillis, instantVersion } from '../timeline/instant.js'
import type { SliceChange, WriteStep } from './changed-slices.js'

/** What a change feed says of one file. */
export type FileChange = ChangeSet['changes'][number]
/** The table before a write, or after it. */
export type Side = 'old' | 'now'

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

/** A slice as the file that recipients get, whichever side it is of. */
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
