import {
  BytesBuilder,
  encodeWideDecimal,
  type PlainColumn,
  physicalKind,
  readBytes,
} from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import { float16, signedBigEndian } from '../schema/parquet-physical.js'
import type { ParquetLeafInfo } from '../schema/parquet-types.js'

const MAX_DECIMAL_PRECISION = 38

/** Physical values as the column of the leaf's type; the same buffers where nothing changes. */
export function logicalColumn(physical: PlainColumn, leaf: ParquetLeafInfo): PlainColumn {
  const logical = leaf.logicalType
  switch (logical?.kind) {
    case 'decimal':
      return decimalColumn(physical, leaf, logical.precision)
    case 'float16':
      return physical.kind === 'bytes' ? halves(physical) : physical
    case 'integer':
      return logical.signed ? physical : unsigned(physical, logical.bits)
    case 'time':
    case 'timestamp':
      return logical.unit === 'millis' ? micros(physical) : physical
    default:
      return physical
  }
}

function decimalColumn(
  physical: PlainColumn,
  leaf: ParquetLeafInfo,
  precision: number,
): PlainColumn {
  if (precision > MAX_DECIMAL_PRECISION) {
    throw new FormatError(`a decimal of ${precision} digits`, { unsupported: true })
  }
  const isWide = physicalKind(leaf.type) === 'bytes'
  if (physical.kind === 'int64' && !isWide) return physical
  const count = physical.kind === 'bytes' ? physical.offsets.length - 1 : physical.values.length
  return isWide ? wideDecimals(physical, count) : narrowDecimals(physical, count)
}

function narrowDecimals(physical: PlainColumn, count: number): PlainColumn {
  const values = new BigInt64Array(count)
  for (let row = 0; row < count; row++) {
    const value = unscaled(physical, row)
    if (BigInt.asIntN(64, value) !== value) throw new FormatError('a decimal beyond its precision')
    values[row] = value
  }
  return { kind: 'int64', values }
}

function wideDecimals(physical: PlainColumn, count: number): PlainColumn {
  const builder = new BytesBuilder(count)
  for (let row = 0; row < count; row++) {
    const value = unscaled(physical, row)
    if (BigInt.asIntN(128, value) !== value) throw new FormatError('a decimal beyond its precision')
    builder.append(encodeWideDecimal(value))
  }
  return builder.finish()
}

function unscaled(physical: PlainColumn, row: number): bigint {
  if (physical.kind !== 'bytes') return BigInt(physical.values[row]!)
  const bytes = readBytes(physical, row)
  // More would take time in the square of their number.
  if (bytes.length > 64) throw new FormatError(`a decimal of ${bytes.length} bytes`)
  return signedBigEndian(bytes)
}

function halves(physical: Extract<PlainColumn, { kind: 'bytes' }>): PlainColumn {
  const values = Float64Array.from({ length: physical.offsets.length - 1 }, (_, row) => {
    const bytes = readBytes(physical, row)
    if (bytes.length !== 2)
      throw new FormatError(`a half-precision number of ${bytes.length} bytes`)
    return float16(bytes)
  })
  return { kind: 'float64', values }
}

function unsigned(physical: PlainColumn, bits: number): PlainColumn {
  if (physical.kind === 'int32') {
    if (bits < 32)
      return { kind: 'int32', values: physical.values.map(value => value & (2 ** bits - 1)) }
    return {
      kind: 'int64',
      values: BigInt64Array.from(physical.values, value => BigInt(value >>> 0)),
    }
  }
  if (physical.kind !== 'int64') return physical
  const builder = new BytesBuilder(physical.values.length)
  for (const value of physical.values) builder.append(encodeWideDecimal(BigInt.asUintN(64, value)))
  return builder.finish()
}

/** Milliseconds; an instant beyond what microseconds can hold is refused, never wrapped. */
function micros(physical: PlainColumn): PlainColumn {
  if (physical.kind !== 'int32' && physical.kind !== 'int64') return physical
  const values = new BigInt64Array(physical.values.length)
  for (let row = 0; row < values.length; row++) {
    const value = BigInt(physical.values[row]!) * 1000n
    if (BigInt.asIntN(64, value) !== value) {
      throw new FormatError('a timestamp beyond the year 294246', { unsupported: true })
    }
    values[row] = value
  }
  return { kind: 'int64', values }
}
