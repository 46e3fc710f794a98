import { badHFile } from './hfile-block.js'

/** A bounds-checked position in a block: damaged lengths end in an error, never in a read past the end. */
export class HFileCursor {
  readonly bytes: Uint8Array
  readonly #view: DataView
  offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.offset = offset
  }

  get done(): boolean {
    return this.offset >= this.bytes.length
  }

  byte(): number {
    this.#need(1)
    return this.bytes[this.offset++]!
  }

  int16(): number {
    this.#need(2)
    const value = this.#view.getInt16(this.offset)
    this.offset += 2
    return value
  }

  int32(): number {
    this.#need(4)
    const value = this.#view.getInt32(this.offset)
    this.offset += 4
    return value
  }

  /** A 64-bit offset or count; past 2^53 it is damage. */
  int64(): number {
    this.#need(8)
    const value = this.#view.getBigInt64(this.offset)
    this.offset += 8
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < -1n) {
      throw badHFile(`a 64-bit number of ${value} where an offset or count was expected`)
    }
    return Number(value)
  }

  slice(length: number): Uint8Array {
    this.#need(length)
    const slice = this.bytes.subarray(this.offset, this.offset + length)
    this.offset += length
    return slice
  }

  /** Protobuf varint. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if ((byte & 0x80) === 0) return value
      scale *= 128
    }
    throw badHFile('a varint of more than 10 bytes')
  }

  /** Hadoop's WritableUtils variable-length long: one byte in -112..127, else a length byte and big-endian digits. */
  hadoopVarint(): number {
    const first = (this.byte() << 24) >> 24
    if (first >= -112) return first
    const negative = first < -120
    const length = negative ? -120 - first : -112 - first
    let value = 0
    for (let i = 0; i < length; i++) value = value * 256 + this.byte()
    return negative ? -1 - value : value
  }

  #need(length: number): void {
    if (length < 0 || this.offset + length > this.bytes.length) {
      throw badHFile(
        `${length} bytes were expected at byte ${this.offset}, ${this.bytes.length - this.offset} are left`,
      )
    }
  }
}

/** Numbered fields of a protobuf message: varints as numbers, length-delimited ones as bytes. */
export function* protobufFields(
  bytes: Uint8Array,
): Generator<{ readonly field: number; readonly value: number | Uint8Array }> {
  const cursor = new HFileCursor(bytes)
  while (!cursor.done) {
    const tag = cursor.varint()
    const field = Math.floor(tag / 8)
    switch (tag % 8) {
      case 0:
        yield { field, value: cursor.varint() }
        break
      case 1:
        cursor.slice(8)
        break
      case 2:
        yield { field, value: cursor.slice(cursor.varint()) }
        break
      case 5:
        cursor.slice(4)
        break
      default:
        throw badHFile(`protobuf wire type ${tag % 8} in the trailer`)
    }
  }
}

/** The row part of a cell key: two bytes of length, the row, then family, timestamp and type. */
export function rowOf(key: Uint8Array): Uint8Array {
  const cursor = new HFileCursor(key)
  return cursor.slice(cursor.int16())
}
