import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { isTableError } from '@spillway/core'
import { ZSTDDecoder } from 'zstddec'
import { FormatError } from './format-error.js'
import type { Inflation } from './inflation.js'
import { decompressLz4, decompressLz4Raw } from './lz4.js'
import type { ParquetCodec } from './parquet-types.js'
import { decompressSnappy } from './snappy.js'

/** The most that one compressed byte can become, and some for headers: a claim beyond it is a lie. */
const MAX_RATIO: Readonly<Record<ParquetCodec, number>> = {
  uncompressed: 1,
  snappy: 32,
  gzip: 1100,
  lzo: 300,
  brotli: 1_000_000,
  lz4: 300,
  zstd: 50_000,
  lz4_raw: 300,
}

export interface PageCodecs {
  /** Must have settled before pages of `codec` are decompressed. */
  prepare(codec: ParquetCodec): Promise<void>
  /** Exactly `size` bytes, for which there must be room. */
  decompress(codec: ParquetCodec, bytes: Uint8Array, size: number, room: Inflation): Uint8Array
}

export function pageCodecs(): PageCodecs {
  const zstd = new ZSTDDecoder()
  return {
    prepare: async codec => {
      if (codec === 'zstd') await zstd.init()
    },
    decompress: (codec, bytes, size, room) => {
      checkClaim(codec, bytes.length, size)
      room.pass(size)
      if (size === 0) return new Uint8Array(0)
      const page = guarded(codec, () => decompress(codec, bytes, size, zstd))
      if (page.length !== size) {
        throw new FormatError(`a ${codec} page of ${page.length} bytes, its header says ${size}`)
      }
      return page
    },
  }
}

function checkClaim(codec: ParquetCodec, compressed: number, size: number): void {
  if (size > compressed * MAX_RATIO[codec] + 1024) {
    throw new FormatError(`a ${codec} page of ${compressed} bytes claims to hold ${size}`)
  }
}

function decompress(
  codec: ParquetCodec,
  bytes: Uint8Array,
  size: number,
  zstd: ZSTDDecoder,
): Uint8Array {
  switch (codec) {
    case 'uncompressed':
      return bytes
    case 'snappy':
      return decompressSnappy(bytes, size)
    case 'gzip':
      return gunzipSync(bytes, { maxOutputLength: size })
    case 'brotli':
      return brotliDecompressSync(bytes, { maxOutputLength: size })
    case 'lz4':
      return decompressLz4(bytes, size)
    case 'lz4_raw':
      return decompressLz4Raw(bytes, size)
    case 'zstd':
      return zstd.decode(bytes, size)
    case 'lzo':
      throw new FormatError('pages compressed with LZO', { unsupported: true })
  }
}

/** Codecs throw whatever they like at bytes that are not theirs. */
function guarded(codec: ParquetCodec, run: () => Uint8Array): Uint8Array {
  try {
    return run()
  } catch (cause) {
    if (cause instanceof FormatError || isTableError(cause)) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FormatError(`a page that does not decompress with ${codec}: ${reason}`, { cause })
  }
}
