import { Pace, type Steps } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import { type ByteRun, readVarint } from '../pages/rle-hybrid.js'
import type { BytesBuffer } from './value-buffer.js'

const MAX_BLOCK_VALUES = 1 << 20
const VALUES_A_STEP = 1 << 13

/**
 * Parquet's DELTA_BINARY_PACKED. Arithmetic wraps at `bits`, as the spec asks. Numbers are exact: 64-bit values are
 * bigint throughout. A step after some thousands of values.
 */
export function* readDeltaPacked(run: ByteRun, count: number, bits: 32 | 64): Steps<BigInt64Array> {
  const blockValues = readVarint(run)
  const miniblocks = readVarint(run)
  const total = readVarint(run)
  const perMiniblock = blockValues / miniblocks
  if (
    !(miniblocks > 0 && Number.isInteger(perMiniblock) && perMiniblock > 0) ||
    blockValues > MAX_BLOCK_VALUES ||
    total < count
  ) {
    throw new FormatError(
      `a delta block of ${blockValues} values in ${miniblocks} parts, ${total} of ${count} in all`,
    )
  }
  const values = new BigInt64Array(Math.min(count, (run.end - run.at + 1) * blockValues))
  let value = readZigzag(run)
  let filled = 0
  if (count > 0) values[filled++] = value
  while (filled < count) {
    const minDelta = readZigzag(run)
    const widths = take(run, miniblocks)
    for (let block = 0; block < miniblocks && filled < count; block++) {
      const width = widths[block]!
      if (width > 64) throw new FormatError(`a bit width of ${width}`)
      const packed = take(run, (width * perMiniblock) / 8, true)
      for (let i = 0; i < perMiniblock && filled < count; i++) {
        const delta = minDelta + unpackOne(packed, i * width, width)
        value = bits === 32 ? BigInt.asIntN(32, value + delta) : BigInt.asIntN(64, value + delta)
        values[filled++] = value
        if (filled % VALUES_A_STEP === 0) yield
      }
    }
  }
  return values
}

function unpackOne(packed: Uint8Array, bitOffset: number, width: number): bigint {
  if (width === 0) return 0n
  const first = bitOffset >> 3
  const last = (bitOffset + width + 7) >> 3
  if (last > packed.length) throw new FormatError('delta values end early')
  if (width <= 24) {
    const bits =
      (packed[first]! |
        ((packed[first + 1] ?? 0) << 8) |
        ((packed[first + 2] ?? 0) << 16) |
        ((packed[first + 3] ?? 0) << 24)) >>>
      (bitOffset & 7)
    return BigInt(bits & ((1 << width) - 1))
  }
  let bits = 0n
  for (let i = last - 1; i >= first; i--) bits = (bits << 8n) | BigInt(packed[i]!)
  return (bits >> BigInt(bitOffset & 7)) & ((1n << BigInt(width)) - 1n)
}

/** The bytes of the last miniblock may be missing where no value needs them. */
function take(run: ByteRun, length: number, mayBeShort = false): Uint8Array {
  const end = run.at + length
  if (end > run.end && !mayBeShort) throw new FormatError('delta values end early')
  const bytes = run.bytes.subarray(run.at, Math.min(end, run.end))
  run.at = Math.min(end, run.end)
  return bytes
}

function readZigzag(run: ByteRun): bigint {
  let result = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = run.at < run.end ? run.bytes[run.at++]! : undefined
    if (byte === undefined) throw new FormatError('delta values end early')
    result |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asIntN(64, (result >> 1n) ^ -(result & 1n))
  }
  throw new FormatError('a delta of more than 10 bytes')
}

/** DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes. */
export function* readDeltaLengths(run: ByteRun, count: number, into: BytesBuffer): Steps<void> {
  const lengths = yield* readDeltaPacked(run, count, 32)
  const pace = new Pace()
  for (const length of lengths) {
    into.append(sized(run, length))
    if (pace.isOver(Number(length))) yield
  }
}

/** DELTA_BYTE_ARRAY: how much each value shares with the one before, then the rest of each. */
export function* readDeltaPrefixed(run: ByteRun, count: number, into: BytesBuffer): Steps<void> {
  const prefixes = yield* readDeltaPacked(run, count, 32)
  const lengths = yield* readDeltaPacked(run, count, 32)
  const pace = new Pace()
  for (let i = 0; i < count; i++) {
    const prefix = Number(prefixes[i]!)
    if (prefix < 0 || (i === 0 && prefix > 0)) throw new FormatError(`a prefix of ${prefix} bytes`)
    const suffix = sized(run, lengths[i]!)
    into.append(suffix, prefix)
    if (pace.isOver(prefix + suffix.length)) yield
  }
}

function sized(run: ByteRun, length: bigint): Uint8Array {
  if (length < 0n || length > BigInt(run.end - run.at)) {
    throw new FormatError(`a value of ${length} bytes, ${run.end - run.at} are left`)
  }
  return take(run, Number(length))
}
