import { type DataFile, TableError, type Value } from '@spillway/core'
import type { FileAction } from './actions.js'
import { originalOf, parseTags } from './add-details.js'
import { resolvePath } from './data-path.js'
import { vectorFile } from './deletion-vector.js'
import { LazyBounds } from './lazy-bounds.js'
import type { FileContext } from './live-files.js'
import { parsePartitionValue } from './partition-values.js'
import { readNumRecords } from './stats-text.js'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** One action of a commit as a file, once the metadata in force is known. What the action holds is copied now. */
export function actionFile(action: FileAction): (context: FileContext) => DataFile {
  const recordedPath = utf8.decode(action.path)
  const { modificationTime, vector } = action
  // Some removes say nothing about size: it is not known, and nobody reads them by it.
  const size = Number.isNaN(action.size) ? 0 : action.size
  const records = action.stats === undefined ? Number.NaN : readNumRecords(action.stats)
  const partitionValues = new Map<string, string | null>()
  for (let i = 0; i < action.partitionCount; i++) {
    partitionValues.set(action.partitionNames[i]!, action.partitionValues[i]!)
  }
  const original = originalOf({
    stats: action.stats === undefined ? undefined : utf8.decode(action.stats),
    tags: parseTags(action.tags),
    baseRowId: action.baseRowId,
    defaultRowCommitVersion: action.defaultRowCommitVersion,
  })
  const checkPartition = partitionCheck(action, recordedPath)
  return ({ source, metadata }) => ({
    path: resolvePath(source, recordedPath),
    recordedPath,
    fileFormat: 'parquet',
    size,
    modificationTime,
    ...(Number.isNaN(records) ? {} : { recordCount: records }),
    specId: 0,
    partition: metadata.partitionFields.map((field): Value | null => {
      checkPartition()
      return parsePartitionValue(partitionValues.get(field.physicalName), field.type).value
    }),
    ...(original.baseRowId === undefined ? {} : { firstRowId: original.baseRowId }),
    deletes: vector === undefined ? [] : [vectorFile(source, vector)],
    logFiles: [],
    bounds: new LazyBounds(original.stats, metadata),
    delta: { partitionValues, ...original },
  })
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
