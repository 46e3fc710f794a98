import { atOnce, type DataType, isValid, readValue, type Value } from '@spillway/core'
import { icebergBytes } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { boundWriter, dropContradictions } from '../../src/bounds/bound-writer.js'

/** Both bounds of one file as a reader keeps them; undefined for a side about which nothing is known. */
function kept(type: DataType, lower?: Uint8Array, upper?: Uint8Array) {
  const writers = [boundWriter(type, 1, 'lower')!, boundWriter(type, 1, 'upper')!] as const
  for (const [i, bytes] of [lower, upper].entries()) {
    if (bytes !== undefined) writers[i]!.set(0, bytes, 0, bytes.length)
  }
  const columns = writers.map(writer => writer.finish())
  atOnce(
    dropContradictions(columns[0]!, columns[1]!, {
      rows: Uint32Array.of(0),
      uuid: type === 'uuid',
      drop: row => {
        for (const writer of writers) writer.unset(row)
      },
    }),
  )
  return columns.map(column => (isValid(column, 0) ? readValue(column, 0, type) : undefined))
}

function uuid(first: number, ninth: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? first : i === 8 ? ninth : 1))
}

const int = (value: number) => icebergBytes(value, 'int')
const float = (value: number) => icebergBytes(value, 'float')

describe('bounds of a data file', () => {
  it.each<[string, DataType, Uint8Array, Uint8Array, readonly (Value | undefined)[]]>([
    ['an int', 'int', int(-1), int(2), [-1, 2]],
    ['a long written as int', 'long', int(-1), int(2), [-1n, 2n]],
    [
      'a timestamp written as date',
      'timestamp',
      int(-1),
      int(2),
      [-86_400_000_000n, 172_800_000_000n],
    ],
    ['a timestamp_ns written as date', 'timestamp_ns', int(0), int(1), [0n, 86_400_000_000_000n]],
    ['a double written as float', 'double', float(0.5), float(1.5), [0.5, 1.5]],
    ['NaN, which bounds nothing', 'double', float(Number.NaN), float(1.5), [undefined, 1.5]],
    [
      'a decimal of one byte',
      { kind: 'decimal', precision: 9, scale: 2 },
      Uint8Array.of(0xff),
      Uint8Array.of(0x7f),
      [-1n, 127n],
    ],
    [
      'a wide decimal',
      { kind: 'decimal', precision: 38, scale: 0 },
      Uint8Array.of(0x80, ...new Array(8).fill(0)),
      Uint8Array.of(1, ...new Array(8).fill(0)),
      [-(2n ** 71n), 2n ** 64n],
    ],
    [
      'a decimal of too many digits',
      { kind: 'decimal', precision: 2, scale: 0 },
      Uint8Array.of(1, 0),
      Uint8Array.of(99),
      [undefined, 99n],
    ],
    ['bytes of a wrong length', 'long', Uint8Array.of(1), int(2), [undefined, 2n]],
    [
      'a lower above its upper',
      'string',
      icebergBytes('b', 'string'),
      icebergBytes('a', 'string'),
      [undefined, undefined],
    ],
    [
      'a lower number above its upper',
      'long',
      icebergBytes(2n, 'long'),
      icebergBytes(1n, 'long'),
      [undefined, undefined],
    ],
  ])('of %s', (_what, type, lower, upper, expected) => {
    expect(kept(type, lower, upper)).toEqual(expected)
  })

  it('of UUIDs hold in both orders of their halves', () => {
    const widened = (first: number, tail: number) => uuid(first, tail).fill(tail, 8)
    const both = [widened(1, 0), widened(2, 0xff)]
    // Java: 0x80... is less than 0x01... in the second half.
    expect(kept('uuid', uuid(1, 0x80), uuid(2, 1))).toEqual(both)
    // Java: 0x80... is less than 0x01... in the first half, too.
    expect(kept('uuid', uuid(0x80, 1), uuid(1, 1))).toEqual([undefined, undefined])
    expect(kept('uuid', uuid(1, 1))).toEqual([undefined, undefined])
  })
})
