import { brotliDecompressSync, gunzipSync, inflateRawSync } from 'node:zlib'
import type { Steps } from '@spillway/core'
import { decompress as decompressZstd } from 'fzstd'
import { FormatError } from '../bytes/format-error.js'
import type { Inflation } from './inflation.js'
import { decompressSnappy, snappyLength } from './snappy.js'
import { decompressSnappyInSteps } from './snappy-steps.js'
import { longestZstd } from './zstd-length.js'

/**
 * Decompresses what does not say how long it becomes, to no more than `inflation` allows; `likely` is what others of its kind
 * became. Codecs throw whatever they like at bytes that are not theirs; a limit that was reached is an error of its own.
 */
export function inflateBytes(
  codec: 'gzip' | 'deflate' | 'zstd' | 'brotli',
  bytes: Uint8Array,
  inflation: Inflation,
  likely?: number,
): Uint8Array {
  const maxOutputLength = Math.min(inflation.limit, LONGEST_BUFFER)
  switch (codec) {
    case 'gzip':
      return limited(inflation, () => gunzipSync(bytes, { maxOutputLength }))
    case 'brotli':
      return limited(inflation, () => brotliDecompressSync(bytes, { maxOutputLength }))
    case 'deflate':
      return limited(inflation, () =>
        inflateRawSync(bytes, { maxOutputLength, chunkSize: chunkSize(bytes.length, likely) }),
      )
    case 'zstd': {
      const longest = longestZstd(bytes)
      if (longest === undefined) throw new FormatError('its zstd frames are damaged')
      inflation.check(longest)
      return decompressZstd(bytes)
    }
  }
}

/** Snappy states how long it becomes; 64 bytes of it take at least three. */
export function inflateSnappy(bytes: Uint8Array, inflation: Inflation): Uint8Array {
  return decompressSnappy(bytes, claimed(bytes, inflation))
}

/** Snappy inflated a step at a time. */
export function inflateSnappyInSteps(bytes: Uint8Array, inflation: Inflation): Steps<Uint8Array> {
  return decompressSnappyInSteps(bytes, claimed(bytes, inflation))
}

function claimed(bytes: Uint8Array, inflation: Inflation): number {
  const length = snappyLength(bytes)
  if (length === undefined || length > bytes.length * SNAPPY_RATIO) {
    throw new FormatError(`${bytes.length} bytes of snappy claim to hold ${length ?? 'anything'}`)
  }
  inflation.check(length)
  return length
}

const SNAPPY_RATIO = 32
/** What Node allows for one buffer at least. */
const LONGEST_BUFFER = 2 ** 32 - 1

/**
 * One buffer large enough for most blocks, in place of many of 16 KiB that are joined. It is no larger than it need be: buffers
 * outside of V8's heap make it look through all of that, after so many bytes of them.
 */
function chunkSize(length: number, likely = Math.max(length * 12, 1 << 16)): number {
  return Math.min(Math.max(Math.ceil(likely * SOME_MORE), length, 1 << 10), 1 << 22)
}

/** Blocks of one file differ by less. */
const SOME_MORE = 1.03

function limited(inflation: Inflation, inflate: () => Uint8Array): Uint8Array {
  try {
    return inflate()
  } catch (error) {
    // What it would have become is not known: it is more than was allowed.
    if (isTooLong(error)) inflation.check(inflation.limit + 1)
    throw error
  }
}

function isTooLong(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
