import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createTokenCodec } from '../../src/requests/token-codec.js'

let now = 1_767_400_000_000
const codec = createTokenCodec({ secrets: ['a secret'], clock: () => now })
const use = { kind: 'query', binding: ['acme', 'lake', 'orders'], expiresInSeconds: 60 } as const

it('opens what it sealed, in characters that need no encoding', () => {
  const token = codec.seal(use, [9223372036854775807n, 'a path with é'])
  expect(token).toMatch(/^[A-Za-z0-9_-]+$/)
  expect(codec.open(use, token)).toEqual([9223372036854775807n, 'a path with é'])
})

it.each([
  ['another recipient', { ...use, binding: ['other', 'lake', 'orders'] }],
  ['another table', { ...use, binding: ['acme', 'lake', 'other'] }],
  ['names joined differently', { ...use, binding: ['acme', 'lakeorders', ''] }],
  ['another use', { ...use, kind: 'refresh' as const }],
])('53, 55: does not open for %s', (_, other) => {
  expect(() => codec.open(other, codec.seal(use, 1))).toThrow(/invalid/)
})

it('does not open under another secret', () => {
  const other = createTokenCodec({ secrets: ['another'], clock: () => now })
  expect(() => other.open(use, codec.seal(use, 1))).toThrow(/invalid pageToken/)
})

it('53, 55: expires', () => {
  const token = codec.seal(use, 1)
  now += 60_000
  expect(() => codec.open(use, token)).toThrow(/expired/)
  now -= 60_000
})

it('refuses every token with one character changed', () => {
  const token = codec.seal(use, { a: 1 })
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (let i = 0; i < token.length - 1; i++) {
    const changed = alphabet[(alphabet.indexOf(token[i]!) + 1) % 64]!
    const forged = token.slice(0, i) + changed + token.slice(i + 1)
    expect(() => codec.open(use, forged)).toThrow(/invalid/)
  }
})

it('7: refuses any text it did not seal', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary' })), text => {
      expect(() => codec.open(use, text)).toThrow(/invalid pageToken/)
    }),
    { numRuns: 500, seed: 7 },
  )
})

it('tells nothing of what it holds, and of its length no more than 256 bytes of it', () => {
  const sealed = Array.from({ length: 200 }, (_, length) =>
    codec.seal(use, `region=apac/${'x'.repeat(length)}`),
  )
  for (const token of sealed) {
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toMatch(/region|apac|xxxx/)
  }
  expect(new Set(sealed.map(token => token.length)).size).toBe(1)
  // Nor whether it marks the same place.
  expect(new Set(sealed.map(() => codec.seal(use, 1))).size).toBe(sealed.length)
})

it('opens what an older secret sealed, and seals with the first', () => {
  const before = createTokenCodec({ secrets: ['old'], clock: () => now })
  const during = createTokenCodec({ secrets: ['new', 'old'], clock: () => now })
  const after = createTokenCodec({ secrets: ['new'], clock: () => now })
  expect(during.open(use, before.seal(use, 1))).toBe(1)
  expect(after.open(use, during.seal(use, 2))).toBe(2)
  expect(() => after.open(use, before.seal(use, 3))).toThrow(/invalid pageToken/)
})

it('needs a secret', () => {
  expect(() => createTokenCodec({ secrets: [] })).toThrow(/secret/)
})
