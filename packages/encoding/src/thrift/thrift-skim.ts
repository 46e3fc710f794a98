import { FormatError } from '../bytes/format-error.js'
import { readThriftStruct, type ThriftStruct } from './thrift.js'

const MAX_DEPTH = 32
const STOP = 0
const BYTE = 3
const I16 = 4
const I64 = 6
const DOUBLE = 7
const BINARY = 8
const LIST = 9
const SET = 10
const MAP = 11
const STRUCT = 12
const UUID = 13

/**
 * Walks structs of the Thrift compact protocol and reads only what is asked for; the rest is passed over.
 * `for (let id = skimmer.next(0); id > 0; id = skimmer.next(id))` goes through one, and its body passes over each value.
 */
export class ThriftSkimmer {
  readonly #bytes: Uint8Array
  /** Where the next value begins. */
  offset = 0
  /** The Thrift type of the value at hand. */
  type = STOP

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The id of the field behind `last`; 0 where the struct ends. */
  next(last: number): number {
    const header = this.#byte()
    this.type = header & 0x0f
    if (this.type === STOP) return 0
    if (header >> 4 !== 0) return last + (header >> 4)
    const raw = this.#varint()
    const id = raw % 2 === 0 ? raw / 2 : 0
    if (id === 0) throw new FormatError(`a field without an id at byte ${this.offset}`)
    return id
  }

  /** How many structs the list at hand has; each begins where the one before it ends. */
  structCount(): number {
    const { count, type } = this.#list(this.type)
    if (type !== STRUCT && count > 0) throw new FormatError('expected a list of structs')
    return count
  }

  /** The list of structs at hand, read. */
  structs(): readonly ThriftStruct[] {
    return Array.from({ length: this.structCount() }, () => {
      const { struct, end } = readThriftStruct(this.#bytes, this.offset)
      this.offset = end
      return struct
    })
  }

  structAt(offset: number): ThriftStruct {
    return readThriftStruct(this.#bytes, offset).struct
  }

  /** The binary value at hand; undefined where it is of another type. */
  binary(): Uint8Array | undefined {
    if (this.type !== BINARY) {
      this.skip()
      return undefined
    }
    const length = this.#varint()
    this.#pass(length)
    return this.#bytes.subarray(this.offset - length, this.offset)
  }

  /** The whole number at hand, exact up to 2^53; undefined where it is of another type. */
  integer(): number | undefined {
    if (this.type < I16 || this.type > I64) {
      this.skip()
      return undefined
    }
    const raw = this.#varint()
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
  }

  /** Passes over the value at hand. */
  skip(): void {
    this.#skip(this.type, 0)
  }

  #skip(type: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new FormatError(`structs nested more than ${MAX_DEPTH} deep`)
    // Booleans are in their headers.
    if (type < BYTE) return
    if (type >= I16 && type <= I64) this.#varint()
    else if (type === BINARY) this.#pass(this.#varint())
    else if (type === STRUCT) {
      for (let id = this.next(0); id > 0; id = this.next(id)) this.#skip(this.type, depth + 1)
    } else if (type === LIST || type === SET) {
      const { count, type: inner } = this.#list(type)
      for (let i = 0; i < count; i++) this.#skipElement(inner, depth)
    } else this.#skipRare(type, depth)
  }

  /** Booleans take a byte of their own in collections. */
  #skipElement(type: number, depth: number): void {
    if (type <= BYTE) this.#pass(1)
    else this.#skip(type, depth + 1)
  }

  #skipRare(type: number, depth: number): void {
    if (type === BYTE) this.#pass(1)
    else if (type === DOUBLE) this.#pass(8)
    else if (type === UUID) this.#pass(16)
    else if (type === MAP) this.#skipMap(depth)
    else throw new FormatError(`unknown type ${type} at byte ${this.offset}`)
  }

  #skipMap(depth: number): void {
    const size = this.#varint()
    if (size === 0) return
    const types = this.#byte()
    if (size > this.#bytes.length - this.offset) throw new FormatError('a map runs over the end')
    for (let i = 0; i < size; i++) {
      this.#skipElement(types >> 4, depth)
      this.#skipElement(types & 0x0f, depth)
    }
  }

  #list(type: number): { readonly count: number; readonly type: number } {
    if (type !== LIST && type !== SET) throw new FormatError('expected a list')
    const header = this.#byte()
    const count = header >> 4 === 15 ? this.#varint() : header >> 4
    if (count > this.#bytes.length - this.offset) throw new FormatError('a list runs over the end')
    return { count, type: header & 0x0f }
  }

  #pass(length: number): void {
    this.offset += length
    if (this.offset > this.#bytes.length) throw new FormatError('ends inside a struct')
  }

  #byte(): number {
    if (this.offset >= this.#bytes.length) throw new FormatError('ends inside a struct')
    return this.#bytes[this.offset++]!
  }

  /** Exact up to 2^53: what is longer is passed over, never used. */
  #varint(): number {
    let byte = this.#byte()
    if (byte < 0x80) return byte
    let result = byte & 0x7f
    for (let scale = 128; scale < 2 ** 70; scale *= 128) {
      byte = this.#byte()
      result += (byte & 0x7f) * scale
      if (byte < 0x80) return result
    }
    throw new FormatError('a number without an end')
  }
}
