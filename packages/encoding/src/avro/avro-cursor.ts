import {
  DEFAULT_BUDGETS,
  type ReadBudgets,
  requireWithin,
  type Steps,
  TableError,
} from '@spillway/core'
import type { AvroWeight } from './avro-weight.js'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
const TWO_27 = 2 ** 27
/** A text of more is decoded in pieces of as much: a piece takes up to three milliseconds. */
const TEXT_PIECE = 256 * 1024

/** Reads Avro's binary encoding (Avro 1.12, "Binary Encoding") from a position that it moves. */
export class AvroCursor {
  readonly bytes: Uint8Array
  readonly #view: DataView
  pos = 0
  /** How deep in types that contain themselves. */
  depth = 0
  readonly #budgets: ReadBudgets
  #values = 0

  constructor(bytes: Uint8Array, budgets: ReadBudgets = DEFAULT_BUDGETS) {
    this.#budgets = budgets
    // Never a Buffer: its slice() would not copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Throws once a read has gone past the end; reads check lazily, so this is called once a record. */
  check(): void {
    if (this.pos > this.bytes.length) throw truncated(this.bytes.length)
  }

  /** Moves over `length` bytes and returns where they began. */
  take(length: number): number {
    const start = this.pos
    if (!(length >= 0) || length > this.bytes.length - start) throw truncated(this.bytes.length)
    this.pos = start + length
    return start
  }

  /** An int, or a long within 2^53. */
  readLong(): number {
    const { bytes } = this
    let { pos } = this
    let byte = bytes[pos++]!
    let low = byte & 0x7f
    for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
      byte = bytes[pos++]!
      low |= (byte & 0x7f) << shift
    }
    if (byte >= 0x80) return this.#readLarge(low, pos)
    // Past the end a typed array yields undefined, which no comparison admits.
    if (byte === undefined) throw truncated(bytes.length)
    this.pos = pos
    return (low >>> 1) ^ -(low & 1)
  }

  /** What follows the first four bytes of a long. */
  #readLarge(low: number, start: number): number {
    let high = 0
    let pos = start
    let byte = 0x80
    for (let scale = 1; byte >= 0x80; scale *= 128) {
      if (pos - start === 6) throw new TableError('TABLE_CORRUPT', 'an Avro long of over 10 bytes')
      byte = this.bytes[pos++]!
      if (byte === undefined) throw truncated(this.bytes.length)
      high += (byte & 0x7f) * scale
    }
    if (high >= 2 ** 26) {
      throw new TableError('TABLE_CORRUPT', 'expected a count or size, found a number over 2^53')
    }
    this.pos = pos
    const half = high * TWO_27 + (low >>> 1)
    return (low & 1) === 0 ? half : -half - 1
  }

  /** Any long. */
  readBigLong(): bigint {
    let value = 0n
    let shift = 0n
    for (;;) {
      const byte = this.bytes[this.pos++]
      if (byte === undefined) throw truncated(this.bytes.length)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
      shift += 7n
      if (shift > 63n) throw new TableError('TABLE_CORRUPT', 'an Avro long of over 10 bytes')
    }
  }

  skipLong(): void {
    const { bytes } = this
    let { pos } = this
    while (bytes[pos]! >= 0x80) pos++
    this.pos = pos + 1
  }

  skipLongs(count: number): void {
    const { bytes } = this
    let { pos } = this
    for (let left = count; left > 0; left--) {
      while (bytes[pos]! >= 0x80) pos++
      pos++
    }
    this.pos = pos
  }

  /** Passes over `count` times a long, and bytes or a string. */
  skipKeyedBytes(count: number): void {
    const { bytes } = this
    for (let left = count; left > 0; left--) {
      let { pos } = this
      while (bytes[pos]! >= 0x80) pos++
      const length = bytes[++pos]!
      // Of one byte nearly always, and no negative number.
      if (length < 0x80 && (length & 1) === 0 && pos + 1 + (length >>> 1) <= bytes.length) {
        this.pos = pos + 1 + (length >>> 1)
      } else {
        this.pos = pos
        this.skipBytes()
      }
    }
  }

  /** The length of bytes or a string, checked against what is left. */
  readLength(): number {
    const length = this.readLong()
    if (length < 0 || length > this.bytes.length - this.pos) throw truncated(this.bytes.length)
    return length
  }

  skipBytes(): void {
    const length = this.readLength()
    this.pos += length
  }

  readBytes(): Uint8Array {
    const length = this.readLength()
    const start = this.take(length)
    return this.bytes.subarray(start, start + length)
  }

  readString(): string {
    const bytes = this.readBytes()
    try {
      return utf8.decode(bytes)
    } catch (cause) {
      throw notUtf8(cause)
    }
  }

  /** True where the bytes or the text at hand take long to decode. Does not move. */
  get isLongText(): boolean {
    const { pos } = this
    const length = this.readLong()
    this.pos = pos
    return length > TEXT_PIECE
  }

  /** The text that `readString` reads, in steps. */
  *textSteps(): Steps<string> {
    const bytes = this.readBytes()
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
    let text = ''
    try {
      for (let start = 0; start < bytes.length; start += TEXT_PIECE) {
        if (start > 0) yield
        text += decoder.decode(bytes.subarray(start, start + TEXT_PIECE), { stream: true })
      }
      return text + decoder.decode()
    } catch (cause) {
      throw notUtf8(cause)
    }
  }

  readBoolean(): boolean {
    return this.bytes[this.take(1)] !== 0
  }

  readFloat(): number {
    return this.#view.getFloat32(this.take(4), true)
  }

  readDouble(): number {
    return this.#view.getFloat64(this.take(8), true)
  }

  /**
   * The item count of the next block of an array or map, 0 at its end, held to what the items weigh. A negative count is
   * followed by the block's size in bytes, which is passed over.
   */
  readBlockCount(item: AvroWeight): number {
    const count = this.readLong()
    if (count >= 0) return this.plausible(count, item)
    this.readLong()
    return this.plausible(-count, item)
  }

  /** `count` items, unless the bytes that are left cannot hold them, or too many of them are held in no bytes. */
  plausible(count: number, item: AvroWeight): number {
    if (count * item.bytes > this.bytes.length - this.pos) throw truncated(this.bytes.length)
    if (item.held > 0) this.hold(count * item.held)
    return count
  }

  /** Counts values that are gone through, or held, beyond what the bytes of this data themselves bound. */
  hold(values: number): void {
    this.#values += values
    if (this.#values <= this.#budgets.documentValues) return
    const observed = this.#values
    const what = 'Avro data'
    requireWithin(this.#budgets, 'documentValues', { what, observed, unit: 'values in lists' })
  }

  /** Which of `size` branches of a union follows. */
  readBranch(size: number): number {
    const branch = this.readLong()
    if (branch < 0 || branch >= size) {
      throw new TableError(
        'TABLE_CORRUPT',
        `expected a union of ${size} types, found type ${branch}`,
      )
    }
    return branch
  }
}

function notUtf8(cause: unknown): TableError {
  return new TableError('TABLE_CORRUPT', 'expected an Avro string in UTF-8', { cause })
}

function truncated(length: number): TableError {
  return new TableError('TABLE_CORRUPT', `Avro data ends early, after ${length} bytes`)
}
