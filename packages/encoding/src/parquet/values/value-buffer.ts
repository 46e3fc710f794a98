import { grown, Pace, type PlainColumn, type Steps } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import type { Inflation } from '../../compression/inflation.js'

/**
 * Values of one column chunk, nulls left out, in a buffer that grows with what is decoded: never by what a header
 * claims. `appendRaw` takes machine values as Parquet's PLAIN encoding lays them out.
 */
export interface ValueBuffer {
  readonly length: number
  /** `count` values from PLAIN bytes that hold `all`; returns how many bytes they took. */
  appendPlain(bytes: Uint8Array, count: number, all?: number): number
  /** Values of `from`, which has this buffer's kind, by index. */
  appendTaken(from: PlainColumn, codes: Uint32Array, count: number): void
  finish(): PlainColumn
}

type Numbers = Int32Array | Float64Array | BigInt64Array

/** How PLAIN bytes become numbers. */
export interface PlainNumbers<T extends Numbers> {
  readonly kind: 'int32' | 'float64' | 'int64'
  readonly empty: T
  readonly byteLength: (count: number) => number
  readonly decode: (bytes: Uint8Array, into: T, at: number, count: number) => void
  readonly copy: (values: T, into: T, at: number) => void
  /** The values of a column of this kind. */
  readonly valuesOf: (column: PlainColumn) => T
}

export class NumberBuffer<T extends Numbers> implements ValueBuffer {
  readonly #format: PlainNumbers<T>
  #values: T
  #length = 0

  constructor(format: PlainNumbers<T>) {
    this.#format = format
    this.#values = format.empty
  }

  get length(): number {
    return this.#length
  }

  appendPlain(bytes: Uint8Array, count: number): number {
    const size = this.#format.byteLength(count)
    if (size > bytes.length) throw shortPage(count, size, bytes.length)
    this.#values = grown(this.#values, this.#length + count)
    this.#format.decode(bytes, this.#values, this.#length, count)
    this.#length += count
    return size
  }

  append(values: T): void {
    this.#values = grown(this.#values, this.#length + values.length)
    this.#format.copy(values, this.#values, this.#length)
    this.#length += values.length
  }

  appendTaken(from: PlainColumn, codes: Uint32Array, count: number): void {
    this.#values = grown(this.#values, this.#length + count)
    const source = this.#format.valuesOf(from)
    for (let i = 0; i < count; i++) this.#values[this.#length + i] = source[codes[i]!]!
    this.#length += count
  }

  finish(): PlainColumn {
    const values = this.#values.subarray(0, this.#length)
    return { kind: this.#format.kind, values } as PlainColumn
  }
}

const MAX_ARENA_BYTES = 0x7fffffff

/** Texts of no more are copied word by word: the engine's own copy takes longer to begin than they take. */
const FEW_BYTES = 128

function copyWords(
  source: DataView,
  from: number,
  target: DataView,
  to: number,
  length: number,
): void {
  let at = 0
  for (; at + 4 <= length; at += 4) target.setInt32(to + at, source.getInt32(from + at))
  for (; at < length; at++) target.setUint8(to + at, source.getUint8(from + at))
}

export class BytesBuffer implements ValueBuffer {
  /** Bytes of each value; 0 when values carry their own length. */
  readonly #fixed: number
  readonly #room: Inflation | undefined
  readonly #expected: number
  #offsets = new Int32Array(64)
  #data = Buffer.alloc(0)
  #length = 0
  #used = 0
  #asked = 0

  /** `room` is asked before the bytes of values are held; `expected` values will come, at most. */
  constructor(fixed = 0, room?: Inflation, expected = 0) {
    this.#expected = expected
    this.#fixed = fixed
    this.#room = room
  }

  get length(): number {
    return this.#length
  }

  appendPlain(bytes: Uint8Array, count: number, all = count): number {
    return this.#fixed === 0
      ? this.#appendPrefixed(bytes, count, all)
      : this.#appendFixed(bytes, count)
  }

