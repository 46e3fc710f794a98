import { describe, expect, it } from 'vitest'
import { jsonLines } from '../../src/index.js'
import { forEachJsonLine } from '../../src/json/json-lines.js'

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

describe('jsonLines', () => {
  it.each([
    [
      'a\nb\n',
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      'a\r\n\r\n\n  \nb',
      [
        [1, 'a'],
        [5, 'b'],
      ],
    ],
    ['\ufeff{"a":1}\n', [[1, '{"a":1}']]],
    [
      'é\n😀\n',
      [
        [1, 'é'],
        [2, '😀'],
      ],
    ],
    ['', []],
    ['\n\n', []],
  ])('numbers the lines of %j', (text, expected) => {
    expect([...jsonLines(bytes(text))].map(({ line, text }) => [line, text])).toEqual(expected)
  })

  it('calls back in order', () => {
    const seen: unknown[] = []
    forEachJsonLine(bytes('x\n\ny'), (text, line) => seen.push([text, line]))
    expect(seen).toEqual([
      ['x', 1],
      ['y', 3],
    ])
  })

  it('refuses a line that is too long before decoding it', () => {
    const long = new Uint8Array(1000).fill(0x61)
    expect(() => [...jsonLines(long, { maxLineBytes: 999, path: 'log/0.json' })]).toThrow(
      expect.objectContaining({
        code: 'TABLE_CORRUPT',
        context: { line: 1, length: 1000, path: 'log/0.json' },
      }),
    )
  })

  it('refuses bytes that are not UTF-8', () => {
    const torn = Uint8Array.of(0x61, 0x0a, 0xc3)
    expect(() => [...jsonLines(torn, { path: 'log/0.json' })]).toThrow(
      expect.objectContaining({ code: 'TABLE_CORRUPT', context: { line: 2, path: 'log/0.json' } }),
    )
  })
})
