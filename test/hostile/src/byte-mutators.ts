import type { Random } from '@spillway/testkit'
import { joined } from './slots.js'

export interface ByteMutator {
  readonly name: string
  apply(bytes: Uint8Array, random: Random): Uint8Array
}

const EXTREMES = [
  0n,
  -1n,
  1n,
  2n ** 31n - 1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 63n - 1n,
  -(2n ** 63n),
]

/** Damage that knows nothing of what it damages. */
export const BYTE_MUTATORS: readonly ByteMutator[] = [
  {
    name: 'bits flipped',
    apply(bytes, random) {
      const copy = bytes.slice()
      for (let i = random.integer(1, 3); i > 0 && copy.length > 0; i--) {
        copy[random.integer(0, copy.length - 1)]! ^= 1 << random.integer(0, 7)
      }
      return copy
    },
  },
  {
    name: 'bytes replaced',
    apply(bytes, random) {
      const copy = bytes.slice()
      const at = random.integer(0, Math.max(0, copy.length - 1))
      const end = Math.min(copy.length, at + random.integer(1, 8))
      for (let i = at; i < end; i++) copy[i] = random.integer(0, 255)
      return copy
    },
  },
  {
    name: 'cut',
    apply: (bytes, random) => bytes.slice(0, random.integer(0, Math.max(0, bytes.length - 1))),
  },
  {
    name: 'a stretch of zeros',
    apply(bytes, random) {
      const at = random.integer(0, bytes.length)
      return bytes.slice().fill(0, at, at + random.integer(1, 64))
    },
  },
  {
    name: 'a piece twice',
    apply(bytes, random) {
      const [from, to] = range(bytes, random)
      return joined([bytes.subarray(0, to), bytes.subarray(from)])
    },
  },
  {
    name: 'a piece removed',
    apply(bytes, random) {
      const [from, to] = range(bytes, random)
      return joined([bytes.subarray(0, from), bytes.subarray(to)])
    },
  },
  {
    name: 'two pieces swapped',
    apply(bytes, random) {
      const [from, to] = range(bytes, random)
      const middle = random.integer(from, to)
      return joined([
        bytes.subarray(0, from),
        bytes.subarray(middle, to),
        bytes.subarray(from, middle),
        bytes.subarray(to),
      ])
    },
  },
  {
    name: 'an integer made extreme',
    apply(bytes, random) {
      const wide = random.chance(0.5)
      if (bytes.length < 8) return bytes
      const copy = bytes.slice()
      const view = new DataView(copy.buffer)
      const at = random.integer(0, copy.length - 8)
      const value = random.pick(EXTREMES)
      const little = random.chance(0.5)
      if (wide) view.setBigInt64(at, BigInt.asIntN(64, value), little)
      else view.setInt32(at, Number(BigInt.asIntN(32, value)), little)
      return copy
    },
  },
  {
    name: 'something appended',
    apply: (bytes, random) =>
      joined([
        bytes,
        Uint8Array.from({ length: random.integer(1, 32) }, () => random.integer(0, 255)),
      ]),
  },
]

function range(bytes: Uint8Array, random: Random): readonly [number, number] {
  const a = random.integer(0, bytes.length)
  const short = random.chance(0.7)
  const b = short
    ? Math.min(bytes.length, a + random.integer(1, 64))
    : random.integer(0, bytes.length)
  return a < b ? [a, b] : [b, a]
}
