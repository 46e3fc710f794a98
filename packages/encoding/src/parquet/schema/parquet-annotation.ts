import type { PrimitiveType } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import { integer, type ThriftStruct, type ThriftValue } from '../../thrift/thrift.js'
import type { ParquetLogicalType, ParquetPhysicalType } from './parquet-types.js'

const UNITS = ['millis', 'micros', 'nanos'] as const

const BYTES = ['BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY'] as const
const WHOLE_NUMBERS = ['INT32', 'INT64'] as const

/** What values of a logical type may lie in (LogicalTypes.md), with what some writers make besides. */
const SUITED: Partial<
  Readonly<Record<ParquetLogicalType['kind'], readonly ParquetPhysicalType[]>>
> = {
  string: BYTES,
  enum: BYTES,
  json: BYTES,
  bson: BYTES,
  uuid: BYTES,
  float16: BYTES,
  interval: BYTES,
  geometry: BYTES,
  geography: BYTES,
  date: WHOLE_NUMBERS,
  time: WHOLE_NUMBERS,
  timestamp: WHOLE_NUMBERS,
  integer: WHOLE_NUMBERS,
  decimal: [...BYTES, ...WHOLE_NUMBERS],
}

/** Throws where the values of leaf `name` cannot have their logical type: they would be misread. */
export function requireSuited(
  name: string,
  physical: ParquetPhysicalType,
  logical: ParquetLogicalType | undefined,
): void {
  const suited = logical && SUITED[logical.kind]
  if (suited === undefined || suited.includes(physical)) return
  throw new FormatError(`leaf ${name} is ${logical?.kind}, in values that are ${physical}`)
}

/**
 * The type that a leaf's values are read as. Milliseconds become microseconds, INT96 too (its nanoseconds are cut);
 * unsigned integers the next wider type.
 */
export function leafType(
  physical: ParquetPhysicalType,
  logical: ParquetLogicalType | undefined,
  typeLength = 0,
): PrimitiveType {
  switch (logical?.kind) {
    case 'decimal':
      return { kind: 'decimal', precision: logical.precision, scale: logical.scale }
    case 'string':
    case 'enum':
    case 'json':
      return 'string'
    case 'uuid':
      return 'uuid'
    case 'date':
      return 'date'
    case 'float16':
      return 'float'
    case 'interval':
      return { kind: 'opaque', name: 'interval' }
    case 'null':
      return { kind: 'opaque', name: 'void' }
    case 'time':
      return logical.unit === 'nanos' ? { kind: 'opaque', name: 'time_ns' } : 'time'
    case 'timestamp':
      return timestampType(logical.unit === 'nanos', logical.utc)
    case 'integer':
      if (logical.bits === 64) {
        return logical.signed ? 'long' : { kind: 'decimal', precision: 20, scale: 0 }
      }
      return logical.bits === 32 && !logical.signed ? 'long' : 'int'
    default:
      return plainType(physical, typeLength)
  }
}

function timestampType(nanos: boolean, utc: boolean): PrimitiveType {
  if (nanos) return utc ? 'timestamptz_ns' : 'timestamp_ns'
  return utc ? 'timestamptz' : 'timestamp'
}

function plainType(physical: ParquetPhysicalType, typeLength: number): PrimitiveType {
  switch (physical) {
    case 'BOOLEAN':
      return 'boolean'
    case 'INT32':
      return 'int'
    case 'INT64':
      return 'long'
    case 'INT96':
      return 'timestamptz'
    case 'FLOAT':
      return 'float'
    case 'DOUBLE':
      return 'double'
    case 'BYTE_ARRAY':
      return 'binary'
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: 'fixed', length: typeLength }
  }
}

/** What a schema element's values mean; undefined where they are what they are stored as. */
export function logicalTypeOf(element: ThriftStruct): ParquetLogicalType | undefined {
  const union = element.get(10)
  if (union instanceof Map) {
    for (const [id, value] of union as ThriftStruct) {
      const type = unionMember(id, value instanceof Map ? (value as ThriftStruct) : new Map())
      if (type !== undefined) return type
    }
  }
  return convertedType(element)
}

/** LogicalType of parquet.thrift; a member we do not know leaves the converted type to decide. */
function unionMember(id: number, value: ThriftStruct): ParquetLogicalType | undefined {
  const simple = SIMPLE_MEMBERS.get(id)
  if (simple !== undefined) return { kind: simple }
  switch (id) {
    case 5:
      return decimal(integer(value.get(2)), integer(value.get(1)))
    case 7:
    case 8:
      return {
        kind: id === 7 ? 'time' : 'timestamp',
        utc: value.get(1) === true,
        unit: unitOf(value.get(2)),
      }
    case 10:
      return {
        kind: 'integer',
        bits: integer(value.get(1)) ?? 32,
        signed: value.get(2) !== false,
      }
    default:
      return undefined
  }
}

type SimpleKind = Exclude<ParquetLogicalType['kind'], 'decimal' | 'time' | 'timestamp' | 'integer'>

const SIMPLE_MEMBERS: ReadonlyMap<number, SimpleKind> = new Map<number, SimpleKind>([
  [1, 'string'],
  [2, 'map'],
  [3, 'list'],
  [4, 'enum'],
  [6, 'date'],
  [11, 'null'],
  [12, 'json'],
  [13, 'bson'],
  [14, 'uuid'],
  [15, 'float16'],
  [16, 'variant'],
  [17, 'geometry'],
  [18, 'geography'],
])

function unitOf(value: ThriftValue | undefined): 'millis' | 'micros' | 'nanos' {
  const id = value instanceof Map ? ([...value.keys()][0] as number) : 0
  const unit = UNITS[id - 1]
  if (unit === undefined) throw new FormatError('a time without a unit')
  return unit
}

function decimal(precision: number | undefined, scale: number | undefined): ParquetLogicalType {
  if (precision === undefined || precision < 1) throw new FormatError('a decimal without precision')
  return { kind: 'decimal', precision, scale: scale ?? 0 }
}

/** Early writers' columns of nothing but nulls; the number is free since. */
const OLD_NULL = 25

/** ConvertedType of parquet.thrift, by number. It gets no more of them: another one is damage, or says what we do not know. */
function convertedType(element: ThriftStruct): ParquetLogicalType | undefined {
  const id = integer(element.get(6))
  switch (id) {
    case 0:
      return { kind: 'string' }
    case 1:
    case 2:
      return { kind: 'map' }
    case 3:
      return { kind: 'list' }
    case 4:
      return { kind: 'enum' }
    case 5:
      return decimal(integer(element.get(8)), integer(element.get(7)))
    case 6:
      return { kind: 'date' }
    case 7:
    case 8:
      return { kind: 'time', unit: id === 7 ? 'millis' : 'micros', utc: true }
    case 9:
    case 10:
      return { kind: 'timestamp', unit: id === 9 ? 'millis' : 'micros', utc: true }
    case 11:
    case 12:
    case 13:
    case 14:
      return { kind: 'integer', bits: 8 << (id - 11), signed: false }
    case 15:
    case 16:
    case 17:
    case 18:
      return { kind: 'integer', bits: 8 << (id - 15), signed: true }
    case 19:
      return { kind: 'json' }
    case 20:
      return { kind: 'bson' }
    case 21:
      return { kind: 'interval' }
    case undefined:
    case OLD_NULL:
      return undefined
    default:
      throw new FormatError(`an unknown converted type (${id}), and no logical type`, {
        unsupported: true,
      })
  }
}
