import type { PrimitiveType, Transform, Value } from '@spillway/core'

const utf8 = new TextEncoder()

/** What a transform makes of a value, straight from the spec's table; undefined where it does not take the type. */
export function transformValue(
  transform: Transform,
  value: Value,
  type: PrimitiveType,
): Value | undefined {
  switch (transform.kind) {
    case 'identity':
      return value
    case 'bucket':
      return bucket(value, type, transform.width)
    case 'truncate':
      return truncate(value, type, transform.width)
    case 'year':
    case 'month':
    case 'day':
    case 'hour':
      return timeUnit(transform.kind, value, type)
    default:
      return undefined
  }
}

/** The type of a transform's values; undefined where the transform does not take `type`. */
export function transformType(
  transform: Transform,
  type: PrimitiveType,
): PrimitiveType | undefined {
  const temporal = type === 'date' || (typeof type === 'string' && type.startsWith('timestamp'))
  switch (transform.kind) {
    case 'identity':
      return type
    case 'bucket':
      return type === 'boolean' || type === 'float' || type === 'double' ? undefined : 'int'
    case 'truncate': {
      const cut = ['int', 'long', 'string', 'binary']
      return (typeof type === 'object' && type.kind === 'decimal') || cut.includes(type as string)
        ? type
        : undefined
    }
    case 'day':
      return temporal ? 'date' : undefined
    case 'year':
    case 'month':
      return temporal ? 'int' : undefined
    case 'hour':
      return temporal && type !== 'date' ? 'int' : undefined
    default:
      return 'int'
  }
}

function bucket(value: Value, type: PrimitiveType, count: number): number | undefined {
  const bytes = hashedBytes(value, type)
  return bytes && (murmur3(bytes) & 0x7fffffff) % count
}

function hashedBytes(value: Value, type: PrimitiveType): Uint8Array | undefined {
  if (type === 'boolean' || type === 'float' || type === 'double') return undefined
  if (typeof value === 'string') return utf8.encode(value)
  if (value instanceof Uint8Array) return value
  if (typeof type === 'object') return decimalBytes(value as bigint)
  const nanos = type === 'timestamp_ns' || type === 'timestamptz_ns'
  const long = nanos ? floorDivide(value as bigint, 1000n) : BigInt(value)
  return new Uint8Array(BigInt64Array.of(long).buffer)
}

function decimalBytes(value: bigint): Uint8Array {
  let length = 1
  while (BigInt.asIntN(8 * length, value) !== value) length++
  return Uint8Array.from({ length }, (_, i) =>
    Number((value >> BigInt(8 * (length - 1 - i))) & 0xffn),
  )
}

/** Murmur3, 32 bits, x86, seed 0. */
function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let hash = 0
  let i = 0
  for (; i + 4 <= bytes.length; i += 4) {
    hash ^= scramble(view.getInt32(i, true))
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64
  }
  let tail = 0
  for (let shift = 0; i < bytes.length; i++, shift += 8) tail |= bytes[i]! << shift
  hash ^= scramble(tail) ^ bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51)
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
}

function truncate(value: Value, type: PrimitiveType, width: number): Value | undefined {
  if (typeof value === 'string') return Array.from(value).slice(0, width).join('')
  if (value instanceof Uint8Array) return type === 'binary' ? value.slice(0, width) : undefined
  if (typeof value === 'boolean') return undefined
  // As Java computes it, which wraps around below the least value.
  if (type === 'int') return Number(BigInt.asIntN(32, truncateInteger(BigInt(value), width)))
  if (type === 'long') return BigInt.asIntN(64, truncateInteger(value as bigint, width))
  return typeof type === 'object' ? truncateInteger(value as bigint, width) : undefined
}

function truncateInteger(value: bigint, width: number): bigint {
  return floorDivide(value, BigInt(width)) * BigInt(width)
}

function timeUnit(
  unit: 'year' | 'month' | 'day' | 'hour',
  value: Value,
  type: PrimitiveType,
): number | undefined {
  if (type === 'date') return unit === 'hour' ? undefined : unitOfDay(unit, value as number)
  if (typeof type !== 'string' || !type.startsWith('timestamp')) return undefined
  const perHour = type.endsWith('_ns') ? 3_600_000_000_000n : 3_600_000_000n
  const hours = floorDivide(value as bigint, perHour)
  return unit === 'hour' ? Number(hours) : unitOfDay(unit, Number(floorDivide(hours, 24n)))
}

function unitOfDay(unit: 'year' | 'month' | 'day', day: number): number {
  if (unit === 'day') return day
  const date = new Date(day * 86_400_000)
  const years = date.getUTCFullYear() - 1970
  return unit === 'year' ? years : years * 12 + date.getUTCMonth()
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return value % divisor < 0n ? quotient - 1n : quotient
}
