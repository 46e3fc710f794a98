import { gunzipSync } from 'node:zlib'
import { awaited, type Steps, TableError } from '@spillway/core'
import { crc32, crc32c, summedInSteps } from '../bytes/crc32.js'
import { inflateBytesLater } from '../compression/inflate-later.js'
import type { Inflation } from '../compression/inflation.js'

/** Bytes of one block after its header, inflated. `HBase reference guide, appendix G: HFile version 3`. */
export interface HFileBlock {
  readonly magic: string
  readonly content: Uint8Array
  /** Header, data and checksums: where the next block starts. */
  readonly onDiskLength: number
}

export const HFILE_CODEC_GZIP = 1
export const HFILE_CODEC_NONE = 2

const HEADER_LENGTH = 33
/** What is inflated at once: about a millisecond. */
const LONG_BYTES = 64 * 1024
/** What is summed at once. */
const SUMMED_BYTES = 256 * 1024

const ascii = new TextDecoder('latin1')

/** The block that starts at `offset` of `bytes`, for which there must be room once it is inflated. */
export function* readHFileBlock(
  bytes: Uint8Array,
  offset: number,
  { codec, room }: { readonly codec: number; readonly room: Inflation },
): Steps<HFileBlock> {
  if (offset < 0 || offset + HEADER_LENGTH > bytes.length) {
    throw badHFile(`a block header is cut off at byte ${offset} of ${bytes.length}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, HEADER_LENGTH)
  const magic = ascii.decode(bytes.subarray(offset, offset + 8))
  const withChecksums = view.getInt32(8)
  const uncompressed = view.getInt32(12)
  const onDiskData = view.getInt32(29)
  const dataLength = onDiskData - HEADER_LENGTH
  const onDiskLength = HEADER_LENGTH + withChecksums
  if (
    uncompressed < 0 ||
    dataLength < 0 ||
    dataLength > withChecksums ||
    offset + onDiskLength > bytes.length
  ) {
    throw badHFile(
      `the block '${magic}' at byte ${offset} states ${withChecksums} bytes on disk and ${uncompressed} inflated`,
    )
  }
  yield* verifyChecksums(bytes.subarray(offset, offset + onDiskLength), {
    kind: view.getUint8(24),
    chunk: view.getInt32(25),
    covered: onDiskData,
  })
  const start = offset + HEADER_LENGTH
  const stored = bytes.subarray(start, start + dataLength)
  room.check(uncompressed)
  return { magic, content: yield* inflate(stored, uncompressed, codec), onDiskLength }
}

/** Kinds of checksum (HBase ChecksumType): none, CRC-32, CRC-32C; one every `chunk` bytes, behind the data. */
function* verifyChecksums(
  block: Uint8Array,
  sums: { readonly kind: number; readonly chunk: number; readonly covered: number },
): Steps<void> {
  const { kind, chunk, covered } = sums
  if (kind === 0) return
  if (kind > 2 || chunk < 1)
    throw badHFile(`a block with checksums of kind ${kind} every ${chunk} bytes`)
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  let summed = 0
  for (let at = 0, i = 0; at < covered; at += chunk, i++) {
    if (at - summed >= SUMMED_BYTES) {
      summed = at
      yield
    }
    const place = covered + 4 * i
    if (place + 4 > block.length) throw badHFile('the checksums of a block are cut off')
    const bytes = block.subarray(at, Math.min(covered, at + chunk))
    const sum = yield* summedInSteps(kind === 1 ? crc32 : crc32c, bytes)
    if (sum !== view.getUint32(place)) throw badHFile('a block does not have its checksum')
  }
}

function* inflate(stored: Uint8Array, length: number, codec: number): Steps<Uint8Array> {
  if (codec === HFILE_CODEC_NONE) {
    if (stored.length < length) throw badHFile(`a block holds ${stored.length} of ${length} bytes`)
    return stored.subarray(0, length)
  }
  let content: Uint8Array
  try {
    const most = Math.max(length, 1)
    content =
      stored.length < LONG_BYTES && length < LONG_BYTES
        ? gunzipSync(stored, { maxOutputLength: most })
        : yield* awaited(inflateBytesLater('gzip', stored, most))
  } catch (cause) {
    throw badHFile('a block cannot be inflated', cause)
  }
  if (content.length < length) {
    throw badHFile(`a block inflates to ${content.length} bytes, its header states ${length}`)
  }
  return content.subarray(0, length)
}

/** The error of bytes that are no HFile. */
export function badHFile(problem: string, cause?: unknown): TableError {
  return new TableError('TABLE_CORRUPT', `HFile: ${problem}`, { cause })
}
