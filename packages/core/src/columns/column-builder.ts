import { grown, trimmed } from '../bytes/growth.js'
import { TableError } from '../errors/errors.js'
import type { DataType } from '../schema/schema.js'
import { encodeWideDecimal, type Value } from '../schema/value.js'
import type { Bitmap, BytesColumn, Column, PlainColumn } from './column.js'
import { type PhysicalKind, physicalKind } from './physical-kind.js'

/** Grows typed buffers behind `append`; `finish` hands them out trimmed and may be called once. */
export interface ColumnBuilder {
  readonly length: number
  append(value: Value | null): void
  finish(): PlainColumn
}

/** A builder for columns of `type`; undefined for nested and opaque types, which have no columns. */
export function columnBuilder(type: DataType, capacity = 64): ColumnBuilder | undefined {
  const kind = physicalKind(type)
  if (kind === undefined) return undefined
  const wideDecimal = typeof type === 'object' && type.kind === 'decimal' && kind === 'bytes'
  return wideDecimal ? new WideDecimalBuilder(capacity) : builderOf(kind, capacity)
}

function builderOf(kind: PhysicalKind, capacity = 64): ColumnBuilder {
  return kind === 'bytes' ? new BytesBuilder(capacity) : new FixedBuilder(kind, capacity)
}

/** One bit per row, allocated at the first null. */
class ValidityBuilder {
  #bits: Uint8Array | undefined

  set(row: number, valid: boolean): void {
    if (this.#bits === undefined) {
      if (valid) return
      this.#bits = new Uint8Array(Math.max(64, (row >> 3) * 2))
      this.#bits.fill(0xff, 0, row >> 3)
      this.#bits[row >> 3] = (1 << (row & 7)) - 1
    }
    this.#bits = grown(this.#bits, (row >> 3) + 1)
    if (valid) this.#bits[row >> 3]! |= 1 << (row & 7)
  }

  finish(length: number): { validity?: Bitmap | undefined } {
    return this.#bits === undefined ? {} : { validity: this.#bits.slice(0, (length + 7) >> 3) }
  }
}

class FixedBuilder implements ColumnBuilder {
  readonly #kind: 'int32' | 'float64' | 'int64'
  readonly #validity = new ValidityBuilder()
  #values: Int32Array | Float64Array | BigInt64Array
  #length = 0

  constructor(kind: 'int32' | 'float64' | 'int64', capacity: number) {
    this.#kind = kind
    this.#values = allocate(kind, capacity)
  }

  get length(): number {
    return this.#length
  }

  append(value: Value | null): void {
    const row = this.#length++
    if (row >= this.#values.length) this.#values = grown(this.#values, row + 1)
    this.#validity.set(row, value !== null)
    if (value !== null) this.#store(row, value)
  }

  #store(row: number, value: Value): void {
    if (this.#values instanceof BigInt64Array) this.#values[row] = BigInt(value as bigint)
    else this.#values[row] = Number(value)
  }

  finish(): PlainColumn {
    const values = trimmed(this.#values, this.#length)
    return { kind: this.#kind, values, ...this.#validity.finish(this.#length) } as PlainColumn
  }
}

function allocate(kind: 'int32' | 'float64' | 'int64', capacity: number) {
  if (kind === 'int32') return new Int32Array(capacity)
  return kind === 'float64' ? new Float64Array(capacity) : new BigInt64Array(capacity)
}

const utf8 = new TextEncoder()

/** Strings and bytes into one arena. */
export class BytesBuilder implements ColumnBuilder {
  readonly #validity = new ValidityBuilder()
  #offsets: Int32Array
  #data: Uint8Array
  #length = 0
  #used = 0

  constructor(capacity = 64) {
    this.#offsets = new Int32Array(capacity + 1)
    this.#data = new Uint8Array(Math.max(256, capacity * 16))
  }

  get length(): number {
    return this.#length
  }

  append(value: Value | null): void {
    if (value === null) this.#close(false)
    else if (typeof value === 'string') this.#appendString(value)
    else this.#appendBytes(value as Uint8Array)
  }

  #appendString(text: string): void {
    this.#reserve(text.length * 3)
    this.#used += utf8.encodeInto(text, this.#data.subarray(this.#used)).written
    this.#close(true)
  }

  #appendBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#data.set(bytes, this.#used)
    this.#used += bytes.length
    this.#close(true)
  }

  #reserve(extra: number): void {
    const needed = this.#used + extra
    if (needed <= this.#data.length) return
    if (this.#used + extra / 3 > 0x7fffffff) {
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        'a column of more than 2 GiB of text in one batch',
      )
    }
    this.#data = grown(this.#data, needed)
  }

  #close(valid: boolean): void {
    this.#validity.set(this.#length, valid)
    this.#length++
    if (this.#length >= this.#offsets.length) {
      this.#offsets = grown(this.#offsets, this.#length + 1)
    }
    this.#offsets[this.#length] = this.#used
  }

  finish(): BytesColumn {
    return {
      kind: 'bytes',
      offsets: trimmed(this.#offsets, this.#length + 1),
      data: trimmed(this.#data, this.#used),
      ...this.#validity.finish(this.#length),
    }
  }
}

class WideDecimalBuilder extends BytesBuilder {
  override append(value: Value | null): void {
    super.append(value === null ? null : encodeWideDecimal(value as bigint))
  }
}

/** Values that repeat (partition values) as codes into their distinct values. */
export class DictionaryBuilder {
  readonly #values: ColumnBuilder
  readonly #codeOf = new Map<Value, number>()
  readonly #validity = new ValidityBuilder()
  #codes = new Uint32Array(64)
  #length = 0

  constructor(type: DataType) {
    const values = columnBuilder(type)
    if (values === undefined) throw new TableError('INTERNAL', 'a nested type has no column')
    this.#values = values
  }

  get length(): number {
    return this.#length
  }

  append(value: Value | null): void {
    const row = this.#length++
    this.#codes = grown(this.#codes, row + 1)
    this.#validity.set(row, value !== null)
    if (value !== null) this.#codes[row] = this.#code(value)
  }

  #code(value: Value): number {
    // Equal byte arrays are different Map keys: their text stands for them.
    const key = value instanceof Uint8Array ? byteText(value) : value
    let code = this.#codeOf.get(key)
    if (code === undefined) {
      code = this.#values.length
      this.#codeOf.set(key, code)
      this.#values.append(value)
    }
    return code
  }

  finish(): Column {
    return {
      kind: 'dictionary',
      codes: trimmed(this.#codes, this.#length),
      values: this.#values.finish(),
      ...this.#validity.finish(this.#length),
    }
  }
}

/** Bytes as a text of as many characters. As many arguments would overflow the stack: long ones are put together by the byte. */
function byteText(bytes: Uint8Array): string {
  if (bytes.length <= 1024) return String.fromCharCode(...bytes)
  return Array.from(bytes, byte => String.fromCharCode(byte)).join('')
}
