import type { DataType, Value } from '@spillway/core'

const utf8 = new TextEncoder()

/** Iceberg's binary single-value serialization (spec, Appendix D). */
export function icebergBytes(value: Value, type: DataType): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') return utf8.encode(value)
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0)
  if (type === 'float') return new Uint8Array(Float32Array.of(Number(value)).buffer)
  if (type === 'double') return new Uint8Array(Float64Array.of(Number(value)).buffer)
  if (typeof type === 'object' && type.kind === 'decimal') return minimalBytes(value as bigint)
  if (typeof value === 'bigint') return new Uint8Array(BigInt64Array.of(value).buffer)
  return new Uint8Array(Int32Array.of(value).buffer)
}

/** Two's complement, big-endian, as short as it can be. */
function minimalBytes(value: bigint): Uint8Array {
  let length = 1
  while (BigInt.asIntN(8 * length, value) !== value) length++
  return fixedBytes(value, length)
}

/** Two's complement, big-endian, in so many bytes. */
export function fixedBytes(value: bigint, length: number): Uint8Array {
  let rest = BigInt.asUintN(8 * length, value)
  const bytes = new Uint8Array(length)
  for (let i = length - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}
