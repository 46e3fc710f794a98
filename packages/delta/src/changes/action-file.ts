import { type DataFile, type FilePartition, TableError } from '@spillway/core'
import type { FileAction } from '../actions/actions.js'
import { resolvePath } from '../actions/data-path.js'
import { vectorFile } from '../actions/deletion-vector.js'
import { isImported } from '../files/imported-files.js'
import type { FileContext } from '../files/live-files.js'
import { parseTags, rawAdd } from '../files/raw-statistics.js'
import { partitionOf } from '../partitions/partition-columns.js'
import { certainValue } from '../partitions/partition-values.js'
import { unreadablePartition } from '../partitions/unreadable-partition.js'
import { LazyBounds } from '../statistics/lazy-bounds.js'
import { readNumRecords } from '../statistics/stats-text.js'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** The file of one action of a commit, once the metadata in force is known. */
export interface ActionFile {
  /** What a grant is decided by, whatever else is wrong with the action. */
  partition(context: FileContext): FilePartition
  file(context: FileContext): DataFile
}

/** The file of `action`, whose contents are copied now: it is filled again for the next one. */
export function actionFile(action: FileAction): ActionFile {
  const recordedPath = utf8.decode(action.path)
  const { modificationTime, vector } = action
  // Some removes say nothing about size: it is not known, and nobody reads them by it.
  const size = Number.isNaN(action.size) ? 0 : action.size
  const records = action.stats === undefined ? Number.NaN : readNumRecords(action.stats)
  const partitionValues = new Map<string, string | null>()
  for (let i = 0; i < action.partitionCount; i++) {
    partitionValues.set(action.partitionNames[i]!, action.partitionValues[i]!)
  }
  const raw = rawAdd({
    stats: action.stats === undefined ? undefined : utf8.decode(action.stats),
    tags: parseTags(action.tags),
    baseRowId: action.baseRowId,
    defaultRowCommitVersion: action.defaultRowCommitVersion,
  })
  const checkPartition = partitionCheck(action, recordedPath)
  const read = ({ metadata }: FileContext) => {
    const { partitionFields } = metadata
    if (partitionFields.length > 0) checkPartition()
    return partitionFields.map(field => ({
      field,
      ...partitionOf(partitionValues, field, metadata),
    }))
  }
  const partitionIn = (context: FileContext): FilePartition => ({
    specId: 0,
    partition: read(context).map(({ value }) => certainValue(value)),
  })
  const fileIn = (context: FileContext): DataFile => {
    const { source, metadata } = context
    const { partitionFields } = metadata
    const partition = read(context).map(({ field, recorded, value }) => {
      if (value === undefined) throw unreadablePartition(field, recorded, recordedPath)
      return value
    })
    const spelled = partition.map(
      (value, i) => [partitionFields[i]!.physicalName, value.spelled] as const,
    )
    return {
      path: resolvePath(source, recordedPath),
      recordedPath,
      fileFormat: 'parquet',
      size,
      modificationTime,
      ...(Number.isNaN(records) ? {} : { recordCount: records }),
      specId: 0,
      partition: partition.map(({ value }) => value),
      firstRowId: raw.baseRowId,
      deletes: vector === undefined ? [] : [vectorFile(source, vector)],
      logFiles: [],
      bounds: new LazyBounds(raw.stats, metadata),
      ...(isImported(modificationTime, metadata) && { imported: true }),
      delta: { partitionValues: new Map(spelled), ...raw },
    }
  }
  return { partition: partitionIn, file: fileIn }
}

/** Removes of old writers may leave the partition out, and then nothing says which one lost rows. */
function partitionCheck({ hasPartitionValues }: FileAction, path: string): () => void {
  return () => {
    if (hasPartitionValues) return
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'an action was written without the partition values of its file: what it changed cannot be told',
      { context: { path } },
    )
  }
}
