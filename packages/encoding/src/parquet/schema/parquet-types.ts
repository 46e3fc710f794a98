import type { PrimitiveType } from '@spillway/core'

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
  readonly fieldId?: number | undefined
  readonly logicalType?: ParquetLogicalType | undefined
  readonly children: readonly ParquetNode[]
  /** Index into the footer's leaves; absent for groups. */
  readonly leaf?: number
}

/** One leaf column of the file. */
export interface ParquetLeafInfo {
  readonly path: readonly string[]
  readonly physicalType: ParquetPhysicalType
  readonly logicalType?: ParquetLogicalType | undefined
  /** What its values are once read; see `leafType`. */
  readonly type: PrimitiveType
  /** Bytes of each value of a FIXED_LEN_BYTE_ARRAY. */
  readonly typeLength?: number | undefined
  readonly fieldId?: number | undefined
  readonly maxDefinition: number
  readonly maxRepetition: number
  /** Definition level at which the innermost repeated node above or at the leaf has an element; 0 without one. */
  readonly repeatedDefinition: number
}
