import { crc32 } from '@spillway/core'

/** Bytes of one stored block (RFC 1951, 3.2.4). */
const MOST_STORED = 65_535

/** `parts` as a gzip file (RFC 1952) of stored blocks: every reader takes it, and the same bytes make the same file for ever. */
export async function* storedGzip(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // No name, no time, no system.
  yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)
  let [sum, size] = [0, 0]
  for await (const part of parts) {
    sum = crc32(part, sum)
    size += part.length
    for (let at = 0; at < part.length; at += MOST_STORED) {
      const block = part.subarray(at, at + MOST_STORED)
      yield blockHeader(block.length, false)
      yield block
    }
  }
  yield blockHeader(0, true)
  const end = new DataView(new ArrayBuffer(8))
  end.setUint32(0, sum, true)
  end.setUint32(4, size % 2 ** 32, true)
  yield new Uint8Array(end.buffer)
}

function blockHeader(length: number, isLast: boolean): Uint8Array {
  const inverse = ~length & 0xffff
  return Uint8Array.of(Number(isLast), length & 255, length >> 8, inverse & 255, inverse >> 8)
}
