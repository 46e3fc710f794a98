import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonCursor } from '../../src/json/json-cursor.js'
import { JsonProblem } from '../../src/json/json-problem.js'

const bytesOf = (text: string) => new TextEncoder().encode(text)

type Read = null | boolean | string | { number: string } | Read[] | { [key: string]: Read }

function readAny(cursor: JsonCursor): Read {
  if (cursor.takeNull()) return null
  if (cursor.isString()) return cursor.readString()
  if (cursor.isNumber()) return { number: cursor.readNumberText() }
  if (!cursor.isObject()) return readArrayOrBoolean(cursor)
  const entries: [string, Read][] = []
  for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
    const key = cursor.keyText()
    entries.push([key, readAny(cursor)])
  }
  return Object.fromEntries(entries)
}

function readArrayOrBoolean(cursor: JsonCursor): Read {
  const before = cursor.position
  try {
    return cursor.readBoolean()
  } catch (error) {
    if (error instanceof JsonProblem && error.truncated) throw error
    expect(cursor.position).toBe(before)
  }
  const elements: Read[] = []
  for (let more = cursor.enterArray(); more; more = cursor.nextElement()) {
    elements.push(readAny(cursor))
  }
  return elements
}

function expected(value: unknown): Read {
  if (typeof value === 'number') return { number: JSON.stringify(value) }
  if (Array.isArray(value)) return value.map(expected)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, expected(each)]))
  }
  return value as Read
}

describe('JsonCursor', () => {
  it('reads what JSON.stringify writes, escapes and pairs of surrogates included', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), value => {
        expect(readAny(new JsonCursor(bytesOf(JSON.stringify(value, null, 1))))).toEqual(
          expected(JSON.parse(JSON.stringify(value))),
        )
      }),
      { seed: 20261122, numRuns: 500 },
    )
  })

  it('skips exactly what it reads', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = bytesOf(`${JSON.stringify(value)} 7`)
        const cursor = new JsonCursor(text)
        cursor.skipValue()
        expect(cursor.readNumberText()).toBe('7')
      }),
      { seed: 20261122, numRuns: 300 },
    )
  })

  it('fails with a problem of its own, and ends, on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        for (const work of [readAny, (cursor: JsonCursor) => cursor.skipValue()]) {
          try {
            work(new JsonCursor(bytes))
          } catch (error) {
            expect(error).toBeInstanceOf(JsonProblem)
          }
        }
      }),
      { seed: 20261122, numRuns: 1000 },
    )
  })

  it('calls every beginning of a document truncated', () => {
    const text = bytesOf('{"a":[1,{"b":"x\\u00e9\\n"}],"c":null,"d":true,"e":-1.5e3}')
    for (let end = 0; end < text.length; end++) {
      const problem = problemOf(() => readAny(new JsonCursor(text, 0, end)))
      expect(problem?.truncated, `${end} bytes`).toBe(true)
    }
  })

  it.each([
    ['a missing comma', '{"a":1 "b":2}'],
    ['a comma too many', '{"a":1,}'],
    ['a key that is no string', '{a:1}'],
    ['an unknown escape', '"\\x"'],
    ['a bare word', 'nul1'],
  ])('refuses %s', (_, text) => {
    expect(problemOf(() => readAny(new JsonCursor(bytesOf(text))))?.truncated).toBe(false)
  })

  it('reads half a surrogate pair without taking what follows for its other half', () => {
    const texts = ['"\\ud800"', '"\\ud800x"', '"\\ud800\\n"', '"\\ud800\\u0041"']
    expect(texts.map(text => new JsonCursor(bytesOf(text)).readStringBytes().length)).toEqual([
      3, 4, 4, 4,
    ])
  })

  it('refuses brackets that do not match and nesting without end', () => {
    expect(problemOf(() => new JsonCursor(bytesOf('[}')).skipValue())?.truncated).toBe(false)
    const deep = bytesOf('['.repeat(100_000))
    expect(problemOf(() => new JsonCursor(deep).skipValue())?.message).toMatch(/levels deep/)
  })

  it('hands out numbers as they are written', () => {
    const cursor = new JsonCursor(bytesOf('[9007199254740993, 1.10, 12345678901234567890.5]'))
    const numbers: string[] = []
    for (let more = cursor.enterArray(); more; more = cursor.nextElement()) {
      numbers.push(cursor.readNumberText())
    }
    expect(numbers).toEqual(['9007199254740993', '1.10', '12345678901234567890.5'])
  })
})

function problemOf(work: () => unknown): JsonProblem | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof JsonProblem) return error
    throw error
  }
  return undefined
}
