import { expect, it } from 'vitest'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import { hash64 } from '../../src/index.js'

const bytes = new TextEncoder()

it('gives the same 64 bits in every process: file keys and page tokens depend on it', () => {
  expect(hash64(bytes.encode('part-00000.parquet')).toString(16)).toMatchInlineSnapshot(
    `"16993748147fdcd7"`,
  )
})

it('spreads ordinary file names without one collision', () => {
  const hashes = BigUint64Array.from({ length: quickOr(300_000, 1_000_000) }, (_, i) =>
    hash64(bytes.encode(`day=${i % 365}/part-${i}.parquet`)),
  ).sort()
  expect(hashes.findIndex((hash, i) => hash === hashes[i - 1])).toBe(-1)
})
