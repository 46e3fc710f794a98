import type { Steps } from '@spillway/core'
import { FormatError } from '../bytes/format-error.js'

/** A decoded Thrift struct: values by field id. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>
export type ThriftValue =
  | boolean
  | number
  | bigint
  | Uint8Array
  | readonly ThriftValue[]
  | ThriftStruct

const MAX_DEPTH = 32
/** The depth to which lists of structs are read in steps: a footer's row groups are above it, their columns are not. */
const STEPS_DEPTH = 2
const ELEMENTS_A_STEP = 256
/** The least that a struct is taken to need: of a writer's own, names and numbers in them, few are shorter; SMALL_STRUCTS may be. */
const BYTES_PER_STRUCT = 8
const SMALL_STRUCTS = 100_000

const STOP = 0
const TRUE = 1
const FALSE = 2
const BYTE = 3
const I16 = 4
const I32 = 5
const I64 = 6
const DOUBLE = 7
const BINARY = 8
const LIST = 9
const SET = 10
const MAP = 11
const STRUCT = 12
const UUID = 13

/**
 * Reads one struct of the Thrift compact protocol from `start`. Every length is checked against what is left, and structs are
 * counted: one of no fields is a byte that becomes a map. So the memory used is bounded by the bytes given. 64-bit integers that a double holds exactly come back as numbers.
 */
export function readThriftStruct(
  bytes: Uint8Array,
  start = 0,
): { readonly struct: ThriftStruct; readonly end: number } {
  const reader = new CompactReader(bytes, start)
  const struct = reader.struct(0)
  return { struct, end: reader.offset }
}

/** `readThriftStruct` with a step after some elements of each list of structs that lies no deeper than a footer's columns do. */
export function* readThriftInSteps(
  bytes: Uint8Array,
  start = 0,
): Steps<{ readonly struct: ThriftStruct; readonly end: number }> {
  const reader = new CompactReader(bytes, start)
  const struct = yield* reader.structInSteps(0)
  return { struct, end: reader.offset }
}

const utf8 = new TextDecoder()

/** A Thrift binary as text. */
export function text(value: ThriftValue | undefined): string {
  return value instanceof Uint8Array ? utf8.decode(value) : ''
}

