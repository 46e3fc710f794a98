import { inSlices, isTableError, TableError } from '@spillway/core'
import { crc32, summedInSteps } from '../bytes/crc32.js'
import { inflateBytes, inflateSnappy, inflateSnappyInSteps } from '../compression/inflate-bytes.js'
import { inflateBytesLater } from '../compression/inflate-later.js'
import type { Inflation } from '../compression/inflation.js'
import { snappyLength } from '../compression/snappy.js'
import { LONG_IN_STEPS } from '../compression/snappy-steps.js'

/** The most that one stored byte becomes: what claims more rows than that holds is refused before it is inflated. */
export const AVRO_RATIOS: ReadonlyMap<string, number> = new Map([
  ['null', 1],
  ['deflate', 1100],
  ['snappy', 32],
  ['zstandard', 50_000],
])

/**
 * Decompresses one block of an Avro file (Avro 1.12, "Required Codecs" and "Optional Codecs"); `likely` is how long the block
 * before it became.
 */
export function inflateAvroBlock(
  codec: string,
  bytes: Uint8Array,
  inflation: Inflation,
  likely?: number,
): Uint8Array {
  switch (codec) {
    case 'null':
      return bytes
    case 'deflate':
      return guarded(codec, () => inflateBytes('deflate', bytes, inflation, likely))
    case 'snappy':
      return checkedSnappy(bytes, inflation)
    case 'zstandard':
      return guarded(codec, () => inflateBytes('zstd', bytes, inflation))
    default:
      throw new TableError('UNSUPPORTED_FEATURE', `the Avro codec ${JSON.stringify(codec)}`)
  }
}

/** `inflateAvroBlock`; a long block is inflated while others go on. */
export function inflateAvroBlockLater(
  codec: string,
  bytes: Uint8Array,
  inflation: Inflation,
  likely?: number,
): Promise<Uint8Array> | Uint8Array {
  const later = bytes.length < LONG_BLOCK ? undefined : laterOf(codec, bytes, inflation)
  if (later === undefined) return inflateAvroBlock(codec, bytes, inflation, likely)
  return later.catch(cause => {
    throw refused(codec, cause)
  })
}

/** Stored bytes that take some milliseconds to inflate. */
const LONG_BLOCK = 1 << 18

function laterOf(
  codec: string,
  bytes: Uint8Array,
  inflation: Inflation,
): Promise<Uint8Array> | undefined {
  switch (codec) {
    case 'deflate':
      return inflateBytesLater('deflate', bytes, inflation)
    case 'zstandard':
      return inflateBytesLater('zstd', bytes, inflation)
    case 'snappy':
      return longSnappy(bytes, inflation)
    default:
      return undefined
  }
}

function longSnappy(bytes: Uint8Array, inflation: Inflation): Promise<Uint8Array> | undefined {
  const data = bytes.subarray(0, bytes.length - CRC_BYTES)
  const length = snappyLength(data) ?? 0
  if (length <= LONG_IN_STEPS) return undefined
  const steps = function* () {
    const inflated = yield* inflateSnappyInSteps(data, inflation)
    return checked(bytes, inflated, yield* summedInSteps(crc32, inflated))
  }
  return inSlices(steps())
}

const CRC_BYTES = 4

/** Snappy's own framing, then the CRC-32 of the uncompressed bytes, big-endian. */
function checkedSnappy(bytes: Uint8Array, inflation: Inflation): Uint8Array {
  const end = bytes.length - CRC_BYTES
  if (end <= 0) throw new TableError('TABLE_CORRUPT', 'a snappy block ends early')
  return checked(
    bytes,
    guarded('snappy', () => inflateSnappy(bytes.subarray(0, end), inflation)),
  )
}

function checked(bytes: Uint8Array, inflated: Uint8Array, found = crc32(inflated)): Uint8Array {
  const end = bytes.length - CRC_BYTES
  const expected = new DataView(bytes.buffer, bytes.byteOffset + end, CRC_BYTES).getUint32(0)
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
