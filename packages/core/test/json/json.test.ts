import {
  ExactNumber,
  JsonBoundError,
  parseJson,
  parseJsonExactly,
  RawJson,
  writeJson,
} from '@spillway/core'
import { expect, it, vi } from 'vitest'

it.each([
  ['{"a":9007199254740993}', { a: 9007199254740993n }],
  ['[-9223372036854775808, 9223372036854775807]', [-(2n ** 63n), 2n ** 63n - 1n]],
  ['{"a":"9007199254740993","b":1}', { a: '9007199254740993', b: 1 }],
  ['{"a":"\\"12345678901234567890"}', { a: '"12345678901234567890' }],
  ['[12345678901234567890.5]', [Number('12345678901234567890.5')]],
  ['[1234567890123456e3]', [1234567890123456e3]],
  ['{"a\\\\":1234567890123456789}', { 'a\\': 1234567890123456789n }],
])('reads %s without rounding its integers', (text, expected) => {
  expect(parseJson(text)).toEqual(expected)
})

it('writes what it read, digit by digit', () => {
  const text = '{"version":9223372036854775807,"names":["a","b"],"none":null,"flag":true}'
  expect(writeJson(parseJson(text))).toBe(text)
})

it('leaves absent members out and passes documents on as they are', () => {
  expect(writeJson({ a: undefined, b: new RawJson('{"x" : 1.10}'), c: [undefined] })).toBe(
    '{"b":{"x" : 1.10},"c":[null]}',
  )
})

it.each(['1e400', '12345678901234567890.12', '9007199254740993.0'])(
  'keeps the text of %s where it is asked for, and rounds it elsewhere',
  text => {
    expect(parseJsonExactly(text)).toEqual(new ExactNumber(text))
    expect(writeJson({ a: [parseJsonExactly(text)] })).toBe(`{"a":[${text}]}`)
    expect(parseJson(`[12345678901234567890,${text}]`)).toEqual([
      12345678901234567890n,
      Number(text),
    ])
  },
)

it('takes no text of a document for a number', () => {
  const text = '["\\u0000n12345678901234567890",12345678901234567890]'
  expect(parseJson(text)).toEqual(['\u0000n12345678901234567890', 12345678901234567890n])
})

it('reads a megabyte of escaped quotes beside a long integer', () => {
  const long = '\\"'.repeat(500_000)
  expect(parseJson(`{"a":"${long}","b":9007199254740993}`)).toEqual({
    a: '"'.repeat(500_000),
    b: 9007199254740993n,
  })
})

it('keeps a member named __proto__ a member', () => {
  expect(writeJson(parseJson('{"__proto__":12345678901234567890}'))).toBe(
    '{"__proto__":12345678901234567890}',
  )
})

it.each([
  [
    'escaped quotes in a string without an end',
    `{"v":1234567890123456,"x":"${'\\"'.repeat(400_000)}`,
  ],
  ['digits that are no integer', `{"v":${'1'.repeat(400_000)}.5}`],
  ['digits that are no number', `{"v":${'1'.repeat(400_000)}x}`],
  ['digits beyond any type', `{"v":${'1'.repeat(1_900_000)}}`],
  ['numbers side by side', `{"v":[${'12345678901234567,'.repeat(40_000)}`],
  ['backslashes', `{"v":12345678901234567,"x":"${'\\'.repeat(800_000)}`],
])(
  'takes time by its length alone: %s',
  (_, text) => {
    try {
      parseJson(text)
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError)
    }
    // By the square of its length it would be minutes; it is milliseconds, and seconds on a machine that is busy.
  },
  20_000,
)

it('reads an integer of more digits than any type has as JSON does', () => {
  expect(parseJson(`[${'9'.repeat(41)}]`)).toEqual([Number('9'.repeat(41))])
  expect(parseJson(`[${'9'.repeat(40)}]`)).toEqual([BigInt('9'.repeat(40))])
})

it('keeps the sign of zero, which JSON.stringify drops', () => {
  expect(writeJson([-0, 0, { a: -0 }])).toBe('[-0.0,0,{"a":-0.0}]')
  expect(Object.is(JSON.parse(writeJson(-0)), -0)).toBe(true)
})

it.each([
  ['lists', '['.repeat(5_000_000)],
  ['objects', '{"a":'.repeat(1_000_000)],
  [
    'lists that end, around a long integer',
    `${'['.repeat(5000)}9007199254740993${']'.repeat(5000)}`,
  ],
  ['values', `[${'0,'.repeat(17_000_000)}0]`],
])('refuses a text of too many %s before it is parsed', (_, text) => {
  const parse = vi.spyOn(JSON, 'parse')
  try {
    expect(() => parseJson(text)).toThrow(JsonBoundError)
    expect(parse).not.toHaveBeenCalled()
  } finally {
    parse.mockRestore()
  }
})

it('takes brackets in texts for no levels, and a short text at any depth', () => {
  expect(parseJson(JSON.stringify(['['.repeat(10_000)]))).toEqual(['['.repeat(10_000)])
  expect(() => parseJson(`[9007199254740993,${'['.repeat(4000)}`)).toThrow(SyntaxError)
})
