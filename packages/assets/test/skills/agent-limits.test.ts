import { expect, it } from 'vitest'
import { skillSizeWarnings } from '../../src/index.js'

it.each([
  ['nothing', '', []],
  ['500 lines', 'a\n'.repeat(500), []],
  ['501 lines', 'a\n'.repeat(501), [/^it has 501 lines, and 500 are recommended at most: /]],
  ['20,000 letters', 'word '.repeat(4000), []],
  ['more letters', 'word '.repeat(4001), [/^it has about 5001 tokens, and 5000 are recommended/]],
  ['6,000 letters of another script', '字'.repeat(6000), [/about 6000 tokens/]],
  ['both', 'some words\n'.repeat(2000), [/2000 lines/, /about 5500 tokens/]],
])('a body of %s', (_, body, expected) => {
  const warnings = skillSizeWarnings({ body })
  expect(warnings).toEqual(
    expected.map(message => ({ field: 'body', message: expect.stringMatching(message) })),
  )
})
