import { ExactNumber } from '@spillway/core'
import { expect, it } from 'vitest'
import { valueText } from '../../src/json/exact-json.js'

it.each([
  [10n ** 19n, '10000000000000000000'],
  [[1, [2n]], '[1,["2"]]'],
  [{ a: { b: 2n ** 63n } }, '{"a":{"b":"9223372036854775808"}}'],
  [new Map([['k', 1n]]), '[["k","1"]]'],
  [new ExactNumber('1e400'), 'null'],
  ['text', '"text"'],
  [null, 'null'],
  [undefined, 'undefined'],
])('%o has a text, whatever integers are in it', (value, text) => {
  expect(valueText(value)).toBe(text)
})
