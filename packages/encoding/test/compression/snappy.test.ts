import { describe, expect, it } from 'vitest'
import { decompressSnappy } from '../../src/compression/snappy.js'

/** Snappy of literals alone: the length, then pieces of at most 60 bytes. */
function literals(bytes: Uint8Array, claimed = bytes.length): Uint8Array {
  const parts: number[] = []
  let rest = claimed
  for (; rest >= 0x80; rest >>>= 7) parts.push((rest & 0x7f) | 0x80)
  parts.push(rest)
  for (let at = 0; at < bytes.length; at += 60) {
    const piece = bytes.subarray(at, at + 60)
    parts.push((piece.length - 1) << 2, ...piece)
  }
  return Uint8Array.from(parts)
}

const secret = new Uint8Array(1000).fill(0x53)

describe('snappy', () => {
  it('gives what was compressed, again and again', () => {
    for (const size of [0, 1, 60, 61, 20_000, 3]) {
      const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31) & 0xff)
      expect(decompressSnappy(literals(bytes), size)).toEqual(bytes)
    }
  })

  it.each([
    ['a length below what is expected', literals(secret.subarray(0, 10)), 1000],
    ['a length beyond what is expected', literals(secret), 10],
    ['no length', new Uint8Array(0), 10],
    ['a length without an end', new Uint8Array(6).fill(0xff), 10],
    ['fewer bytes than its own length', literals(secret.subarray(0, 10), 1000), 1000],
    ['more bytes than its own length', literals(secret, 10), 10],
  ])('refuses %s, and hands out nothing of an earlier call', (_, bytes, size) => {
    expect(decompressSnappy(literals(secret), 1000)).toEqual(secret)
    expect(() => decompressSnappy(bytes, size)).toThrow()
    expect(decompressSnappy(literals(secret), 1000)).toEqual(secret)
  })

  it('lets go of a decoder whose memory has grown large', () => {
    const large = new Uint8Array(20 * 1024 ** 2)
    expect(decompressSnappy(literals(large), large.length).length).toBe(large.length)
    expect(decompressSnappy(literals(secret), 1000)).toEqual(secret)
  })
})
