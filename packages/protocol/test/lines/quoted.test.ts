import { expect, it } from 'vitest'
import { quoted } from '../../src/lines/quoted.js'

it('quotes as JSON does whatever a text is made of', () => {
  for (let unit = 0; unit < 0x10000; unit++) {
    const text = `a${String.fromCharCode(unit)}b`
    if (quoted(text) !== JSON.stringify(text)) expect(quoted(text)).toBe(JSON.stringify(text))
  }
  const texts = ['', 'https://h/a?b=%20&c="d"', '\ud83d\ude00', '\ude00\ud83d', 'x'.repeat(5000)]
  expect(texts.map(quoted)).toEqual(texts.map(text => JSON.stringify(text)))
})
