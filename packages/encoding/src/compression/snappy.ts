import { snappyUncompressor } from 'hysnappy'
import { FormatError } from '../bytes/format-error.js'

/** The memory that a decoder may keep between two calls, in bytes. It never shrinks: one that grew beyond is let go. */
const KEPT_BYTES = 16 * 1024 ** 2

let kept: ReturnType<typeof snappyUncompressor> | undefined

/**
 * Snappy without framing (its format_description.txt), of exactly `size` bytes. Every decoder is an instance of WebAssembly with
 * memory of its own, and making one costs more than a page of some kilobytes: one is kept. What an earlier call left in its memory
 * is never handed out, because the data itself must say that it becomes `size` bytes, and fill them.
 */
export function decompressSnappy(bytes: Uint8Array, size: number): Uint8Array {
  const length = snappyLength(bytes)
  if (length !== size) throw new FormatError(`snappy of ${length ?? 'no'} bytes, expected ${size}`)
  const uncompress = kept ?? snappyUncompressor()
  // Damage that traps may leave an instance in between: it is not used again.
  kept = undefined
  const output = uncompress(bytes, size)
  if (bytes.length + size <= KEPT_BYTES) kept = uncompress
  return output
}

/** The uncompressed length that snappy data begins with, in bytes. */
export function snappyLength(bytes: Uint8Array): number | undefined {
  let length = 0
  for (let i = 0; i < Math.min(5, bytes.length); i++) {
    length += (bytes[i]! & 0x7f) * 2 ** (7 * i)
    if (bytes[i]! < 0x80) return length
  }
  return undefined
}
