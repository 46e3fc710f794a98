import { describe, expect, it } from 'vitest'
import { unescapePath } from '../../src/index.js'

describe('unescapePath', () => {
  it.each([
    ['%C3%BCn%C3%AF', 'ünï'],
    ['ünï', 'ünï'],
    ['ü%C3%BC', 'üü'],
    ['a%20b%2Fc', 'a b/c'],
    ['a+b', 'a+b'],
    ['%F0%9F%98%80', '😀'],
    ['%EF%BB%BFx', '\uFEFFx'],
    ['%0A%00', '\n\0'],
    ['50%25', '50%'],
    ['%2525', '%25'],
    ['a%', 'a%'],
    ['a%2', 'a%2'],
    ['a%zz%C3%BC', 'a%zzü'],
    ['%%41', '%A'],
    ['', ''],
  ])('reads %s', (text, expected) => {
    expect(unescapePath(text)).toBe(expected)
  })

  it.each(['%FC', 'a%E2%82', '%C3x%BC', '%C0%AF', '%ED%A0%80'])('cannot know %s', text => {
    expect(unescapePath(text)).toBeUndefined()
  })
})
