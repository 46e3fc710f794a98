import { atOnce, type Steps } from '@spillway/core'
import { expect, it } from 'vitest'
import {
  documentInSteps,
  type ThriftFields,
  writtenInSteps,
} from '../../src/thrift/thrift-document.js'

const readDocument = (bytes: Uint8Array) => atOnce(documentInSteps(bytes))
const written = (document: ThriftFields) => atOnce(writtenInSteps(document))

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

function stepsOf<T>(work: Steps<T>): { readonly value: T; readonly steps: number } {
  for (let steps = 0; ; steps++) {
    const { done, value } = work.next()
    if (done) return { value, steps }
  }
}

it('long lists, and those of their members, are read and written in steps', () => {
  const numbers = [0x19, 0xf5, ...varint(1000), ...new Array(1000).fill(7), 0]
  const groups = [0x19, 0xfc, ...varint(40), ...new Array(40).fill(numbers).flat(), 0x15, 2, 0]
  const bytes = Uint8Array.from(groups)
  const read = stepsOf(documentInSteps(bytes))
  expect(read.value).toEqual(readDocument(bytes))
  expect(read.steps).toBe(40 * 7)
  const again = stepsOf(writtenInSteps(read.value))
  expect(Buffer.compare(again.value, bytes)).toBe(0)
  expect(again.steps).toBe(40 * 7)
})

it('lists of bytes and booleans are kept as their bytes, and written as they were', () => {
  for (const type of [1, 2, 3]) {
    const bytes = listOf(type, 1_000_000, 1)
    const document = readDocument(bytes)
    expect(document.fields[0]!.value).toMatchObject({ items: [] })
    expect(Buffer.compare(written(document), bytes)).toBe(0)
  }
})

it('members that are worth more than their bytes are refused', () => {
  // Structs of no fields, and numbers.
  for (const type of [12, 5]) {
    expect(() => readDocument(listOf(type, 1_000_000, 0))).toThrow(/than its bytes are worth/)
    const few = listOf(type, 20_000, 0)
    expect(Buffer.compare(written(readDocument(few)), few)).toBe(0)
  }
})
