import type { DataFile, LiveFiles, Selection, TableSource } from '@spillway/core'
import type { AddOriginal, Originals } from './add-details.js'
import { blockTexts } from './block-texts.js'
import { resolvePath } from './data-path.js'
import { vectorFile } from './deletion-vector.js'
import type { DeltaBatch } from './delta-batch.js'
import { LazyBounds } from './lazy-bounds.js'
import type { DeltaMetadata } from './metadata.js'

/** What turning rows of a batch into files needs to know about the table. */
export interface FileContext {
  readonly source: TableSource
  readonly metadata: DeltaMetadata
}

/** What one snapshot makes of a batch. */
export function liveFiles(base: DeltaBatch, live: Selection, context: FileContext): LiveFiles {
  const { vectors } = base
  let originals: Originals | undefined
  return {
    batch: base.under(context.metadata),
    live,
    ...(vectors === undefined
      ? {}
      : {
          deletedCounts: async (rows: Selection) =>
            Float64Array.from(rows, row => vectors.cardinality(row)),
        }),
    files: async rows => {
      originals ??= base.details.originals()
      const said = await originals.of(rows)
      const paths = blockTexts(base.path, rows)
      return Array.from(rows, (row, i) => {
        return dataFile(base, row, { recordedPath: paths[i]!, original: said[i]!, context })
      })
    },
  }
}

function dataFile(
  batch: DeltaBatch,
  row: number,
  known: {
    readonly recordedPath: string
    readonly original: AddOriginal
    readonly context: FileContext
  },
): DataFile {
  const { recordedPath, original, context } = known
  const { source, metadata } = context
  const records = batch.recordCount[row]!
  const vector = batch.vectors?.at(row)
  const { baseRowId } = original
  return {
    path: resolvePath(source, recordedPath),
    recordedPath,
    fileFormat: 'parquet',
    size: batch.size[row]!,
    modificationTime: batch.modificationTime[row]!,
    ...(Number.isNaN(records) ? undefined : { recordCount: records }),
    specId: 0,
    partition: metadata.partitionFields.map(field =>
      batch.partitions.value(row, field.physicalName, field.type),
    ),
    ...(baseRowId === undefined ? undefined : { firstRowId: baseRowId }),
    deletes: vector === undefined ? [] : [vectorFile(source, vector)],
    logFiles: [],
    bounds: new LazyBounds(original.stats, metadata),
    delta: { partitionValues: batch.partitions.recordedRow(row), ...original },
  }
}
