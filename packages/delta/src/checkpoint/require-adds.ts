import { TableError } from '@spillway/core'
import { shownText } from '../values/shown-text.js'
import { ADD_PATH } from './checkpoint-statistics.js'
import { type CheckpointFile, findLeaf, leafStatistics, leavesUnder } from './row-group.js'

const ADD_SIZE = ['add', 'size']

/**
 * Refuses a file of a checkpoint in which files would not be found: one without the column that names them, or whose
 * footer counts files without names. Without this it would read as a table of fewer files, or of none.
 */
export function requireAdds(source: CheckpointFile, kind: 'checkpoint' | 'sidecar'): void {
  if (findLeaf(source, ADD_PATH) === undefined) {
    // A manifest leaves its files to sidecars, and a sidecar may hold removes alone.
    const other = kind === 'checkpoint' ? 'sidecar' : 'remove'
    const mayLack =
      leavesUnder(source, ['add']).length === 0 && leavesUnder(source, [other]).length > 0
    if (!mayLack) throw badCheckpoint(source, `a ${kind} has no column add.path`)
    return
  }
  for (let rowGroup = 0; rowGroup < source.footer.rowGroups.length; rowGroup++) {
    const withoutPath = leafStatistics(source, rowGroup, ADD_PATH)?.nullCount
    const withoutSize = leafStatistics(source, rowGroup, ADD_SIZE)?.nullCount
    if (withoutPath === undefined || withoutSize === undefined) continue
    if (withoutPath <= withoutSize) continue
    const count = withoutPath - withoutSize
    throw badCheckpoint(
      source,
      `row group ${rowGroup} of a ${kind} counts ${count} adds without a path`,
    )
  }
}

/**
 * Refuses files of a checkpoint that name adds and have no column for their partition values, which every add has (PROTOCOL.md,
 * "Add File"): all of a partitioned table would be read as without them.
 */
export function requirePartitionValues(
  sources: Iterable<CheckpointFile>,
  partitioned: readonly { readonly name: string }[],
): void {
  if (partitioned.length === 0) return
  for (const source of sources) {
    const hasAdds = findLeaf(source, ADD_PATH) !== undefined
    if (!hasAdds || leavesUnder(source, ['add', 'partitionValues']).length > 0) continue
    const names = shownText(partitioned.map(({ name }) => name).join(', '))
    throw badCheckpoint(
      source,
      `a checkpoint has no column add.partitionValues, with ${names} in it`,
    )
  }
}

function badCheckpoint({ file }: CheckpointFile, message: string): TableError {
  return new TableError('TABLE_CORRUPT', message, { context: { path: file.path } })
}
