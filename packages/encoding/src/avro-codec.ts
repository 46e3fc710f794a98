import { isTableError, TableError } from '@spillway/core'
import { crc32 } from './crc32.js'
import { inflateBytes, inflateSnappy } from './inflate-bytes.js'
import { inflateBytesLater } from './inflate-later.js'
import type { Inflation } from './inflation.js'

/** The most that one stored byte becomes: what claims more rows than that holds is refused before it is inflated. */
export const AVRO_RATIOS: ReadonlyMap<string, number> = new Map([
  ['null', 1],
  ['deflate', 1100],
  ['snappy', 32],
  ['zstandard', 50_000],
])

/** Decompresses one block of an Avro file (Avro 1.12, "Required Codecs" and "Optional Codecs"). */
export function inflateAvroBlock(
  codec: string,
  bytes: Uint8Array,
  inflation: Inflation,
): Uint8Array {
  switch (codec) {
    case 'null':
      return bytes
    case 'deflate':
      return guarded(codec, () => inflateBytes('deflate', bytes, inflation))
    case 'snappy':
      return checkedSnappy(bytes, inflation)
    case 'zstandard':
      return guarded(codec, () => inflateBytes('zstd', bytes, inflation))
    default:
      throw new TableError('UNSUPPORTED_FEATURE', `the Avro codec ${JSON.stringify(codec)}`)
  }
}

/** The same; a long block is inflated while others go on. */
export function inflateAvroBlockLater(
  codec: string,
  bytes: Uint8Array,
  inflation: Inflation,
): Promise<Uint8Array> | Uint8Array {
  const zlib = codec === 'zstandard' ? 'zstd' : codec === 'deflate' ? 'deflate' : undefined
  if (zlib === undefined || bytes.length < LONG_BLOCK) {
    return inflateAvroBlock(codec, bytes, inflation)
  }
  return inflateBytesLater(zlib, bytes, inflation).catch(cause => {
    throw refused(codec, cause)
  })
}

/** Stored bytes that take some milliseconds to inflate. */
const LONG_BLOCK = 1 << 18

/** Snappy's own framing, then the CRC-32 of the uncompressed bytes, big-endian. */
function checkedSnappy(bytes: Uint8Array, inflation: Inflation): Uint8Array {
  const end = bytes.length - 4
  if (end <= 0) throw new TableError('TABLE_CORRUPT', 'a snappy block ends early')
  const inflated = guarded('snappy', () => inflateSnappy(bytes.subarray(0, end), inflation))
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

function guarded(codec: string, inflate: () => Uint8Array): Uint8Array {
  try {
    return inflate()
  } catch (cause) {
    throw refused(codec, cause)
  }
}

function refused(codec: string, cause: unknown): unknown {
  if (isTableError(cause)) return cause
  return new TableError('TABLE_CORRUPT', `expected Avro data compressed with ${codec}`, { cause })
}
