import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z85Decode, z85Encode } from '../../src/index.js'

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

describe('long z85 text', () => {
  const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 2654435761) >>> 13)

  it('is written and read again', () => {
    expect(Buffer.from(z85Decode(z85Encode(bytes))).equals(bytes)).toBe(true)
  })

  it('has the same text in blocks as in pieces of a group', () => {
    const groups: string[] = []
    for (let at = 0; at < bytes.length; at += 4) groups.push(z85Encode(bytes.subarray(at, at + 4)))
    expect(z85Encode(bytes) === groups.join('')).toBe(true)
  })

  it.each(['é', '\ud800', '\u0000', '"', '~', ' '])('is refused over %j, and says where', wrong => {
    const text = z85Encode(bytes.subarray(0, 400))
    expect(() => z85Decode(`${text.slice(0, 302)}${wrong}${text.slice(303)}`)).toThrow(
      `${JSON.stringify(wrong)} at position 302 is not in the alphabet`,
    )
  })
})
