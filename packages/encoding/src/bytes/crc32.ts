import * as zlib from 'node:zlib'
import { crc32 as portableCrc32 } from '@spillway/core'

export { summedInSteps } from '@spillway/core'

/**
 * CRC-32 (IEEE 802.3) as an unsigned number: of a Delta deletion vector, a Parquet page, a Hudi log block. `before` is that of what
 * precedes `bytes`.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  // Node has its own since 20.15 and 22.2.
  return typeof zlib.crc32 === 'function' ? zlib.crc32(bytes, before) : portableCrc32(bytes, before)
}

/** CRC-32C (Castagnoli): of an HFile's blocks. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  for (let i = 0; i < bytes.length; i++) crc = TABLE_C[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

const TABLE_C = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0x82f63b78 ^ (value >>> 1) : value >>> 1
  return value >>> 0
})
