import type { PrimitiveType, Value } from '@spillway/core'

export type ParquetPhysicalType =
  | 'BOOLEAN'
  | 'INT32'
  | 'INT64'
  | 'INT96'
  | 'FLOAT'
  | 'DOUBLE'
  | 'BYTE_ARRAY'
  | 'FIXED_LEN_BYTE_ARRAY'

/** Logical types of parquet.thrift; the older converted types are translated into them. */
export type ParquetLogicalType =
  | {
      readonly kind:
        | 'string'
        | 'enum'
        | 'json'
        | 'bson'
        | 'uuid'
        | 'date'
        | 'float16'
        | 'interval'
        | 'null'
        | 'list'
        | 'map'
        | 'variant'
        | 'geometry'
        | 'geography'
    }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | {
      readonly kind: 'time' | 'timestamp'
      readonly unit: 'millis' | 'micros' | 'nanos'
      readonly utc: boolean
    }
  | { readonly kind: 'integer'; readonly bits: number; readonly signed: boolean }

export type ParquetRepetition = 'required' | 'optional' | 'repeated'

/** One element of the schema tree. */
export interface ParquetNode {
  readonly name: string
  /** Its place in the footer's list of schema elements. */
  readonly element: number
  readonly repetition: ParquetRepetition
  readonly fieldId?: number
  readonly logicalType?: ParquetLogicalType
  readonly children: readonly ParquetNode[]
  /** Index into the footer's leaves; absent for groups. */
  readonly leaf?: number
}

/** One leaf column of the file. */
export interface ParquetLeafInfo {
  readonly path: readonly string[]
  readonly physicalType: ParquetPhysicalType
  readonly logicalType?: ParquetLogicalType
  /** What its values are once read; see `leafType`. */
  readonly type: PrimitiveType
  /** Bytes of each value of a FIXED_LEN_BYTE_ARRAY. */
  readonly typeLength?: number
  readonly fieldId?: number
  readonly maxDefinition: number
  readonly maxRepetition: number
  /** Definition level at which the innermost repeated node above or at the leaf has an element; 0 without one. */
  readonly repeatedDefinition: number
}

/**
 * What one row group says about one leaf. Bounds are of the leaf's own type and present only where they can be
 * relied on: deprecated ones only for signed orders, none that are NaN, none of undefined order.
 */
export interface ParquetColumnStatistics {
  /** Index into the footer's leaves. */
  readonly leaf: number
  /** Values and nulls; for repeated leaves more or fewer than rows. */
  readonly valueCount: number
  readonly min?: Value
  readonly max?: Value
  /** False where the writer says that the bound was cut; undefined where it says nothing. */
  readonly minExact?: boolean
  readonly maxExact?: boolean
  readonly nullCount?: number
  readonly distinctCount?: number
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

/** Where the bytes of one leaf of one row group lie. */
export interface ParquetChunk {
  readonly leaf: number
  readonly codec: ParquetCodec
  readonly valueCount: number
  readonly start: number
  readonly end: number
  /** Of its bloom filter, where it has one; older writers do not say how long it is. */
  readonly bloomFilter?: { readonly start: number; readonly end?: number }
}
