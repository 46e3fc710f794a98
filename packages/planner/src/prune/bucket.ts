import { type DataType, encodeWideDecimal, type Value } from '@spillway/core'

const utf8 = new TextEncoder()

/**
 * The bucket of a value under Iceberg's `bucket[count]` (spec, Appendix B); undefined for types that have none.
 * int and date hash as long, nanosecond timestamps as microseconds.
 */
export function bucketOf(value: Value, type: DataType, count: number): number | undefined {
  const bytes = hashedBytes(value, type)
  return bytes && (murmur3(bytes) & 0x7fffffff) % count
}

function hashedBytes(value: Value, type: DataType): Uint8Array | undefined {
  if (typeof type === 'object') {
    if (type.kind === 'decimal' && typeof value === 'bigint') return minimalBytes(value)
    return type.kind === 'fixed' && value instanceof Uint8Array ? value : undefined
  }
  switch (type) {
    case 'int':
    case 'date':
      return longBytes(BigInt(value as number))
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return longBytes(value as bigint)
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return longBytes(floorToMicros(value as bigint))
    case 'string':
      return utf8.encode(value as string)
    case 'binary':
    case 'uuid':
      return value as Uint8Array
    default:
      return undefined
  }
}

function floorToMicros(nanos: bigint): bigint {
  return nanos / 1000n - (nanos % 1000n < 0n ? 1n : 0n)
}

function longBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigInt64(0, value, true)
  return bytes
}

/** Two's complement, big-endian, without the leading bytes that only repeat the sign. */
function minimalBytes(unscaled: bigint): Uint8Array {
  const bytes = encodeWideDecimal(unscaled)
  bytes[0]! ^= 0x80
  const padding = unscaled < 0n ? 0xff : 0
  let start = 0
  while (start < 15 && bytes[start] === padding && (bytes[start + 1]! & 0x80) === (padding & 0x80))
    start++
  return bytes.subarray(start)
}

const C1 = 0xcc9e2d51
const C2 = 0x1b873593

/** MurmurHash3, x86, 32 bits, seed 0. */
export function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length & ~3
  let hash = 0
  for (let i = 0; i < whole; i += 4) {
    hash ^= scramble(view.getInt32(i, true))
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let i = bytes.length - 1; i >= whole; i--) tail = (tail << 8) | bytes[i]!
  if (whole < bytes.length) hash ^= scramble(tail)
  hash ^= bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function scramble(block: number): number {
  return Math.imul(rotate(Math.imul(block, C1), 15), C2)
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
