import { vectorBytes } from '@spillway/encoding'
import { Random } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { longestVector } from '../../src/exact/vector-length.js'
import { dataFile } from '../support/table.js'

const CASES = Array.from({ length: 30 }, (_, seed) => seed)

it('is never shorter than the vector that the deletes come to', () => {
  for (const seed of CASES) {
    const random = new Random(seed)
    const recordCount = 1 + random.integer(0, 1_500_000)
    const step = 1 + random.integer(0, random.chance(0.5) ? 3 : 100_000)
    const positions: number[] = []
    for (let at = random.integer(0, 100); at < recordCount; at += 1 + random.integer(0, 2 * step)) {
      positions.push(at)
    }
    const found = vectorBytes(positions).length
    const deletes = [
      {
        kind: 'position-delete',
        path: 'd',
        fileFormat: 'parquet',
        size: 1,
        recordCount: positions.length,
      },
    ] as const
    const known = longestVector(dataFile('a', { recordCount, deletes }))
    expect([seed, found <= known]).toEqual([seed, true])
    // Nor is it so long that nothing is ever proved short.
    expect([seed, known <= 64 + 20 * positions.length + found * 2]).toEqual([seed, true])
  }
})

it.each([
  [{ recordCount: 400_000 }, 57_664],
  [{ recordCount: 10_000_000 }, 1_258_816],
])('of equality deletes is that of all rows (%j)', (given, atMost) => {
  const deletes = [
    { kind: 'equality-delete', path: 'd', fileFormat: 'parquet', size: 1, fieldIds: [1] },
  ] as const
  expect(longestVector(dataFile('a', { ...given, deletes }))).toBeLessThanOrEqual(atMost)
})

it('is unknown where neither rows nor deletes are counted', () => {
  const deletes = [{ kind: 'position-delete', path: 'd', fileFormat: 'parquet', size: 1 }] as const
  const file = dataFile('a', { deletes })
  expect(longestVector({ ...file, recordCount: undefined } as never)).toBe(Number.POSITIVE_INFINITY)
})
