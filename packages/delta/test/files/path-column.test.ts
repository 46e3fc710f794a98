import { readString } from '@spillway/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PathColumn } from '../../src/files/path-column.js'

const encoder = new TextEncoder()

function texts(column: ReturnType<PathColumn['finish']>): string[] {
  return Array.from({ length: column.offsets.length - 1 }, (_, row) => readString(column, row))
}

describe('paths of a growing batch', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '/', 'é', '%', ':'), maxLength: 9 })
  const step = fc.record({ text, how: fc.constantFrom('share', 'skip', 'append', 'other') })

  test('are what was given, wherever they lay', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), steps => {
        const buffer = encoder.encode(steps.map(one => one.text).join(''))
        const paths = new PathColumn()
        const expected: string[] = []
        let at = 0
        for (const one of steps) {
          const start = at
          at += encoder.encode(one.text).length
          if (one.how === 'skip') continue
          expected.push(one.text)
          if (one.how === 'share') paths.share({ bytes: buffer, start, end: at })
          else if (one.how === 'append') paths.append(encoder.encode(one.text))
          else paths.share({ bytes: buffer.slice(), start, end: at })
        }
        expect(texts(paths.finish())).toEqual(expected)
      }),
    )
  })

  test('share the buffer that they follow one another in', () => {
    const whole = encoder.encode('abcdef')
    const paths = new PathColumn()
    paths.share({ bytes: whole, start: 0, end: 2 })
    paths.share({ bytes: whole, start: 2, end: 5 })
    const column = paths.finish()
    expect(column.data.buffer).toBe(whole.buffer)
    expect(texts(column)).toEqual(['ab', 'cde'])
  })

  test('are none where none was given', () => {
    expect(texts(new PathColumn().finish())).toEqual([])
  })
})
