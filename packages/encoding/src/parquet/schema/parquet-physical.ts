import { MICROS_PER_DAY } from '@spillway/core'

/** Values whose Parquet bytes are not a plain machine number. */

const JULIAN_UNIX_EPOCH = 2440588

/** Two's complement, big-endian, of any length. */
export function signedBigEndian(bytes: Uint8Array): bigint {
  let value = bytes.length > 0 && bytes[0]! >= 0x80 ? -1n : 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

/** IEEE 754 half precision, little-endian. */
export function float16(bytes: Uint8Array): number {
  const bits = bytes[0]! | (bytes[1]! << 8)
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * 2 ** -24 * fraction
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * 2 ** (exponent - 25) * (1024 + fraction)
}

/** Impala's timestamp: nanoseconds of the day, then the Julian day. Microseconds since 1970; the rest is cut. */
export function int96Micros(view: DataView, offset: number): bigint {
  const nanos = view.getBigInt64(offset, true)
  const day = view.getInt32(offset + 8, true)
  // Truncation towards zero is exact here: writers keep the nanoseconds of the day positive.
  return BigInt(day - JULIAN_UNIX_EPOCH) * MICROS_PER_DAY + nanos / 1000n
}
