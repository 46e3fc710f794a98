import type { Steps } from '@spillway/core'
import { FormatError } from '../bytes/format-error.js'
import { snappyLength } from './snappy.js'

/** Bytes that Snappy and Zstandard become; shorter ones are many times as fast at once as in steps, and take milliseconds. */
export const LONG_IN_STEPS = 16 * 1024 ** 2

/** What is written in one step. */
const STEP_BYTES = 1 << 18

/**
 * Snappy without framing (its format_description.txt), of exactly `size` bytes, a step at a time: for pages of many megabytes,
 * over which a decoder that does not stop would hold the thread. Some times slower than one in WebAssembly.
 */
export function* decompressSnappyInSteps(bytes: Uint8Array, size: number): Steps<Uint8Array> {
  const length = snappyLength(bytes)
  if (length !== size) throw new FormatError(`snappy of ${length ?? 'no'} bytes, expected ${size}`)
  const decoder = new SnappyDecoder(bytes, size)
  while (!decoder.isDone) {
    decoder.step()
    yield
  }
  return decoder.finish()
}

class SnappyDecoder {
  readonly #bytes: Uint8Array
  readonly #output: Uint8Array
  #at: number
  #filled = 0

  constructor(bytes: Uint8Array, size: number) {
    this.#bytes = bytes
    this.#output = new Uint8Array(size)
    this.#at = 1
    while (bytes[this.#at - 1]! >= 0x80) this.#at++
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** Elements until a step's bytes are written: literals (tag 0) and copies with offsets of one, two or four bytes. */
  step(): void {
    // Locals: the loop runs over all that is written, and fields would be read again for each byte.
    const bytes = this.#bytes
    const output = this.#output
    const pauseAt = this.#filled + STEP_BYTES
    let at = this.#at
    let filled = this.#filled
    while (filled < pauseAt && at < bytes.length) {
      const tag = bytes[at++]!
      const width = extraBytes(tag)
      if (width > bytes.length - at) throw new FormatError('snappy ends inside an element')
      let extra = 0
      for (let i = 0; i < width; i++) extra |= bytes[at++]! << (8 * i)
      extra >>>= 0
      if ((tag & 3) === LITERAL) {
        const length = 1 + (width === 0 ? tag >> 2 : extra)
        const room = Math.min(bytes.length - at, output.length - filled)
        if (length > room)
          throw new FormatError(`snappy with ${length} bytes where there are ${room}`)
        const end = at + length
        // A view of a few bytes costs more than they do.
        if (length <= 32) while (at < end) output[filled++] = bytes[at++]!
        else {
          output.set(bytes.subarray(at, end), filled)
          at = end
          filled += length
        }
        continue
      }
      const isShort = (tag & 3) === COPY_1
      const offset = isShort ? ((tag >> 5) << 8) | extra : extra
      const length = isShort ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2)
      if (offset === 0 || offset > filled || length > output.length - filled) {
        throw new FormatError(`snappy that copies ${length} bytes from ${offset} before ${filled}`)
      }
      // Byte by byte: what is copied may be what was just written.
      for (const end = filled + length; filled < end; filled++) {
        output[filled] = output[filled - offset]!
      }
    }
    this.#at = at
    this.#filled = filled
  }

  finish(): Uint8Array {
    if (this.#filled === this.#output.length) return this.#output
    throw new FormatError(`snappy of ${this.#filled} bytes, expected ${this.#output.length}`)
  }
}

const LITERAL = 0
const COPY_1 = 1
const COPY_2 = 2

/** How many bytes of an element follow its tag, little-endian: a longer length, or an offset. */
function extraBytes(tag: number): number {
  switch (tag & 3) {
    case LITERAL:
      return tag >> 2 < 60 ? 0 : (tag >> 2) - 59
    case COPY_1:
      return 1
    case COPY_2:
      return 2
    default:
      return 4
  }
}