/** A Thrift number; undefined for anything else, and for 64-bit numbers beyond 2^53. */
export function integer(value: ThriftValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** The structs of a Thrift list; none where it is absent. */
export function structs(value: ThriftValue | undefined): readonly ThriftStruct[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new FormatError('expected a list of structs')
  return value.map(item => struct(item, 'expected a struct'))
}

function struct(value: ThriftValue | undefined, otherwise: string): ThriftStruct {
  if (!(value instanceof Map)) throw new FormatError(otherwise)
  return value as ThriftStruct
}

/** A Thrift number that counts something: `what` is said where it is none. */
export function natural(value: ThriftValue | undefined, what: string): number {
  if (typeof value === 'number' && value >= 0) return value
  throw new FormatError(`${what} is ${String(value)}`)
}

class CompactReader {
  readonly #bytes: Uint8Array
  #structsLeft: number
  offset: number

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes
    this.#structsLeft = SMALL_STRUCTS + Math.floor((bytes.length - start) / BYTES_PER_STRUCT)
    this.offset = start
  }

  struct(depth: number): ThriftStruct {
    this.#count(depth)
    const fields = new Map<number, ThriftValue>()
    let id = 0
    for (;;) {
      const header = this.#byte()
      const type = header & 0x0f
      if (type === STOP) return fields
      id = header >> 4 === 0 ? this.#zigzag32() : id + (header >> 4)
      fields.set(id, this.#value(type, depth))
    }
  }

  *structInSteps(depth: number): Steps<ThriftStruct> {
    this.#count(depth)
    const fields = new Map<number, ThriftValue>()
    let id = 0
    for (;;) {
      const header = this.#byte()
      const type = header & 0x0f
      if (type === STOP) return fields
      id = header >> 4 === 0 ? this.#zigzag32() : id + (header >> 4)
      fields.set(id, type === LIST ? yield* this.#listInSteps(depth) : this.#value(type, depth))
    }
  }

  *#listInSteps(depth: number): Steps<readonly ThriftValue[]> {
    const { size, type } = this.#listHeader(depth)
    const isNear = type === STRUCT && depth < STEPS_DEPTH
    const items: ThriftValue[] = []
    for (let i = 0; i < size; i++) {
      items.push(isNear ? yield* this.structInSteps(depth + 2) : this.#element(type, depth))
      if (i % ELEMENTS_A_STEP === ELEMENTS_A_STEP - 1) yield
    }
    return items
  }

  #count(depth: number): void {
    if (depth > MAX_DEPTH) throw new FormatError(`structs nested more than ${MAX_DEPTH} deep`)
    if (--this.#structsLeft < 0) throw new FormatError('more structs than its bytes are worth')
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case TRUE:
        return true
      case FALSE:
        return false
      case BYTE:
        return (this.#byte() << 24) >> 24
      case I16:
      case I32:
        return this.#zigzag32()
      case I64:
        return this.#zigzag64()
      case DOUBLE: {
        const raw = this.#take(8)
        return new DataView(raw.buffer, raw.byteOffset, 8).getFloat64(0, true)
      }
      case BINARY:
        return this.#take(this.#varint32())
      case LIST:
      case SET:
        return this.#list(depth)
      case MAP:
        return this.#map(depth)
      case STRUCT:
        return this.struct(depth + 1)
      case UUID:
        return this.#take(16)
      default:
        throw new FormatError(`unknown type ${type} at byte ${this.offset}`)
    }
  }

  #list(depth: number): readonly ThriftValue[] {
    const { size, type } = this.#listHeader(depth)
    const items: ThriftValue[] = []
    for (let i = 0; i < size; i++) items.push(this.#element(type, depth))
    return items
  }

  #listHeader(depth: number): { readonly size: number; readonly type: number } {
    const header = this.#byte()
    const size = header >> 4 === 15 ? this.#varint32() : header >> 4
    if (size > this.#bytes.length - this.offset) {
      throw new FormatError(`a list of ${size} at byte ${this.offset} runs over the end`)
    }
    if (depth > MAX_DEPTH) throw new FormatError(`lists nested more than ${MAX_DEPTH} deep`)
    return { size, type: header & 0x0f }
  }

  /** Booleans take a byte of their own in collections. */
  #element(type: number, depth: number): ThriftValue {
    return type === TRUE || type === FALSE ? this.#byte() === TRUE : this.#value(type, depth + 1)
  }

  /** Parquet has none; read over, as pairs. */
  #map(depth: number): readonly ThriftValue[] {
    const size = this.#varint32()
    if (size === 0) return []
    if (size > this.#bytes.length - this.offset || depth > MAX_DEPTH) {
      throw new FormatError(`a map of ${size} at byte ${this.offset} runs over the end`)
    }
    const types = this.#byte()
    const pairs: ThriftValue[] = []
    for (let i = 0; i < size; i++) {
      pairs.push(this.#element(types >> 4, depth), this.#element(types & 0x0f, depth))
    }
    return pairs
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.offset) {
      throw new FormatError(`${length} bytes at byte ${this.offset} run over the end`)
    }
    this.offset += length
    return this.#bytes.subarray(this.offset - length, this.offset)
  }

  #byte(): number {
    if (this.offset >= this.#bytes.length) throw new FormatError('ends inside a struct')
    return this.#bytes[this.offset++]!
  }

  #varint32(): number {
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte()
      // Of the fifth byte four bits are left: what is beyond them would be lost.
      if (shift === 28 && byte > 0x0f) break
      result |= (byte & 0x7f) << shift
      if (byte < 0x80) return result >>> 0
    }
    throw new FormatError(`a number of more than 32 bits at byte ${this.offset}`)
  }

  #zigzag32(): number {
    const raw = this.#varint32()
    return (raw >>> 1) ^ -(raw & 1)
  }

  #zigzag64(): number | bigint {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        const value = BigInt.asIntN(64, (result >> 1n) ^ -(result & 1n))
        const number = Number(value)
        return Number.isSafeInteger(number) ? number : value
      }
    }
    throw new FormatError(`a 64-bit number of more than 10 bytes at byte ${this.offset}`)
  }
}
