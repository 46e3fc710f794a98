import { expect, it } from 'vitest'
import { readThriftDocument, writeThriftDocument } from '../src/thrift-document.js'

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]
}

/** A struct whose field 1 is a list of `count` members of one byte each. */
function listOf(type: number, count: number, member: number): Uint8Array {
  const head = [0x19, 0xf0 | type, ...varint(count)]
  const bytes = new Uint8Array(head.length + count + 1)
  bytes.set(head)
  bytes.fill(member, head.length, head.length + count)
  return bytes
}

it('lists of bytes and booleans are kept as their bytes, and written as they were', () => {
  for (const type of [1, 2, 3]) {
    const bytes = listOf(type, 1_000_000, 1)
    const document = readThriftDocument(bytes)
    expect(document.fields[0]!.value).toMatchObject({ items: [] })
    expect(Buffer.compare(writeThriftDocument(document), bytes)).toBe(0)
  }
})

it('members that are worth more than their bytes are refused', () => {
  // Structs of no fields, and numbers.
  for (const type of [12, 5]) {
    expect(() => readThriftDocument(listOf(type, 1_000_000, 0))).toThrow(/than its bytes are worth/)
    const few = listOf(type, 20_000, 0)
    expect(Buffer.compare(writeThriftDocument(readThriftDocument(few)), few)).toBe(0)
  }
})
