import {
  ByteArena,
  type BytesColumn,
  type Column,
  compareBytes,
  type DataType,
  encodeWideDecimal,
  physicalKind,
  readBytes,
  type Steps,
} from '@spillway/core'
import { decodeSingleValue, decodeUnscaled } from './single-value.js'

/** Bounds of one column of consecutive files, from their binary form. Rows never set are null: unknown. */
export interface BoundWriter {
  /** Rows ascending. Bytes that say nothing about `type` leave the row null. */
  set(row: number, bytes: Uint8Array, start: number, end: number): void
  unset(row: number): void
  finish(): Column
}

export type BoundSide = 'lower' | 'upper'

/** A writer of bounds of a column of `type`; undefined for types that have none. */
export function boundWriter(
  type: DataType,
  length: number,
  side: BoundSide,
): BoundWriter | undefined {
  switch (physicalKind(type)) {
    case 'int32':
      return new NumberWriter(new Int32Array(length), type)
    case 'float64':
      return new NumberWriter(new Float64Array(length), type)
    case 'int64':
      return new LongWriter(length, type)
    case 'bytes':
      return new BytesWriter(length, type, side)
    default:
      return undefined
  }
}

class Validity {
  readonly bits: Uint8Array

  constructor(length: number) {
    this.bits = new Uint8Array((length + 7) >> 3)
  }

  set(row: number): void {
    this.bits[row >> 3]! |= 1 << (row & 7)
  }

  clear(row: number): void {
    this.bits[row >> 3]! &= ~(1 << (row & 7))
  }
}

class NumberWriter implements BoundWriter {
  readonly #values: Int32Array | Float64Array
  readonly #type: DataType
  readonly #validity: Validity

  constructor(values: Int32Array | Float64Array, type: DataType) {
    this.#values = values
    this.#type = type
    this.#validity = new Validity(values.length)
  }

  set(row: number, bytes: Uint8Array, start: number, end: number): void {
    const value = decodeSingleValue(bytes.subarray(start, end), this.#type)
    if (value === undefined) return
    this.#values[row] = Number(value)
    this.#validity.set(row)
  }

  unset(row: number): void {
    this.#validity.clear(row)
  }

  finish(): Column {
    const validity = this.#validity.bits
    return this.#values instanceof Int32Array
      ? { kind: 'int32', values: this.#values, validity }
      : { kind: 'float64', values: this.#values, validity }
  }
}

class LongWriter implements BoundWriter {
  readonly #values: BigInt64Array
  readonly #halves: Int32Array
  readonly #type: DataType
  readonly #validity: Validity

  constructor(length: number, type: DataType) {
    this.#values = new BigInt64Array(length)
    this.#halves = new Int32Array(this.#values.buffer)
    this.#type = type
    this.#validity = new Validity(length)
  }

  // Eight bytes are copied as two halves: a bigint a bound would cost more than everything else.
  set(row: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start === 8 && typeof this.#type === 'string') {
      this.#halves[2 * row] = littleEndian(bytes, start)
      this.#halves[2 * row + 1] = littleEndian(bytes, start + 4)
    } else {
      const value = decodeSingleValue(bytes.subarray(start, end), this.#type)
      if (value === undefined) return
      this.#values[row] = value as bigint
      if (this.#values[row] !== value) return
    }
    this.#validity.set(row)
  }

  unset(row: number): void {
    this.#validity.clear(row)
  }

  finish(): Column {
    return { kind: 'int64', values: this.#values, validity: this.#validity.bits }
  }
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

class BytesWriter implements BoundWriter {
  readonly #arena: ByteArena
  readonly #length: number
  readonly #decimal: boolean
  readonly #uuidTail: number
  readonly #type: DataType
  readonly #validity: Validity

  constructor(length: number, type: DataType, side: BoundSide) {
    this.#uuidTail = side === 'lower' ? 0 : 0xff
    this.#arena = new ByteArena(length, 16)
    this.#length = length
    this.#type = type
    this.#decimal = typeof type === 'object' && type.kind === 'decimal'
    this.#validity = new Validity(length)
  }

  set(row: number, bytes: Uint8Array, start: number, end: number): void {
    this.#arena.fillTo(row)
    if (this.#decimal) {
      if (decodeSingleValue(bytes.subarray(start, end), this.#type) === undefined) return
      this.#arena.append(encodeWideDecimal(decodeUnscaled(bytes.subarray(start, end))), 0, 16)
    } else if (this.#type === 'uuid') {
      if (end - start !== 16) return
      this.#arena.append(widenUuid(bytes.slice(start, end), this.#uuidTail), 0, 16)
    } else this.#arena.append(bytes, start, end)
    this.#validity.set(row)
  }

  unset(row: number): void {
    this.#validity.clear(row)
  }

  finish(): Column {
    this.#arena.fillTo(this.#length)
    return { ...this.#arena.finish(), validity: this.#validity.bits }
  }
}

/** Java orders UUIDs by signed halves: within one first half its bounds say nothing in our order. */
function widenUuid(bytes: Uint8Array, tail: number): Uint8Array {
  return bytes.fill(tail, 8)
}

/** Rows whose bounds are compared at once: a millisecond or two. */
const ROWS_IN_A_STEP = 16 * 1024

/**
 * Forgets bounds that contradict each other: whoever wrote a lower above an upper did not order values as we do. So it
 * is with UUIDs of both signs in Java's order; one bound alone does not tell, so it goes too.
 */
export function* dropContradictions(
  lower: Column,
  upper: Column,
  options: {
    readonly rows: Uint32Array
    readonly uuid: boolean
    readonly drop: (row: number) => void
  },
): Steps<void> {
  let looked = 0
  for (const row of options.rows) {
    if (++looked % ROWS_IN_A_STEP === 0) yield
    const valid = has(lower, row) && has(upper, row)
    const bad = valid ? isAbove(lower, upper, row) : options.uuid
    if (bad) options.drop(row)
  }
}

function has(column: Column, row: number): boolean {
  return (column.validity![row >> 3]! & (1 << (row & 7))) !== 0
}

function isAbove(lower: Column, upper: Column, row: number): boolean {
  if (lower.kind === 'bytes') {
    const low = readBytes(lower, row)
    const high = readBytes(upper as BytesColumn, row)
    return compareBytes(low, high) > 0
  }
  if (lower.kind === 'dictionary' || upper.kind === 'dictionary' || upper.kind === 'bytes')
    return false
  return lower.values[row]! > upper.values[row]!
}
