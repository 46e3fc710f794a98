import { inflateRawSync } from 'node:zlib'
import { TableError } from '@spillway/core'
import { decompressSnappy, decompressZstd } from 'hyparquet-compressors'
import { crc32 } from './crc32.js'

/** A block that claims to hold more is refused before memory is spent on it. */
const MAX_BLOCK_BYTES = 1 << 30

/** Decompresses one block of an Avro file (Avro 1.12, "Required Codecs" and "Optional Codecs"). */
export function inflateAvroBlock(codec: string, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 'null':
      return bytes
    case 'deflate':
      return guarded(codec, () => inflateRawSync(bytes, deflateOptions(bytes.length)))
    case 'snappy':
      return inflateSnappy(bytes)
    case 'zstandard':
      return guarded(codec, () => decompressZstd(bytes))
    default:
      throw new TableError('UNSUPPORTED_FEATURE', `the Avro codec ${JSON.stringify(codec)}`)
  }
}

/** One buffer large enough for most blocks, in place of many of 16 KiB that are joined. */
function deflateOptions(length: number) {
  const chunkSize = Math.min(Math.max(length * 12, 1 << 16), 1 << 22)
  return { maxOutputLength: MAX_BLOCK_BYTES, chunkSize }
}

/** Snappy's own framing, then the CRC-32 of the uncompressed bytes, big-endian. */
function inflateSnappy(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 4
  const length = end > 0 ? snappyLength(bytes.subarray(0, end)) : undefined
  if (length === undefined) throw new TableError('TABLE_CORRUPT', 'a snappy block ends early')
  const inflated = guarded('snappy', () => decompressSnappy(bytes.subarray(0, end), length))
  const expected = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0)
  const found = crc32(inflated)
  if (found !== expected) {
    throw new TableError(
      'TABLE_CORRUPT',
      `expected an Avro block with CRC-32 ${expected}, found ${found}`,
    )
  }
  return inflated
}

/** The uncompressed length that snappy data begins with. */
function snappyLength(bytes: Uint8Array): number | undefined {
  let length = 0
  for (let i = 0; i < Math.min(5, bytes.length); i++) {
    length += (bytes[i]! & 0x7f) * 2 ** (7 * i)
    if (bytes[i]! < 0x80) return length <= MAX_BLOCK_BYTES ? length : undefined
  }
  return undefined
}

function guarded(codec: string, inflate: () => Uint8Array): Uint8Array {
  try {
    return inflate()
  } catch (cause) {
    throw new TableError('TABLE_CORRUPT', `expected Avro data compressed with ${codec}`, { cause })
  }
}
