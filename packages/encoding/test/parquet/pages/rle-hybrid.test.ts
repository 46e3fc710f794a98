import { describe, expect, test } from 'vitest'
import { quickOr } from '../../../../testkit/src/support/long-tier.js'
import { readHybrid } from '../../../src/parquet/pages/rle-hybrid.js'
import { finished } from '../../support/finished.js'
import { packed, repeated, runOf } from '../../support/hybrid-runs.js'

describe('the hybrid of runs and packed values', () => {
  test.each(quickOr([3, 31], [1, 3, 8, 20, 24, 31]))(
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
