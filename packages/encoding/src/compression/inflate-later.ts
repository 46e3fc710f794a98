import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflateRaw } from 'node:zlib'
import { Slices } from '@spillway/core'
import { Decompress } from 'fzstd'
import { FormatError } from '../bytes/format-error.js'
import type { Inflation } from './inflation.js'
import { longestZstd } from './zstd-length.js'

/** What comes out at a time. */
const PART_BYTES = 1 << 20
/** What zstd is given at a time: a block of four bytes becomes 128 KiB, so these become 16 MiB at most. */
const ZSTD_STEP_BYTES = 512

/**
 * The same as `inflateBytes`, of long data, so that nobody is held up: on threads of the pool where Node has the codec, else in
 * slices. `limit` is what it may take, or the most bytes that it may become.
 */
export async function inflateBytesLater(
  codec: 'gzip' | 'deflate' | 'zstd' | 'brotli',
  bytes: Uint8Array,
  limit: Inflation | number,
): Promise<Uint8Array> {
  const check = (length: number) => {
    if (typeof limit !== 'number') limit.check(length)
    else if (length > limit) throw new FormatError(`more than ${limit} bytes`)
  }
  const parts: Uint8Array[] = []
  let length = 0
  const take = (part: Uint8Array) => {
    length += part.length
    check(length)
    parts.push(part)
  }
  if (codec === 'zstd') {
    const longest = longestZstd(bytes)
    if (longest === undefined) throw new FormatError('its zstd frames are damaged')
    // A bound: what is known to become a number of bytes may well have a higher one.
    if (typeof limit !== 'number') limit.check(longest)
    await inflateZstd(bytes, take)
  } else {
    const stream = inflaters[codec]()
    stream.end(bytes)
    for await (const part of stream) take(part as Uint8Array)
  }
  return joined(parts, length)
}

const inflaters: Readonly<Record<'gzip' | 'deflate' | 'brotli', () => Transform>> = {
  gzip: () => createGunzip({ chunkSize: PART_BYTES }),
  deflate: () => createInflateRaw({ chunkSize: PART_BYTES }),
  brotli: () => createBrotliDecompress({ chunkSize: PART_BYTES }),
}

async function inflateZstd(bytes: Uint8Array, take: (part: Uint8Array) => void): Promise<void> {
  const slices = new Slices()
  const stream = new Decompress(take)
  for (let at = 0; at < bytes.length; at += ZSTD_STEP_BYTES) {
    const end = Math.min(bytes.length, at + ZSTD_STEP_BYTES)
    stream.push(bytes.subarray(at, end), end === bytes.length)
    if (slices.isOverNow) await slices.pause()
  }
}

async function joined(parts: readonly Uint8Array[], length: number): Promise<Uint8Array> {
  if (parts.length === 1) return parts[0]!
  const slices = new Slices()
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
    if (slices.isOverNow) await slices.pause()
  }
  return whole
}
