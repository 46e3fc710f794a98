import type { Steps } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'

/** Values, or runs, of one step: a multiple of eight, as values are packed. Each takes nanoseconds. */
const IN_A_STEP = 1 << 16

/** A part of a buffer, read from `at` on. */
export interface ByteRun {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
}

/**
 * Decodes `count` values of parquet-format's RLE / bit-packing hybrid into `out` from `from` on. `out` has the room:
 * runs are cut at `count`, whatever length they claim. In steps: some writers make one page of millions of values.
 */
export function* readHybrid(
  run: ByteRun,
  bitWidth: number,
  out: Uint8Array | Uint32Array,
  range: { readonly from: number; readonly count: number },
): Steps<void> {
  if (bitWidth > 32) throw new FormatError(`a bit width of ${bitWidth}`)
  const end = range.from + range.count
  let filled = range.from
  if (bitWidth === 0) {
    yield* fill(0, out, filled, end)
    return
  }
  let done = 0
  while (filled < end) {
    const header = readVarint(run)
    const claimed = Math.floor(header / 2)
    if ((header & 1) === 0) {
      const stop = Math.min(end, filled + claimed)
      yield* fill(readRepeated(run, bitWidth), out, filled, stop)
      filled = stop
    } else {
      const stop = Math.min(end, filled + claimed * 8)
      // The last group may be cut off after the values that count.
      const behind = Math.min(run.end, run.at + claimed * bitWidth)
      for (; filled < stop; filled += IN_A_STEP) {
        const count = Math.min(stop - filled, IN_A_STEP)
        unpack(run, bitWidth, out, { from: filled, count })
        run.at += (IN_A_STEP / 8) * bitWidth
        done += count
        if (done < IN_A_STEP) continue
        done = 0
        yield
      }
      filled = stop
      run.at = behind
    }
    // A run of no values is a run as well.
    if (++done < IN_A_STEP) continue
    done = 0
    yield
  }
}

/** The engine's own way of it takes a fraction of a nanosecond for each. */
const FILLED_IN_A_STEP = IN_A_STEP * 16

function* fill(
  value: number,
  out: Uint8Array | Uint32Array,
  from: number,
  to: number,
): Steps<void> {
  for (let at = from; at < to; at += FILLED_IN_A_STEP) {
    out.fill(value, at, Math.min(to, at + FILLED_IN_A_STEP))
    if (to - at > FILLED_IN_A_STEP) yield
  }
}

/** An unsigned LEB128 number of at most 32 bits. */
export function readVarint(run: ByteRun): number {
  let result = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = run.at < run.end ? run.bytes[run.at++]! : undefined
    if (byte === undefined) throw new FormatError('encoded values end early')
    result += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return result
  }
  throw new FormatError('a length of more than 5 bytes')
}

function readRepeated(run: ByteRun, bitWidth: number): number {
  const width = (bitWidth + 7) >> 3
  if (width > run.end - run.at) throw new FormatError('encoded values end early')
  let value = 0
  for (let i = 0; i < width; i++) value += run.bytes[run.at++]! * 2 ** (8 * i)
  return value
}

/** Values packed from the least significant bit on; `run` is not advanced. */
function unpack(
  run: ByteRun,
  bitWidth: number,
  out: Uint8Array | Uint32Array,
  range: { readonly from: number; readonly count: number },
): void {
  if (Math.ceil((range.count * bitWidth) / 8) > run.end - run.at) {
    throw new FormatError('bit-packed values end early')
  }
  if (bitWidth > 24) unpackWide(run, bitWidth, out, range)
  else unpackNarrow(run, bitWidth, out, range)
}

/** Up to 24 bits: an accumulator of 32 bits never overflows. */
function unpackNarrow(
  { bytes, at }: ByteRun,
  bitWidth: number,
  out: Uint8Array | Uint32Array,
  { from, count }: { readonly from: number; readonly count: number },
): void {
  const mask = (1 << bitWidth) - 1
  let position = at
  let bits = 0
  let held = 0
  for (let i = from; i < from + count; i++) {
    while (held < bitWidth) {
      bits |= bytes[position++]! << held
      held += 8
    }
    out[i] = bits & mask
    bits >>>= bitWidth
    held -= bitWidth
  }
}

/** Up to 32 bits: at most 39 are held, which a double does exactly. */
function unpackWide(
  { bytes, at }: ByteRun,
  bitWidth: number,
  out: Uint8Array | Uint32Array,
  { from, count }: { readonly from: number; readonly count: number },
): void {
  const modulus = 2 ** bitWidth
  let position = at
  let bits = 0
  let held = 0
  for (let i = from; i < from + count; i++) {
    while (held < bitWidth) {
      bits += bytes[position++]! * 2 ** held
      held += 8
    }
    out[i] = bits % modulus
    bits = Math.floor(bits / modulus)
    held -= bitWidth
  }
}
