import type { Steps } from '@spillway/core'
import { FormatError } from '../bytes/format-error.js'

/** What is written in one step. */
const STEP_BYTES = 1 << 18

/**
 * LZ4 as Parquet's codec LZ4 has it: Hadoop's framing (the length of what follows inflated, and stored, big-endian, then a
 * block), or a bare block where that does not fit. Exactly `size` bytes, or an error: a block that ends early is none. In
 * steps, for pages of many megabytes.
 */
export function* decompressLz4(bytes: Uint8Array, size: number): Steps<Uint8Array> {
  return (yield* decompressHadoop(bytes, size)) ?? (yield* decompressLz4Raw(bytes, size))
}

/** One block of LZ4 (LZ4 block format description) of exactly `size` bytes. */
export function* decompressLz4Raw(bytes: Uint8Array, size: number): Steps<Uint8Array> {
  const output = new Uint8Array(size)
  const end = yield* readBlock(bytes, output, 0)
  if (end !== size) throw new FormatError(`lz4 of ${end} bytes, expected ${size}`)
  return output
}

function* decompressHadoop(bytes: Uint8Array, size: number): Steps<Uint8Array | undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const frames: { readonly start: number; readonly end: number; readonly length: number }[] = []
  let total = 0
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) return undefined
    const [length, stored] = [view.getUint32(at), view.getUint32(at + 4)]
    const start = at + 8
    total += length
    if (stored > bytes.length - start || total > size) return undefined
    frames.push({ start, end: start + stored, length })
    at = start + stored
  }
  if (total !== size) return undefined
  const output = new Uint8Array(size)
  let filled = 0
  for (const { start, end, length } of frames) {
    const after = yield* readBlock(bytes.subarray(start, end), output, filled)
    if (after !== filled + length) {
      throw new FormatError(`an lz4 frame of ${after - filled} bytes, expected ${length}`)
    }
    filled = after
  }
  return output
}

/** Decodes one block into `output` from `start` on; gives where it ended. */
function* readBlock(bytes: Uint8Array, output: Uint8Array, start: number): Steps<number> {
  let at = 0
  let filled = start
  let pauseAt = start + STEP_BYTES
  const more = (base: number): number => {
    let length = base
    for (let byte = base === 15 ? 255 : 0; byte === 255; length += byte) {
      if (at >= bytes.length) throw new FormatError('lz4 ends inside a length')
      byte = bytes[at++]!
    }
    return length
  }
  while (at < bytes.length) {
    if (filled >= pauseAt) {
      pauseAt = filled + STEP_BYTES
      yield
    }
    const token = bytes[at++]!
    const literals = more(token >> 4)
    if (literals > bytes.length - at || literals > output.length - filled) {
      throw new FormatError(`lz4 with ${literals} bytes that are not there, or have no room`)
    }
    output.set(bytes.subarray(at, at + literals), filled)
    at += literals
    filled += literals
    // The last sequence has literals alone.
    if (at === bytes.length) break
    if (at + 2 > bytes.length) throw new FormatError('lz4 ends inside an offset')
    const offset = bytes[at]! | (bytes[at + 1]! << 8)
    at += 2
    const length = more(token & 15) + 4
    if (offset === 0 || offset > filled || length > output.length - filled) {
      throw new FormatError(`lz4 that copies ${length} bytes from ${offset} before byte ${filled}`)
    }
    for (const end = filled + length; ; ) {
      // Byte by byte: what is copied may be what was just written.
      for (const some = Math.min(end, filled + STEP_BYTES); filled < some; filled++) {
        output[filled] = output[filled - offset]!
      }
      if (filled === end) break
      yield
    }
  }
  return filled
}
