import { deflateRawSync } from 'node:zlib'

const utf8 = new TextEncoder()

/** Appends Avro's binary encoding to a growing buffer. */
export class AvroWriter {
  #bytes = new Uint8Array(1 << 16)
  #length = 0

  get length(): number {
    return this.#length
  }

  long(value: number | bigint): this {
    if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 30) {
      return this.#varint((value << 1) ^ (value >> 31))
    }
    let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
    for (; rest >= 0x80n; rest >>= 7n) this.byte(Number(rest & 0x7fn) | 0x80)
    return this.byte(Number(rest))
  }

  #varint(zigzag: number): this {
    let rest = zigzag >>> 0
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80)
    return this.byte(rest)
  }

  byte(value: number): this {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
    return this
  }

  boolean(value: boolean): this {
    return this.byte(value ? 1 : 0)
  }

  /** Bytes or text behind their length. */
  bytes(value: Uint8Array | string): this {
    const bytes = typeof value === 'string' ? utf8.encode(value) : value
    return this.long(bytes.length).raw(bytes)
  }

  /** Bytes as they are: a fixed value, or something encoded already. */
  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  float(value: number): this {
    return this.raw(new Uint8Array(Float32Array.of(value).buffer))
  }

  double(value: number): this {
    return this.raw(new Uint8Array(Float64Array.of(value).buffer))
  }

  /** A value of a union of null and something, in this order. */
  optional<T>(value: T | null | undefined, write: (value: T) => void): this {
    this.long(value === null || value === undefined ? 0 : 1)
    if (value !== null && value !== undefined) write(value)
    return this
  }

  /** The items of an array in one block. */
  array<T>(items: readonly T[], write: (item: T) => void): this {
    if (items.length > 0) this.long(items.length)
    for (const item of items) write(item)
    return this.long(0)
  }

  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return taken
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extra))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

export interface AvroFileOptions {
  /** The schema as JSON. */
  readonly schema: unknown
  readonly codec?: 'null' | 'deflate'
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** A block ends once it holds this many bytes. Default 64,000, as Java's writer has it. */
  readonly blockBytes?: number
}

const SYNC = utf8.encode('sixteen byte sync').slice(0, 16)

/** An Avro object container file of `rows`, each written by `write`. */
export function avroFile<T>(
  options: AvroFileOptions,
  rows: Iterable<T>,
  write: (out: AvroWriter, row: T) => void,
): Uint8Array {
  const { codec = 'null', blockBytes = 64_000 } = options
  const file = new AvroWriter()
  const block = new AvroWriter()
  const entries = Object.entries({
    'avro.schema': JSON.stringify(options.schema),
    'avro.codec': codec,
    ...options.metadata,
  })
  file.raw(Uint8Array.of(0x4f, 0x62, 0x6a, 1)).array(entries, ([key, value]) => {
    file.bytes(key).bytes(value)
  })
  file.raw(SYNC)
  let count = 0
  const close = () => {
    if (count === 0) return
    const bytes = block.take()
    file.long(count).bytes(codec === 'deflate' ? deflateRawSync(bytes, { level: 1 }) : bytes)
    file.raw(SYNC)
    count = 0
  }
  for (const row of rows) {
    write(block, row)
    count++
    if (block.length >= blockBytes) close()
  }
  close()
  return file.take()
}
