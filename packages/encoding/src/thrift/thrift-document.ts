import { grown, type Steps } from '@spillway/core'
import { FormatError } from '../bytes/format-error.js'

/** A Thrift struct with its types, to be changed and written again. Fields are in the order they were written. */
export interface ThriftFields {
  readonly fields: readonly ThriftField[]
}

export interface ThriftField {
  readonly id: number
  readonly type: number
  readonly value: ThriftItem
}

/** Numbers are kept as the varints they are; what is in maps, and in lists of scalars, as its bytes. */
export type ThriftItem = bigint | Uint8Array | ThriftFields | ThriftList

interface ThriftList {
  readonly of: number
  readonly items: readonly ThriftItem[]
  /** Instead of items, where each is a byte. */
  readonly bytes?: Uint8Array
}

export const THRIFT = { i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const

const STOP = 0
const BOOLEANS: readonly number[] = [1, 2]
const BYTE = 3
const VARINTS: readonly number[] = [4, 5, 6]
const DOUBLE = 7
const SET = 10
const MAX_DEPTH = 32
/** Of a writer's own lists and structs few have shorter members; that many may have. */
const BYTES_PER_MEMBER = 4
const SMALL_MEMBERS = 100_000
const MEMBERS_A_STEP = 128

/**
 * Reads one struct of the compact protocol, a step after some members of a footer's long lists: its elements, and the columns of
 * its row groups. Maps are refused: no Parquet footer has any.
 */
export function documentInSteps(bytes: Uint8Array): Steps<ThriftFields> {
  return new DocumentReader(bytes).structInSteps(0)
}

class DocumentReader {
  readonly #bytes: Uint8Array
  #at = 0
  #membersLeft: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#membersLeft = SMALL_MEMBERS + Math.floor(bytes.length / BYTES_PER_MEMBER)
  }

  struct(depth: number): ThriftFields {
    if (depth > MAX_DEPTH) throw new FormatError(`structs nested more than ${MAX_DEPTH} deep`)
    const fields: ThriftField[] = []
    let id = 0
    for (;;) {
      const header = this.#byte()
      const type = header & 0x0f
      if (type === STOP) return { fields }
      id = header >> 4 === 0 ? Number(unzigzag(this.#varint())) : id + (header >> 4)
      fields.push({ id, type, value: this.#value(type, depth, false) })
    }
  }

  *structInSteps(depth: number): Steps<ThriftFields> {
    const fields: ThriftField[] = []
    let id = 0
    for (;;) {
      const header = this.#byte()
      const type = header & 0x0f
      if (type === STOP) return { fields }
      id = header >> 4 === 0 ? Number(unzigzag(this.#varint())) : id + (header >> 4)
      const isList = type === THRIFT.list
      const value = isList ? yield* this.#listInSteps(depth) : this.#value(type, depth, false)
      fields.push({ id, type, value })
    }
  }

  *#listInSteps(depth: number): Steps<ThriftItem> {
    const { of, count, bytes } = this.#listHead()
    if (bytes !== undefined) return { of, items: [], bytes }
    const items: ThriftItem[] = []
    for (let i = 0; i < count; i++) {
      const isNear = of === THRIFT.struct && depth === 0
      items.push(isNear ? yield* this.structInSteps(2) : this.#value(of, depth + 1, true))
      if (i % MEMBERS_A_STEP === MEMBERS_A_STEP - 1) yield
    }
    return { of, items }
  }

  #value(type: number, depth: number, inList: boolean): ThriftItem {
    if (BOOLEANS.includes(type)) return this.#take(inList ? 1 : 0)
    if (VARINTS.includes(type)) return this.#varint()
    switch (type) {
      case BYTE:
        return this.#take(1)
      case DOUBLE:
        return this.#take(8)
      case THRIFT.binary:
        return this.#take(Number(this.#varint()))
      case THRIFT.struct:
        return this.struct(depth + 1)
      case THRIFT.list:
      case SET:
        return this.#list(depth)
      default:
        throw new FormatError(`a footer with a field of type ${type}`)
    }
  }

  #list(depth: number): ThriftItem {
    const { of, count, bytes } = this.#listHead()
    if (bytes !== undefined) return { of, items: [], bytes }
    return { of, items: Array.from({ length: count }, () => this.#value(of, depth + 1, true)) }
  }

  #listHead(): { readonly of: number; readonly count: number; readonly bytes?: Uint8Array } {
    const header = this.#byte()
    const count = header >> 4 === 15 ? Number(this.#varint()) : header >> 4
    const of = header & 0x0f
    if (count > this.#bytes.length - this.#at)
      throw new FormatError('a list longer than its footer')
    if (of === BYTE || BOOLEANS.includes(of)) return { of, count, bytes: this.#take(count) }
    this.#membersLeft -= count
    if (this.#membersLeft < 0) throw new FormatError('more in its lists than its bytes are worth')
    return { of, count }
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw new FormatError('the footer ends early')
    return this.#bytes[this.#at++]!
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length
    if (!(length >= 0) || end > this.#bytes.length) throw new FormatError('the footer ends early')
    const bytes = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return bytes
  }

  #varint(): bigint {
    const first = this.#bytes[this.#at]
    if (first !== undefined && first < 0x80) {
      this.#at++
      return BigInt(first)
    }
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new FormatError('a number without an end')
  }
}

function unzigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n)
}

/** The document's bytes, about `expected` of them; a step after some members of its long lists. */
export function* writtenInSteps(document: ThriftFields, expected = 1024): Steps<Uint8Array> {
  const writer = new DocumentWriter(expected)
  yield* writer.structInSteps(document, 0)
  return writer.finish()
}

class DocumentWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(expected: number) {
    this.#bytes = new Uint8Array(expected)
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  *structInSteps({ fields }: ThriftFields, depth: number): Steps<void> {
    let before = 0
    for (const { id, type, value } of fields) {
      this.#fieldHead(id, type, before)
      before = id
      if (type === THRIFT.list && isList(value) && value.bytes === undefined) {
        yield* this.#listInSteps(value, depth)
      } else this.#item(type, value)
    }
    this.#byte(STOP)
  }

  *#listInSteps({ of, items }: ThriftList, depth: number): Steps<void> {
    this.#listHead(of, items.length)
    for (const [i, item] of items.entries()) {
      const isNear = depth === 0 && typeof item === 'object' && 'fields' in item
      if (isNear) yield* this.structInSteps(item, 2)
      else this.#item(of, item)
      if (i % MEMBERS_A_STEP === MEMBERS_A_STEP - 1) yield
    }
  }

  #struct({ fields }: ThriftFields): void {
    let before = 0
    for (const { id, type, value } of fields) {
      this.#fieldHead(id, type, before)
      before = id
      this.#item(type, value)
    }
    this.#byte(STOP)
  }

  #fieldHead(id: number, type: number, before: number): void {
    const delta = id - before
    if (delta > 0 && delta < 16) this.#byte((delta << 4) | type)
    else {
      this.#byte(type)
      this.#varint(id < 0 ? BigInt(-id) * 2n - 1n : BigInt(id) * 2n)
    }
  }

  #item(type: number, value: ThriftItem): void {
    if (typeof value === 'bigint') this.#varint(value)
    else if (value instanceof Uint8Array) {
      if (type === THRIFT.binary) this.#varint(BigInt(value.length))
      this.#put(value)
    } else if ('fields' in value) this.#struct(value)
    else {
      const { of, items, bytes } = value
      this.#listHead(of, bytes?.length ?? items.length)
      if (bytes !== undefined) this.#put(bytes)
      for (const item of items) this.#item(of, item)
    }
  }

  #listHead(of: number, count: number): void {
    if (count < 15) this.#byte((count << 4) | of)
    else {
      this.#byte(0xf0 | of)
      this.#varint(BigInt(count))
    }
  }

  #put(bytes: Uint8Array): void {
    this.#bytes = grown(this.#bytes, this.#length + bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #byte(byte: number): void {
    this.#bytes = grown(this.#bytes, this.#length + 1)
    this.#bytes[this.#length++] = byte
  }

  #varint(value: bigint): void {
    let rest = value
    for (; rest >= 0x80n; rest >>= 7n) this.#byte(Number(rest & 0x7fn) | 0x80)
    this.#byte(Number(rest))
  }
}

function isList(value: ThriftItem): value is ThriftList {
  return typeof value === 'object' && 'items' in value
}
