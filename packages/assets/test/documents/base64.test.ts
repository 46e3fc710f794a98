import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64 } from '../../src/documents/base64.js'

describe('base64', () => {
  it('is decoded as Node encodes it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes)
      }),
    )
  })

  it('has one spelling for its bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'AQgw=+/ab'), maxLength: 12 }), text => {
        const bytes = decodeBase64(text)
        if (bytes !== undefined) expect(Buffer.from(bytes).toString('base64')).toBe(text)
      }),
      { numRuns: quickOr(1250, 5000) },
    )
  })

  it.each([
    'A',
    'AA',
    'AAA',
    'AAAA=',
    'A===',
    '====',
    'AA==AAAA',
    'AB==',
    'AAB=',
    'AA A',
    'AA-_',
    'é123',
  ])('is none: %s', text => {
    expect(decodeBase64(text)).toBeUndefined()
  })

  it('is decoded where it has many megabytes', () => {
    const bytes = Buffer.alloc(40_000_000, 7)
    expect(decodeBase64(bytes.toString('base64'))?.length).toBe(bytes.length)
  })
})
