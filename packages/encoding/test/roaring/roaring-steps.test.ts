import { describe, expect, it } from 'vitest'
import { Random } from '../../../testkit/src/random/random.js'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import { readRoaring64, readRoaring64InSteps, writeRoaring64 } from '../../src/index.js'
import { roaring64Extent } from '../../src/roaring/roaring.js'
import { writeRoaring64InSteps } from '../../src/roaring/roaring-writer.js'
import { finished } from '../support/finished.js'

/** So many 32-bit bitmaps, each of the one position that is its high key's first. */
function wide(count: number): Uint8Array {
  const one = Buffer.from(writeRoaring64([0])).subarray(12)
  const bytes = Buffer.alloc(8 + count * (4 + one.length))
  bytes.writeBigUInt64LE(BigInt(count))
  for (let i = 0; i < count; i++) {
    const at = 8 + i * (4 + one.length)
    bytes.writeUInt32LE(i, at)
    one.copy(bytes, at + 4)
  }
  return bytes
}

function everySecond(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => 2 * i)
}

describe('a long roaring bitmap', () => {
  it('of many 32-bit bitmaps is read in steps', () => {
    const { value, steps } = finished(readRoaring64InSteps(wide(100_000)))
    expect([value.cardinality, value.greatest]).toEqual([100_000, 99_999 * 2 ** 32])
    expect(steps).toBeGreaterThan(5)
  })

  it('of many full containers is read in steps', () => {
    const positions = Float64Array.from({ length: 1_200_000 }, (_, i) => 16 * i)
    const { value, steps } = finished(readRoaring64InSteps(writeRoaring64(positions)))
    expect([value.cardinality, value.greatest]).toEqual([1_200_000, 16 * 1_199_999])
    expect(steps).toBeGreaterThanOrEqual(2)
  })

  it('is measured without the limit on positions that are gone through', () => {
    const bytes = writeRoaring64([0, 70_000, 2 ** 40])
    const budgets = { rows: 1 } as never
    expect(() => readRoaring64(bytes, 'p', budgets)).toThrow('limits.rows')
    expect(finished(roaring64Extent(bytes)).value).toEqual({
      cardinality: 3,
      greatest: 2 ** 40,
      byteLength: bytes.length,
    })
  })

  it.each([
    ['in order', everySecond(400_000)],
    ['from the last on', everySecond(400_000).toReversed()],
    ['each twice', [...everySecond(200_000), ...everySecond(200_000)]],
    ['as whole numbers of any size', [...everySecond(200_000)].map(BigInt)],
  ])('is written in steps of positions %s', (_, positions) => {
    const { value, steps } = finished(writeRoaring64InSteps(positions))
    const distinct = new Set([...positions].map(Number)).size
    expect(Buffer.from(value).equals(writeRoaring64(everySecond(distinct)))).toBe(true)
    expect(steps).toBeGreaterThan(20)
  })

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('is not written of %d', position => {
    expect(() => writeRoaring64([3, position, 5])).toThrow(
      `a delete names row ${position}, which is no position`,
    )
  })
})

it('gives the same positions in blocks as one by one, and finds each', () => {
  const random = new Random(20261130)
  for (let round = 0; round < quickOr(2, 5); round++) {
    const positions: number[] = []
    for (let i = 0; i < 20; i++) {
      const at = random.integer(0, 5) * 2 ** 32 + random.integer(0, 300_000)
      const step = random.integer(1, 3)
      const count = random.integer(1, 8000)
      for (let j = 0; j < count; j++) positions.push(at + j * step)
    }
    const bitmap = readRoaring64(writeRoaring64(positions))
    const expected = [...new Set(positions)].sort((a, b) => a - b)
    expect([...bitmap].join()).toBe(expected.join())
    const blocks: number[] = []
    for (const block of bitmap.blocks()) blocks.push(...block)
    expect(blocks.join()).toBe(expected.join())
    expect(bitmap.greatest).toBe(expected.at(-1))
    const known = new Set(expected)
    for (let i = 0; i < 200; i++) {
      const asked = expected[random.integer(0, expected.length - 1)]! + random.integer(0, 1)
      expect([asked, bitmap.has(asked)]).toEqual([asked, known.has(asked)])
    }
  }
})
