import type { ColumnStats, FoldedPaths, Selection } from '@spillway/core'
import type { PartitionColumns } from '../partitions/partition-columns.js'
import type { StatsColumn } from '../statistics/stats-columns.js'
import type { PackedNumbers } from './packed-numbers.js'
import type { RawStatistics } from './raw-statistics.js'
import type { VectorColumns } from './vector-columns.js'

/** Adds as columns, a row each. */
export interface BatchColumns {
  readonly length: number
  readonly location: string
  /** Paths as recorded. */
  readonly paths: FoldedPaths
  readonly size: Float64Array
  readonly modificationTime: PackedNumbers
  /** NaN where unknown. */
  readonly recordCount: Float64Array
  readonly key: BigUint64Array
  /** The earliest modification time that is known of any file, removed ones too; infinite where none is. */
  readonly oldest: number
  readonly partitions: PartitionColumns
  readonly vectors: VectorColumns | undefined
  readonly raw: RawStatistics
}

/** The part of a batch that any schema reads. */
export interface SharedBatch
  extends Pick<BatchColumns, 'length' | 'paths' | 'size' | 'key' | 'recordCount' | 'partitions'> {
  readonly byteLength: number
  /** Recorded statistics, one entry a column; rows outside `rows` may stay unknown. */
  columnStats(
    columns: readonly StatsColumn[],
    rows: Selection,
    signal?: AbortSignal,
  ): Promise<readonly ColumnStats[]>
}
