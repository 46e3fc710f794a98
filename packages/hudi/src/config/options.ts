import type { BatchCache, ObjectStore, ParquetReader } from '@spillway/core'

export interface HudiReaderOptions {
  readonly store: ObjectStore
  readonly cache: BatchCache
  /** Reads keys and log blocks of merge-on-read slices. The one in `encoding` unless given. */
  readonly parquet?: ParquetReader
  /** The zone of the clocks that wrote tables whose timeline is in local time. Default UTC. */
  readonly timeZone?: string
}
