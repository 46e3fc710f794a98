import { gunzipSync } from 'node:zlib'
import { TableError } from '@spillway/core'
import { decompressZstd } from 'hyparquet-compressors'

/** A metadata document that claims to hold more is refused before memory is spent on it. */
const MAX_BYTES = 1 << 30

/** Bytes of a document that may be compressed, which its first bytes tell better than its name: gzip, zstd or neither. */
export function inflateDocument(bytes: Uint8Array, path: string): Uint8Array {
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const zstd = bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd
  try {
    if (gzip) return gunzipSync(bytes, { maxOutputLength: MAX_BYTES })
    return zstd ? decompressZstd(bytes) : bytes
  } catch (cause) {
    throw new TableError(
      'TABLE_CORRUPT',
      `expected a document compressed with ${gzip ? 'gzip' : 'zstd'} at ${path}`,
      {
        context: { path },
        cause,
      },
    )
  }
}
