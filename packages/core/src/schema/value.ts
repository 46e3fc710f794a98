/**
 * One value of a column. long, time, timestamps (in the type's own unit: micro- or nanoseconds) and decimals
 * (unscaled, at the field's scale) are bigint; date is days as number; uuid, fixed and binary are bytes.
 */
export type Value = boolean | number | bigint | string | Uint8Array

const utf8 = new TextEncoder()

/**
 * The order pruning uses: numbers with -0 equal to 0 and NaN above everything, strings by their UTF-8 bytes (by code
 * point), never by UTF-16 unit; bytes unsigned.
 */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') {
    return a === b ? 0 : compareBytes(utf8.encode(a), utf8.encode(b))
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
  if (typeof a === 'number' && Number.isNaN(a))
    return typeof b === 'number' && Number.isNaN(b) ? 0 : 1
  if (typeof b === 'number' && Number.isNaN(b)) return -1
  return a < b ? -1 : a > b ? 1 : 0
}

/** Unsigned, shorter first on a tie. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const SIGN_BIT = 1n << 127n

/** A decimal of more than 18 digits as a BytesColumn stores it: 16 bytes, big-endian, sign bit flipped. */
export function encodeWideDecimal(unscaled: bigint): Uint8Array {
  let rest = BigInt.asUintN(128, unscaled) ^ SIGN_BIT
  const bytes = new Uint8Array(16)
  for (let i = 15; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

/** Inverse of `encodeWideDecimal`. */
export function decodeWideDecimal(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(128, value ^ SIGN_BIT)
}
