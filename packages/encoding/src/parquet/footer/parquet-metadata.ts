import type { Value } from '@spillway/core'
import type { ParquetLeafInfo, ParquetNode } from '../schema/parquet-types.js'

/**
 * What one row group says about one leaf. Bounds are of the leaf's own type and present only where they can be
 * relied on: deprecated ones only for signed orders, none that are NaN, none of undefined order.
 */
export interface ParquetColumnStatistics {
  /** Index into the footer's leaves. */
  readonly leaf: number
  /** Values and nulls; for repeated leaves more or fewer than rows. */
  readonly valueCount: number
  readonly min?: Value | undefined
  readonly max?: Value | undefined
  /** False where the writer says that the bound was cut; undefined where it says nothing. */
  readonly nullCount?: number
  readonly distinctCount?: number | undefined
}

export interface ParquetRowGroup {
  readonly rowCount: number
  /** Where its first column chunk begins. */
  readonly byteOffset: number
  /** Compressed bytes of its column chunks. */
  readonly byteLength: number
  /** One per leaf, in the order of the leaves. */
  readonly columns: readonly ParquetColumnStatistics[]
}

export interface ParquetFooter {
  readonly path: string
  readonly rowCount: number
  /** The schema's root; its children are the top-level columns. */
  readonly root: ParquetNode
  readonly leaves: readonly ParquetLeafInfo[]
  readonly rowGroups: readonly ParquetRowGroup[]
  readonly keyValue: ReadonlyMap<string, string>
  readonly createdBy?: string
  /** True where the pages of some column are encrypted, though the footer is not. */
  readonly encrypted: boolean
  /** Leaves that may hold days of Spark's old calendar, by their index: their numbers mean other days than elsewhere. */
  readonly oldCalendar: ReadonlySet<number>
  /** Codecs of its pages, each once; one that parquet.thrift does not name by its number. */
  readonly codecs: readonly string[]
}

export type ParquetCodec =
  | 'uncompressed'
  | 'snappy'
  | 'gzip'
  | 'lzo'
  | 'brotli'
  | 'lz4'
  | 'zstd'
  | 'lz4_raw'

/** A column chunk: where the bytes of one leaf of one row group lie. */
export interface ParquetChunk {
  readonly leaf: number
  readonly codec: ParquetCodec
  readonly valueCount: number
  readonly start: number
  readonly end: number
  /** Of its bloom filter, where it has one; older writers do not say how long it is. */
  readonly bloomFilter?: { readonly start: number; readonly end?: number | undefined }
}

/** A footer and, for the reader, where each row group's column chunks lie. */
export interface ParquetMetadata {
  readonly footer: ParquetFooter
  /** By row group, then leaf. */
  chunks(rowGroup: number): readonly ParquetChunk[]
}
