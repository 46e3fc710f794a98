import {
  type DataFile,
  decodeText,
  type LiveFiles,
  type Selection,
  Slices,
  type TableSource,
  type UnreadableFiles,
} from '@spillway/core'
import { pathResolver } from '../actions/data-path.js'
import { vectorFile } from '../actions/deletion-vector.js'
import type { TypedPartition } from '../partitions/typed-partition.js'
import { unreadablePartition } from '../partitions/unreadable-partition.js'
import type { DeltaMetadata } from '../schema/metadata.js'
import { LazyBounds } from '../statistics/lazy-bounds.js'
import { pathTexts } from './block-texts.js'
import type { DeltaBatch } from './delta-batch.js'
import { importedRows, isImported } from './imported-files.js'
import { numberAt } from './packed-numbers.js'
import { type PartitionRow, partitionRows } from './partition-rows.js'
import type { RawAdd, RawAdds } from './raw-statistics.js'

/** What turning rows of a batch into files needs to know about the table. */
export interface FileContext {
  readonly source: TableSource
  readonly metadata: DeltaMetadata
}

/** What one snapshot makes of a batch. */
export function liveFiles(base: DeltaBatch, live: Selection, context: FileContext): LiveFiles {
  const { vectors } = base
  const partitions = typedPartitions(base, context.metadata)
  const unreadable = unreadableFiles(partitions, base, live, context)
  const partitionOf = partitionRows(partitions, context.metadata)
  const resolve = pathResolver(context.source)
  let adds: RawAdds | undefined
  return {
    batch: base.under(context.metadata),
    live,
    ...(vectors === undefined
      ? {}
      : {
          deletedCounts: async (rows: Selection) =>
            Float64Array.from(rows, row => vectors.cardinality(row)),
        }),
    ...importedRows(base, context.metadata),
    unreadable,
    partitions: rows =>
      Array.from(rows, row => ({
        specId: 0,
        partition: partitions.map(column => column.certain(row)),
      })),
    files: async rows => {
      const refused = unreadable && rows.find(row => isUnreadable(partitions, row))
      if (refused !== undefined) throw unreadable!.refusal(refused)
      adds ??= base.raw.adds()
      const said = await adds.of(rows)
      const paths = pathTexts(base.paths, rows)
      const slices = new Slices()
      const files: DataFile[] = []
      for (const [i, row] of rows.entries()) {
        const recordedPath = paths[i]!
        const path = resolve(recordedPath)
        const known = { path, recordedPath, raw: said[i]!, partition: partitionOf(row) }
        files.push(dataFile(base, row, known, context))
        // The text of a vector may be as long as the log is.
        if (vectors?.has(row) ? slices.isOverNow : slices.isOver) await slices.pause()
      }
      return files
    },
  }
}

type Written<Whole> = { -readonly [Name in keyof Whole]: Whole[Name] }

/** Made once for every line of an answer: in one piece, and what few files have put in behind. */
function dataFile(
  batch: DeltaBatch,
  row: number,
  known: {
    readonly path: string
    readonly recordedPath: string
    readonly raw: RawAdd
    readonly partition: PartitionRow
  },
  { source, metadata }: FileContext,
): DataFile {
  const { path, recordedPath, raw, partition } = known
  const records = batch.recordCount[row]!
  const modificationTime = numberAt(batch.modificationTime, row)
  const vector = batch.vectors?.at(row)
  const file: Written<DataFile> = {
    path,
    recordedPath,
    fileFormat: 'parquet',
    size: batch.size[row]!,
    modificationTime,
    specId: 0,
    partition: partition.partition,
    firstRowId: raw.baseRowId,
    deletes: vector === undefined ? [] : [vectorFile(source, vector)],
    logFiles: [],
    bounds: new LazyBounds(raw.stats, metadata),
    delta: {
      partitionValues: partition.spelled,
      stats: raw.stats,
      tags: raw.tags,
      baseRowId: raw.baseRowId,
      defaultRowCommitVersion: raw.defaultRowCommitVersion,
    },
  }
  if (!Number.isNaN(records)) file.recordCount = records
  if (isImported(modificationTime, metadata)) file.imported = true
  return file
}

function typedPartitions(batch: DeltaBatch, metadata: DeltaMetadata): readonly TypedPartition[] {
  return metadata.partitionFields.map(field => batch.partitions.typed(field, metadata))
}

/** True where every partition value of the live files can be read, as in almost every table. */
export function isReadable(batch: DeltaBatch, live: Selection, metadata: DeltaMetadata): boolean {
  const partitions = typedPartitions(batch, metadata)
  return (
    partitions.every(({ isReadable }) => isReadable) ||
    !live.some(row => isUnreadable(partitions, row))
  )
}

function isUnreadable(partitions: readonly TypedPartition[], row: number): boolean {
  return partitions.some(column => column.isUnreadable(row))
}

function unreadableFiles(
  partitions: readonly TypedPartition[],
  batch: DeltaBatch,
  live: Selection,
  { metadata }: FileContext,
): UnreadableFiles | undefined {
  if (partitions.every(({ isReadable }) => isReadable)) return undefined
  const rows = live.filter(row => isUnreadable(partitions, row))
  if (rows.length === 0) return undefined
  return {
    rows,
    refusal: row => {
      const i = partitions.findIndex(column => column.isUnreadable(row))
      const path = decodeText(batch.pathAt(row))
      return unreadablePartition(metadata.partitionFields[i]!, partitions[i]!.recorded(row), path)
    },
  }
}
