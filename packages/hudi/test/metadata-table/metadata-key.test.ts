import { xxHash64 } from '@spillway/encoding'
import { describe, expect, it } from 'vitest'
import { columnKey, partitionKey } from '../../src/metadata-table/metadata-key.js'

describe('keys of the metadata table', () => {
  // Vectors of the xxHash reference implementation.
  it.each([
    ['', 0n, 0xef46db3751d8e999n],
    ['a', 0n, 0xd24ec4f1a98c6e5bn],
    ['abc', 0n, 0x44bc2cf5ad770999n],
    ['xxhash', 20141025n, 0xb559b98d844e0635n],
    ['Nobody inspects the spammish repetition', 0n, 0xfbcea83c8a378bf1n],
  ])('hashes %j with seed %d', (text, seed, hash) => {
    expect(xxHash64(new TextEncoder().encode(text), seed)).toBe(hash)
  })

  it('hashes names to eight bytes in base64', () => {
    expect([columnKey('fare').length, partitionKey('') === partitionKey('.')]).toEqual([12, true])
  })
})
