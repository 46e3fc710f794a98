import { TableError } from '@spillway/core'

export type AvroPrimitive =
  | 'null'
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'bytes'
  | 'string'

/** What an Avro `logicalType` and the properties beside it say about the bytes. */
export interface AvroLogical {
  readonly name: string
  readonly precision?: number
  readonly scale?: number
  /** Iceberg's mark on timestamp-micros and -nanos. */
  readonly adjustToUtc?: boolean
}

/** Types that may have a logical type. */
export interface WithLogical {
  readonly logical?: AvroLogical
}

/** A schema, or a part of one. References to named types are the types themselves, so a record may contain itself. */
export type AvroType =
  | ({ readonly kind: AvroPrimitive } & WithLogical)
  | ({ readonly kind: 'fixed'; readonly name: string; readonly size: number } & WithLogical)
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | ({
      readonly kind: 'array'
      readonly items: AvroType
      readonly elementId?: number
    } & WithLogical)
  | {
      readonly kind: 'map'
      readonly values: AvroType
      readonly keyId?: number
      readonly valueId?: number
    }
  | AvroRecord
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }

export interface AvroRecord {
  readonly kind: 'record'
  readonly name: string
  readonly fields: readonly AvroField[]
}

export interface AvroField {
  readonly name: string
  /** Iceberg's `field-id`. */
  readonly id?: number
  readonly type: AvroType
}

/**
 * The field marked with `id`, or else the one named `name`, unless it is marked with another: a field that the format names
 * and numbers would be taken for one that is not there.
 */
export function avroField(record: AvroRecord, id: number, name: string): AvroField | undefined {
  const marked = record.fields.find(field => field.id === id)
  if (marked !== undefined) return marked
  const named = record.fields.find(field => field.name === name)
  if (named === undefined || named.id === undefined) return named
  throw new TableError(
    'TABLE_CORRUPT',
    `expected the Avro field ${name} to have the field id ${id}, found ${named.id}`,
  )
}

/** The other branch of a union with null; any other type as it is. */
export function withoutNull(type: AvroType): AvroType {
  if (type.kind !== 'union') return type
  const others = type.branches.filter(branch => branch.kind !== 'null')
  return others.length === 1 ? others[0]! : type
}
