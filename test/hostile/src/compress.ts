import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateRawSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
} from 'node:zlib'
import {
  decompressLz4,
  decompressLz4Raw,
  decompressSnappy,
  decompressZstd,
} from 'hyparquet-compressors'
import { joined, NotWhole } from './slots.js'

export type Codec =
  | 'none'
  | 'gzip'
  | 'deflate'
  | 'snappy'
  | 'zstd'
  | 'brotli'
  | 'lz4_raw'
  | 'lz4_hadoop'

/** Most that the bench itself inflates: it takes only honest files apart. */
const MAX_BYTES = 1 << 26

export function decompress(codec: Codec, bytes: Uint8Array, size: number): Uint8Array {
  try {
    const { buffer, byteOffset, byteLength } = inflated(codec, bytes, size)
    // A Buffer's slices are no copies.
    return new Uint8Array(buffer, byteOffset, byteLength)
  } catch (cause) {
    throw new NotWhole(`no ${codec}`, { cause })
  }
}

function inflated(codec: Codec, bytes: Uint8Array, size: number): Uint8Array {
  if (size > MAX_BYTES) throw new NotWhole(`${size} bytes`)
  switch (codec) {
    case 'none':
      return bytes
    case 'gzip':
      return gunzipSync(bytes, { maxOutputLength: MAX_BYTES })
    case 'deflate':
      return inflateRawSync(bytes, { maxOutputLength: MAX_BYTES })
    case 'brotli':
      return brotliDecompressSync(bytes, { maxOutputLength: MAX_BYTES })
    case 'snappy':
      return decompressSnappy(bytes, size)
    case 'zstd':
      return decompressZstd(bytes)
    case 'lz4_raw':
      return decompressLz4Raw(bytes, size)
    case 'lz4_hadoop':
      return decompressLz4(bytes, size)
  }
}

/** `level` from 0 to 9 where the codec has levels. Snappy, zstd and LZ4 are stored in literals: what inflates them cannot tell. */
export function compress(codec: Codec, bytes: Uint8Array, level = 6): Uint8Array {
  switch (codec) {
    case 'none':
      return bytes
    case 'gzip':
      return gzipSync(bytes, { level })
    case 'deflate':
      return deflateRawSync(bytes, { level })
    case 'brotli':
      return brotliCompressSync(bytes)
    case 'snappy':
      return snappyLiterals(bytes)
    case 'zstd':
      return zstdRaw(bytes)
    case 'lz4_raw':
      return lz4Literals(bytes)
    case 'lz4_hadoop': {
      const block = lz4Literals(bytes)
      const head = new DataView(new ArrayBuffer(8))
      head.setUint32(0, bytes.length)
      head.setUint32(4, block.length)
      return joined([new Uint8Array(head.buffer), block])
    }
  }
}

function snappyLiterals(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  const length: number[] = []
  let rest = bytes.length
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80)
  parts.push(Uint8Array.from([...length, rest]))
  for (let at = 0; at < bytes.length; at += 0x10000) {
    const piece = bytes.subarray(at, at + 0x10000)
    const size = piece.length - 1
    parts.push(Uint8Array.of(61 << 2, size & 0xff, size >> 8), piece)
  }
  return joined(parts)
}

/** One frame of raw blocks with its content size (RFC 8878, 3.1.1). */
function zstdRaw(bytes: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(9))
  head.setUint32(0, 0xfd2fb528, true)
  head.setUint8(4, 0b1010_0000)
  head.setUint32(5, bytes.length, true)
  const parts: Uint8Array[] = [new Uint8Array(head.buffer)]
  for (let at = 0; at === 0 || at < bytes.length; at += 0x10000) {
    const piece = bytes.subarray(at, at + 0x10000)
    const last = at + 0x10000 >= bytes.length ? 1 : 0
    const block = (piece.length << 3) | last
    parts.push(Uint8Array.of(block & 0xff, (block >> 8) & 0xff, block >> 16), piece)
  }
  return joined(parts)
}

function lz4Literals(bytes: Uint8Array): Uint8Array {
  const extra: number[] = []
  if (bytes.length >= 15) {
    let rest = bytes.length - 15
    for (; rest >= 255; rest -= 255) extra.push(255)
    extra.push(rest)
  }
  const token = Math.min(bytes.length, 15) << 4
  return joined([Uint8Array.from([token, ...extra]), bytes])
}

const tables = new Map<number, Uint32Array>()

/** CRC-32 of the bench's own (ISO 3309), as deletion vectors, snappy blocks of Avro and HFiles have it. */
export function crc32Of(bytes: Uint8Array, polynomial = 0xedb88320): number {
  const sums = tables.get(polynomial) ?? sumsOf(polynomial)
  tables.set(polynomial, sums)
  let sum = 0xffffffff
  for (const byte of bytes) sum = sums[(sum ^ byte) & 0xff]! ^ (sum >>> 8)
  return (sum ^ 0xffffffff) >>> 0
}

function sumsOf(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ polynomial : sum >>> 1
    return sum
  })
}
