import { expect, it, vi } from 'vitest'
import { z } from 'zod'
import { jsonBody } from '../../src/http/json-body.js'

const schema = z.object({ paths: z.array(z.string()) })
const expected = '{"paths": ["…"]}'
const many = (text: string, count: number) => new Array(count).fill(text).join(',')

it.each([
  ['a million wrong items', `{"paths":[${many('1', 1_000_000)}]}`],
  ['half a million texts', `{"paths":[${many('"a"', 500_000)}]}`],
  ['a million brackets', `{"paths":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`],
  ['brackets that do not end', '['.repeat(2_000_000)],
  [
    '180,000 members',
    `{${Array.from({ length: 180_000 }, (_, i) => `"${i.toString(16)}":1`)},"paths":["a"]}`,
  ],
])('a body of %s is refused before any of it is parsed', (_, text) => {
  const parse = vi.spyOn(JSON, 'parse')
  expect(() => jsonBody(text, schema, { expected, mostValues: 1100 })).toThrow(
    'expected {"paths": ["…"]}, found a body of more than 1100 values',
  )
  expect(parse).not.toHaveBeenCalled()
})

it('what stands in texts is no value', () => {
  const paths = ['[,{'.repeat(1000), '\\"[[[[', '"']
  const body = JSON.stringify({ paths })
  expect(jsonBody(body, schema, { expected, mostValues: 4 })).toEqual({ paths })
  expect(() => jsonBody(body, schema, { expected, mostValues: 3 })).toThrow('more than 3 values')
})
