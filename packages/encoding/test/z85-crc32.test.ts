import { crc32 as portableCrc32 } from '@spillway/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32, z85Decode, z85Encode } from '../src/index.js'

describe('z85', () => {
  it('encodes the vector of its specification', () => {
    const vector = Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b)
    expect(z85Encode(vector)).toBe('HelloWorld')
    expect(z85Decode('HelloWorld')).toEqual(vector)
  })

  it('decodes what it encoded', () => {
    const blocks = fc.uint8Array({ maxLength: 64 }).filter(bytes => bytes.length % 4 === 0)
    fc.assert(
      fc.property(blocks, bytes => {
        expect(z85Decode(z85Encode(bytes))).toEqual(bytes)
      }),
      { seed: 4 },
    )
  })

  it.each(['abcd', 'ab~de', 'ab de', '#####', 'é1234'])('refuses %j', text => {
    expect(() => z85Decode(text)).toThrow(expect.objectContaining({ code: 'TABLE_CORRUPT' }))
  })
})

describe('crc32', () => {
  it('computes the check value of its definition', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  })

  it('computes the same without help from Node', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        expect(portableCrc32(bytes)).toBe(crc32(bytes))
      }),
      { seed: 5 },
    )
  })
})
