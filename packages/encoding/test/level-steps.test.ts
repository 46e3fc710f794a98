import { crc32 as portableCrc32, type Steps } from '@spillway/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32, crc32c, summedInSteps } from '../src/crc32.js'
import { readHybrid } from '../src/hybrid.js'
import { readLevels } from '../src/parquet-page.js'

function finished<T>(steps: Steps<T>): { readonly value: T; readonly steps: number } {
  for (let count = 0; ; count++) {
    const { done, value } = steps.next()
    if (done) return { value, steps: count }
  }
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
}

/** One run of packed values, and what they are. */
function packed(
  groups: number,
  width: number,
  seed: number,
): { bytes: number[]; values: number[] } {
  const values = Array.from({ length: groups * 8 }, (_, i) => (i * 2654435761 + seed) % 2 ** width)
  const bytes = new Array<number>(groups * width).fill(0)
  values.forEach((value, i) => {
    for (let bit = 0; bit < width; bit++) {
      const at = i * width + bit
      if (Math.floor(value / 2 ** bit) % 2 === 1) bytes[at >> 3]! |= 1 << (at & 7)
    }
  })
  return { bytes: [...varint(groups * 2 + 1), ...bytes], values }
}

function repeated(count: number, width: number, value: number) {
  const bytes = Array.from(
    { length: (width + 7) >> 3 },
    (_, i) => Math.floor(value / 2 ** (8 * i)) & 255,
  )
  return { bytes: [...varint(count * 2), ...bytes], values: new Array<number>(count).fill(value) }
}

const runOf = (bytes: readonly number[]) => ({
  bytes: Uint8Array.from(bytes),
  at: 0,
  end: bytes.length,
})

describe('the hybrid of runs and packed values', () => {
  test.each([1, 3, 8, 20, 24, 31])(
    'is the same at %i bits over steps, wherever runs end',
    width => {
      const parts = [
        packed(8191, width, 1),
        repeated(70_000, width, 1),
        packed(8192, width, 2),
        repeated(0, width, 0),
        packed(20_001, width, 3),
        repeated(1_100_000, width, 2 ** width - 1),
        packed(3, width, 4),
      ]
      const values = parts.flatMap(part => part.values)
      // The last group may have values that do not count.
      const count = values.length - 5
      const out = new Uint32Array(count + 2)
      const run = runOf(parts.flatMap(part => part.bytes))
      const { steps } = finished(readHybrid(run, width, out, { from: 2, count }))
      expect(out.subarray(2).every((value, i) => value === values[i])).toBe(true)
      expect(run.at).toBe(run.end)
      expect(steps).toBeGreaterThan(3)
    },
  )

  test('goes on in steps over runs of nothing', () => {
    const run = runOf([...new Array<number>(400_000).fill(0), ...repeated(3, 8, 7).bytes])
    const out = new Uint8Array(3)
    // At 8 bits a run of nothing is its header and a byte.
    expect(finished(readHybrid(run, 8, out, { from: 0, count: 3 })).steps).toBeGreaterThan(2)
    expect([...out]).toEqual([7, 7, 7])
  })

  test('goes on in steps over one value that repeats, and over none', () => {
    for (const [bytes, width] of [
      [repeated(20_000_000, 8, 1).bytes, 8],
      [[], 0],
    ] as const) {
      const out = new Uint8Array(20_000_000)
      const { steps } = finished(
        readHybrid(runOf(bytes), width, out, { from: 0, count: out.length }),
      )
      expect(steps).toBeGreaterThan(10)
      expect(out[out.length - 1]).toBe(width === 0 ? 0 : 1)
    }
  })

  test('refuses packed values that end early, far behind its first step', () => {
    const { bytes } = packed(20_000, 8, 1)
    const run = runOf(bytes.slice(0, -1))
    const out = new Uint32Array(160_000)
    const steps = readHybrid(run, 8, out, { from: 0, count: out.length })
    expect(() => finished(steps)).toThrow('bit-packed values end early')
  })
})

describe('levels of a page', () => {
  test('are counted and checked in steps', () => {
    const parts = [packed(40_000, 1, 0), repeated(200_001, 1, 1)]
    const expected = parts.flatMap(part => part.values)
    const out = new Uint8Array(expected.length)
    const range = { from: 0, count: expected.length }
    const { value, steps } = finished(
      readLevels(runOf(parts.flatMap(part => part.bytes)), 1, out, range),
    )
    expect(value).toBe(expected.filter(level => level === 1).length)
    expect(steps).toBeGreaterThan(6)
  })

  test('are refused where the last one is impossible', () => {
    const bytes = [...repeated(300_000, 2, 2).bytes, ...repeated(1, 2, 3).bytes]
    const out = new Uint8Array(300_001)
    const steps = readLevels(runOf(bytes), 2, out, { from: 0, count: out.length })
    expect(() => finished(steps)).toThrow('a level of 3, at most 2 is possible')
  })
})

describe('a checksum', () => {
  test('goes on from that of what is before', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        const [head, tail] = [bytes.subarray(0, cut), bytes.subarray(cut)]
        for (const sum of [crc32, crc32c, portableCrc32]) {
          expect(sum(tail, sum(head))).toBe(sum(bytes))
        }
      }),
      { seed: 20261130 },
    )
  })

  test('is the same in steps', () => {
    const bytes = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 31 + (i >> 8)) & 255)
    for (const sum of [crc32, crc32c]) {
      const { value, steps } = finished(summedInSteps(sum, bytes))
      expect(value).toBe(sum(bytes))
      expect(steps).toBeGreaterThan(10)
    }
    expect(finished(summedInSteps(crc32, new Uint8Array(0))).value).toBe(0)
  })
})
