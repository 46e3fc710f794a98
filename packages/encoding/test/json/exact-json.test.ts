import { ExactNumber } from '@spillway/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import { parseExactJson } from '../../src/index.js'

describe('parseExactJson', () => {
  it.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -9223372036854775808n],
    ['0.1', 0.1],
    ['0.30000000000000004', 0.30000000000000004],
    ['1.10', 1.1],
    ['1e3', 1000],
    ['-0', -0],
    ['12345678901234567890.12', new ExactNumber('12345678901234567890.12')],
    ['9007199254740993.0', new ExactNumber('9007199254740993.0')],
    ['1e400', new ExactNumber('1e400')],
    ['1e-400', new ExactNumber('1e-400')],
  ])('reads %s without rounding', (text, value) => {
    expect(parseExactJson(text)).toEqual(value)
    expect(parseExactJson(` {"a": [${text} ] }`)).toEqual({ a: [value] })
  })

  it('reads everything else as JSON.parse does, on both of its ways', () => {
    const rounded = (value: unknown) =>
      JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? Number(item) : item))
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = JSON.stringify(value)
        const withBig = `[${text},12345678901234567890]`
        expect(rounded(parseExactJson(text))).toBe(rounded(JSON.parse(text)))
        expect(rounded((parseExactJson(withBig) as unknown[])[0])).toBe(rounded(JSON.parse(text)))
      }),
      { seed: 3, numRuns: quickOr(500, 2000) },
    )
  })

  it.each(['{"__proto__":{"x":1}}', '{"__proto__":{"x":1},"n":12345678901234567890}'])(
    'keeps a __proto__ key an ordinary key: %s',
    text => {
      const parsed = parseExactJson(text) as Record<string, unknown>
      expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype)
      expect(Object.keys(parsed)).toContain('__proto__')
    },
  )

  it.each([
    '',
    '{',
    '[1,]',
    '{"a":1,}',
    '{"a" 1}',
    '01234567890123456789',
    '[12345678901234567890',
    '"\u0001", 12345678901234567890',
    '["\\x", 12345678901234567890]',
    '["a, 12345678901234567890]',
    'nul',
    '12345678901234567890 1',
    '+1',
    '.5',
    'NaN',
  ])('refuses %j with TABLE_CORRUPT', text => {
    expect(() => parseExactJson(text, { path: 'log/0.json', line: 7 })).toThrow(
      expect.objectContaining({
        code: 'TABLE_CORRUPT',
        context: { path: 'log/0.json', line: 7 },
      }),
    )
  })

  it('refuses deep nesting instead of overflowing the stack', () => {
    const deep = `${'['.repeat(100_000)}12345678901234567890`
    expect(() => parseExactJson(deep)).toThrow('limits.documentDepth raises that')
  })

  it('reads a long string in linear time', () => {
    const text = `{"n":12345678901234567890,"s":"${'ab\\"'.repeat(200_000)}"}`
    expect((parseExactJson(text) as { s: string }).s).toHaveLength(600_000)
  })
})
