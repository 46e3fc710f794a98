import { FormatError } from './format-error.js'

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

export interface ThriftList {
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

/** Reads one struct of the compact protocol. Maps are refused: no Parquet footer has any. */
export function readThriftDocument(bytes: Uint8Array): ThriftFields {
  return new DocumentReader(bytes).struct(0)
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
    const header = this.#byte()
    const count = header >> 4 === 15 ? Number(this.#varint()) : header >> 4
    const of = header & 0x0f
    if (count > this.#bytes.length - this.#at)
      throw new FormatError('a list longer than its footer')
    if (of === BYTE || BOOLEANS.includes(of)) return { of, items: [], bytes: this.#take(count) }
    this.#membersLeft -= count
    if (this.#membersLeft < 0) throw new FormatError('more in its lists than its bytes are worth')
    return { of, items: Array.from({ length: count }, () => this.#value(of, depth + 1, true)) }
  }

  #byte(): number {
    return this.#take(1)[0]!
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length
    if (!(length >= 0) || end > this.#bytes.length) throw new FormatError('the footer ends early')
    const bytes = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return bytes
  }

  #varint(): bigint {
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

export function writeThriftDocument(document: ThriftFields): Uint8Array {
  const parts: Uint8Array[] = []
  writeStruct(document, parts)
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function writeStruct({ fields }: ThriftFields, parts: Uint8Array[]): void {
  let before = 0
  for (const { id, type, value } of fields) {
    const delta = id - before
    if (delta > 0 && delta < 16) parts.push(Uint8Array.of((delta << 4) | type))
    else parts.push(Uint8Array.of(type), varint(id < 0 ? BigInt(-id) * 2n - 1n : BigInt(id) * 2n))
    before = id
    writeItem(type, value, parts)
  }
  parts.push(Uint8Array.of(STOP))
}

function writeItem(type: number, value: ThriftItem, parts: Uint8Array[]): void {
  if (typeof value === 'bigint') parts.push(varint(value))
  else if (value instanceof Uint8Array) {
    if (type === THRIFT.binary) parts.push(varint(BigInt(value.length)))
    parts.push(value)
  } else if ('fields' in value) writeStruct(value, parts)
  else {
    const { of, items, bytes } = value
    const count = bytes?.length ?? items.length
    if (count < 15) parts.push(Uint8Array.of((count << 4) | of))
    else parts.push(Uint8Array.of(0xf0 | of), varint(BigInt(count)))
    if (bytes !== undefined) parts.push(bytes)
    for (const item of items) writeItem(of, item, parts)
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}
