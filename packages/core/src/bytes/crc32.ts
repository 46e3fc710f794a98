import type { Steps } from '../tasks/slices.js'

/** CRC-32 (IEEE 802.3) as an unsigned number; `before` is that of what precedes `bytes`. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  const whole = bytes.length - (bytes.length % 4)
  // Four bytes at a time: what each changes behind itself is added up.
  for (let i = 0; i < whole; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    crc =
      TABLES[768 + (crc & 0xff)]! ^
      TABLES[512 + ((crc >>> 8) & 0xff)]! ^
      TABLES[256 + ((crc >>> 16) & 0xff)]! ^
      TABLES[crc >>> 24]!
  }
  for (let i = whole; i < bytes.length; i++) {
    crc = TABLES[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  }
  return ~crc >>> 0
}

/** What is summed at once: about a millisecond. */
const SUMMED_BYTES = 256 * 1024

/** A checksum of bytes of any length, in steps. */
export function* summedInSteps(
  sum: (bytes: Uint8Array, before: number) => number,
  bytes: Uint8Array,
): Steps<number> {
  let found = 0
  for (let at = 0; at < bytes.length; at += SUMMED_BYTES) {
    if (at > 0) yield
    found = sum(bytes.subarray(at, at + SUMMED_BYTES), found)
  }
  return found
}

/** What a byte comes to, then the same with one, two and three bytes of zeros behind it. */
const TABLES = new Int32Array(4 * 256)
for (let byte = 0; byte < 256; byte++) {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  TABLES[byte] = value
}
for (let i = 256; i < TABLES.length; i++) {
  const before = TABLES[i - 256]!
  TABLES[i] = TABLES[before & 0xff]! ^ (before >>> 8)
}
