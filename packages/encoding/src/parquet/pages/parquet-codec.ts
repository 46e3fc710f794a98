import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { awaited, isTableError, type Steps } from '@spillway/core'
import { ZSTDDecoder } from 'zstddec'
import { FormatError } from '../../bytes/format-error.js'
import { inflateBytesLater } from '../../compression/inflate-later.js'
import type { Inflation } from '../../compression/inflation.js'
import { decompressLz4, decompressLz4Raw } from '../../compression/lz4.js'
import { decompressSnappy } from '../../compression/snappy.js'
import { decompressSnappyInSteps, LONG_IN_STEPS } from '../../compression/snappy-steps.js'
import type { ParquetCodec } from '../footer/parquet-metadata.js'

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
  /** Exactly `size` bytes, for which there must be room; those of long pages in steps. */
  decompress(
    codec: ParquetCodec,
    bytes: Uint8Array,
    size: number,
    room: Inflation,
  ): Steps<Uint8Array>
}

/** Some writers make one page of a million values: shorter ones take no more than some milliseconds. */
const LONG_PAGE = 4 * 1024 ** 2

export function pageCodecs(): PageCodecs {
  const zstd = new ZSTDDecoder()
  return {
    prepare: async codec => {
      if (codec === 'zstd') await zstd.init()
    },
    *decompress(codec, bytes, size, room) {
      checkClaim(codec, bytes.length, size)
      room.pass(size)
      if (size === 0) return new Uint8Array(0)
      const page = yield* guarded(codec, decompress(codec, bytes, size, zstd))
      if (size > LONG_PAGE) yield
      if (page.length !== size) {
        throw new FormatError(`a ${codec} page of ${page.length} bytes, its header says ${size}`)
      }
      return page
    },
  }
}

/** Refuses a page that claims to become more than any data of its codec does. */
export function checkClaim(codec: ParquetCodec, compressed: number, size: number): void {
  if (size > compressed * MAX_RATIO[codec] + 1024) {
    throw new FormatError(`a ${codec} page of ${compressed} bytes claims to hold ${size}`)
  }
}

function* decompress(
  codec: ParquetCodec,
  bytes: Uint8Array,
  size: number,
  zstd: ZSTDDecoder,
): Steps<Uint8Array> {
  const isLong = size > LONG_PAGE
  switch (codec) {
    case 'uncompressed':
      return bytes
    case 'snappy':
      return size > LONG_IN_STEPS
        ? yield* decompressSnappyInSteps(bytes, size)
        : decompressSnappy(bytes, size)
    case 'gzip':
    case 'brotli':
      return isLong ? yield* inflatePage(codec, bytes, size) : inflatePageNow(codec, bytes, size)
    case 'lz4':
      return yield* decompressLz4(bytes, size)
    case 'lz4_raw':
      return yield* decompressLz4Raw(bytes, size)
    case 'zstd':
      return size > LONG_IN_STEPS
        ? yield* inflatePage(codec, bytes, size)
        : zstd.decode(bytes, size)
    case 'lzo':
      throw new FormatError('pages compressed with LZO', { unsupported: true })
  }
}

function inflatePageNow(codec: 'gzip' | 'brotli', bytes: Uint8Array, size: number): Uint8Array {
  const options = { maxOutputLength: size }
  return codec === 'gzip' ? gunzipSync(bytes, options) : brotliDecompressSync(bytes, options)
}

function inflatePage(
  codec: 'gzip' | 'brotli' | 'zstd',
  bytes: Uint8Array,
  size: number,
): Steps<Uint8Array> {
  return awaited(inflateBytesLater(codec, bytes, size))
}

/** Codecs throw whatever they like at bytes that are not theirs. */
function* guarded(codec: ParquetCodec, steps: Steps<Uint8Array>): Steps<Uint8Array> {
  try {
    return yield* steps
  } catch (cause) {
    if (cause instanceof FormatError || isTableError(cause)) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FormatError(`a page that does not decompress with ${codec}: ${reason}`, { cause })
  }
}
