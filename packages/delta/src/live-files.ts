import {
  type DataFile,
  type LiveFiles,
  leafOf,
  readString,
  readValue,
  type Selection,
  statsLeaves,
  type TableSource,
  type Value,
  type ValueBounds,
} from '@spillway/core'
import type { AddOriginal } from './add-details.js'
import { resolvePath } from './data-path.js'
import { vectorFile } from './deletion-vector.js'
import type { DeltaBatch } from './delta-batch.js'
import type { DeltaMetadata } from './metadata.js'
import type { SchemaBatch } from './schema-batch.js'
import { statsColumn } from './stats-columns.js'
import { statsFromText } from './stats-text.js'

/** What turning rows of a batch into files needs to know about the table. */
export interface FileContext {
  readonly source: TableSource
  readonly metadata: DeltaMetadata
}

/** What one snapshot makes of a batch. */
export function liveFiles(base: DeltaBatch, live: Selection, context: FileContext): LiveFiles {
  const batch: SchemaBatch = base.under(context.metadata)
  const { vectors } = base
  return {
    batch,
    live,
    ...(vectors === undefined
      ? {}
      : {
          deletedCounts: async (rows: Selection) =>
            Float64Array.from(rows, row => vectors.cardinality(row)),
        }),
    files: async (rows, signal) => {
      const originals = await base.details.originals(rows, signal)
      return Array.from(rows, (row, i) => dataFile(base, row, originals[i]!, context))
    },
  }
}

function dataFile(
  batch: DeltaBatch,
  row: number,
  original: AddOriginal,
  context: FileContext,
): DataFile {
  const { source, metadata } = context
  const recordedPath = readString(batch.path, row)
  const records = batch.recordCount[row]!
  const vector = batch.vectors?.at(row)
  return {
    path: resolvePath(source, recordedPath),
    recordedPath,
    fileFormat: 'parquet',
    size: batch.size[row]!,
    modificationTime: batch.modificationTime[row]!,
    ...(Number.isNaN(records) ? {} : { recordCount: records }),
    specId: 0,
    partition: partitionOf(batch, row, metadata),
    ...(original.baseRowId === undefined ? {} : { firstRowId: original.baseRowId }),
    deletes: vector === undefined ? [] : [vectorFile(source, vector)],
    logFiles: [],
    get bounds() {
      return boundsOf(original.stats, metadata)
    },
    delta: { partitionValues: recordedPartition(batch, row), ...original },
  }
}

function partitionOf(batch: DeltaBatch, row: number, metadata: DeltaMetadata): (Value | null)[] {
  return metadata.partitionFields.map(field =>
    batch.partitions.value(row, field.physicalName, field.type),
  )
}

function recordedPartition(batch: DeltaBatch, row: number): ReadonlyMap<string, string | null> {
  const values = new Map<string, string | null>()
  for (const name of batch.partitions.names) {
    const text = batch.partitions.recorded(row, name)
    if (text !== undefined) values.set(name, text)
  }
  return values
}

const FIRST_ROW = new Uint32Array(1)
const encoder = new TextEncoder()

/** Bounds of every column of one file, from its statistics text. Only encoders that must write them ask. */
export function boundsOf(
  stats: string | undefined,
  metadata: DeltaMetadata,
): ReadonlyMap<number, ValueBounds> {
  const bounds = new Map<number, ValueBounds>()
  if (stats === undefined) return bounds
  const leaves = [...statsLeaves(metadata.schema.fields)]
  const text = encoder.encode(stats)
  const columns = leaves.map(path => statsColumn(path, metadata))
  const decoded = statsFromText(columns, 1, FIRST_ROW, () => text)
  leaves.forEach((path, index) => {
    const { type, id } = leafOf(path)
    const column = decoded[index]!
    const lower = column.lower && readValue(column.lower, 0, type)
    const upper = column.upper && readValue(column.upper, 0, type)
    const nullCount = column.nullCount?.[0] ?? Number.NaN
    if (lower == null && upper == null && Number.isNaN(nullCount)) return
    bounds.set(id, {
      ...(lower == null ? {} : { lower }),
      ...(upper == null ? {} : { upper }),
      ...(Number.isNaN(nullCount) ? {} : { nullCount }),
    })
  })
  return bounds
}