  /** PLAIN byte arrays: each a 32-bit length, then that many bytes. */
  #appendPrefixed(bytes: Uint8Array, count: number, all: number): number {
    if (count * 4 > bytes.length) throw shortPage(count, count * 4, bytes.length)
    this.#reserve(all, bytes.length - 4 * count)
    const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const target = new DataView(this.#data.buffer)
    let at = 0
    for (let i = 0; i < count; i++) {
      if (at + 4 > bytes.length) throw shortPage(count, at + 4, bytes.length)
      const length = source.getUint32(at, true)
      at += 4
      if (length > bytes.length - at) throw shortPage(count, at + length, bytes.length)
      if (length <= FEW_BYTES) copyWords(source, at, target, this.#used, length)
      else this.#data.set(bytes.subarray(at, at + length), this.#used)
      at += length
      this.#close(length)
    }
    return at
  }

  #appendFixed(bytes: Uint8Array, count: number): number {
    const size = count * this.#fixed
    if (size > bytes.length) throw shortPage(count, size, bytes.length)
    this.#reserve(count, size)
    this.#data.set(bytes.subarray(0, size), this.#used)
    for (let i = 0; i < count; i++) this.#close(this.#fixed)
    return size
  }

  /** One value: `prefix` bytes of the value before, then `suffix`. */
  append(suffix: Uint8Array, prefix = 0): void {
    this.#reserve(1, prefix + suffix.length)
    if (prefix > 0) {
      const from = this.#length === 0 ? 0 : this.#offsets[this.#length - 1]!
      if (prefix > this.#used - from) throw new FormatError('a prefix longer than the value before')
      this.#data.copyWithin(this.#used, from, from + prefix)
    }
    this.#data.set(suffix, this.#used + prefix)
    this.#close(prefix + suffix.length)
  }

  appendTaken(from: PlainColumn, codes: Uint32Array, count: number): void {
    const { offsets, data } = from as Extract<PlainColumn, { kind: 'bytes' }>
    let size = 0
    for (let i = 0; i < count; i++) size += offsets[codes[i]! + 1]! - offsets[codes[i]!]!
    this.#reserve(count, size)
    const source = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    for (let i = 0; i < count; i++) {
      const start = offsets[codes[i]!]!
      const end = offsets[codes[i]! + 1]!
      source.copy(this.#data, this.#used, start, end)
      this.#close(end - start)
    }
  }

  #reserve(values: number, size: number): void {
    this.#offsets = grown(this.#offsets, this.#length + values + 1)
    const needed = this.#used + size
    if (needed > MAX_ARENA_BYTES) {
      throw new FormatError('a column chunk of more than 2 GiB of text', { unsupported: true })
    }
    // Of what is claimed, at every claim: what is set aside beyond it must neither refuse what fits nor go unasked.
    if (needed > this.#asked) {
      this.#room?.take(needed - this.#asked)
      this.#asked = needed
    }
    if (needed <= this.#data.length) return
    const count = Math.max(1, this.#length + values)
    const likely = Math.ceil((needed / count) * this.#expected * 1.1)
    const data = grown(new Uint8Array(this.#data.buffer), needed, { likely, most: MAX_ARENA_BYTES })
    this.#data = Buffer.from(data.buffer)
  }

  #close(length: number): void {
    this.#used += length
    this.#length++
    this.#offsets[this.#length] = this.#used
  }

  finish(): PlainColumn {
    return {
      kind: 'bytes',
      offsets: this.#offsets.subarray(0, this.#length + 1),
      data: new Uint8Array(this.#data.buffer, this.#data.byteOffset, this.#used),
    }
  }
}

/** Appends values of a dictionary by their codes. */
export function* appendTaken(
  from: PlainColumn,
  codes: Uint32Array,
  into: ValueBuffer,
): Steps<void> {
  const pace = new Pace()
  let start = 0
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    const bytes = from.kind === 'bytes' ? from.offsets[code + 1]! - from.offsets[code]! : 0
    if (!pace.isOver(bytes)) continue
    into.appendTaken(from, codes.subarray(start, i + 1), i + 1 - start)
    start = i + 1
    yield
  }
  into.appendTaken(from, codes.subarray(start), codes.length - start)
}

export function shortPage(count: number, needed: number, found: number): FormatError {
  return new FormatError(`${count} values need ${needed} bytes or more, the page has ${found}`)
}
