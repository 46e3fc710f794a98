import { physicalKind, type Value } from '@spillway/core'
import type { ThriftStruct } from '../../thrift/thrift.js'
import { float16, signedBigEndian } from '../schema/parquet-physical.js'
import type { ParquetLeafInfo } from '../schema/parquet-types.js'

/** Field ids of parquet.thrift's Statistics: the one with a defined order, and the deprecated one. */
const BOUND_FIELDS = { max: [5, 1], min: [6, 2] } as const

/**
 * One bound of a column chunk as a value of the leaf's type; undefined where there is none to rely on. `ordered` is
 * what the file's column orders say: without them only the types whose order was never in doubt are used.
 */
export function readBound(
  statistics: ThriftStruct,
  which: 'min' | 'max',
  leaf: ParquetLeafInfo,
  ordered: boolean | undefined,
): Value | undefined {
  const [current, deprecated] = BOUND_FIELDS[which]
  if (!hasOrder(leaf)) return undefined
  const raw = statistics.get(current)
  if (raw instanceof Uint8Array && (ordered ?? isSigned(leaf))) return decodeBound(raw, leaf)
  const old = statistics.get(deprecated)
  return old instanceof Uint8Array && isSigned(leaf) ? decodeBound(old, leaf) : undefined
}

/** False where parquet.thrift (ColumnOrder) leaves the order undefined. */
function hasOrder(leaf: ParquetLeafInfo): boolean {
  if (leaf.maxRepetition > 0 || leaf.physicalType === 'INT96') return false
  switch (leaf.logicalType?.kind) {
    case 'interval':
    case 'null':
    case 'variant':
    case 'geometry':
    case 'geography':
      return false
    default:
      return true
  }
}

/** The deprecated `min` and `max` were compared as signed numbers, whatever the type. */
function isSigned(leaf: ParquetLeafInfo): boolean {
  if (leaf.logicalType?.kind === 'integer' && !leaf.logicalType.signed) return false
  return leaf.physicalType !== 'BYTE_ARRAY' && leaf.physicalType !== 'FIXED_LEN_BYTE_ARRAY'
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `raw` is PLAIN-encoded, without a length. Undefined for NaN and for bytes that are no value of the type. */
function decodeBound(raw: Uint8Array, leaf: ParquetLeafInfo): Value | undefined {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  switch (leaf.physicalType) {
    case 'BOOLEAN':
      return raw.length === 1 ? raw[0] !== 0 : undefined
    case 'INT32':
      return raw.length === 4 ? fromInt32(view.getInt32(0, true), leaf) : undefined
    case 'INT64':
      return raw.length === 8 ? fromInt64(view.getBigInt64(0, true), leaf) : undefined
    case 'FLOAT':
      return raw.length === 4 ? number(view.getFloat32(0, true)) : undefined
    case 'DOUBLE':
      return raw.length === 8 ? number(view.getFloat64(0, true)) : undefined
    default:
      return fromBytes(raw, leaf)
  }
}

function number(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value
}

function fromInt32(value: number, leaf: ParquetLeafInfo): Value {
  if (physicalKind(leaf.type) === 'int32') return unsignedSmall(value, leaf)
  return fromInt64(BigInt(leaf.logicalType?.kind === 'integer' ? value >>> 0 : value), leaf)
}

function unsignedSmall(value: number, leaf: ParquetLeafInfo): number {
  const logical = leaf.logicalType
  return logical?.kind === 'integer' && !logical.signed ? value & (2 ** logical.bits - 1) : value
}

function fromInt64(value: bigint, leaf: ParquetLeafInfo): bigint {
  const logical = leaf.logicalType
  if (logical?.kind === 'integer' && !logical.signed) return BigInt.asUintN(64, value)
  const isMillis =
    (logical?.kind === 'timestamp' || logical?.kind === 'time') && logical.unit === 'millis'
  return isMillis ? value * 1000n : value
}

function fromBytes(raw: Uint8Array, leaf: ParquetLeafInfo): Value | undefined {
  if (leaf.logicalType?.kind === 'decimal') {
    return raw.length > 0 && raw.length <= 16 ? signedBigEndian(raw) : undefined
  }
  if (leaf.logicalType?.kind === 'float16')
    return raw.length === 2 ? number(float16(raw)) : undefined
  if (leaf.type !== 'string') return raw.slice()
  try {
    return utf8.decode(raw)
  } catch {
    // Cut inside a character by its writer.
    return undefined
  }
}
