import { describe, expect, it } from 'vitest'
import { decodeSingleValue } from '../../src/bounds/single-value.js'

describe('decodeSingleValue', () => {
  it('reads text, with its byte order mark', () => {
    expect(decodeSingleValue(new TextEncoder().encode('\ufeffgrün'), 'string')).toBe('\ufeffgrün')
  })

  it('says nothing of a text that was cut inside a character', () => {
    // U+FFFD in the place of half an "é" sorts behind every "é": no lower bound of them.
    const cut = new TextEncoder().encode('caf\u00e9').subarray(0, 4)
    expect(decodeSingleValue(cut, 'string')).toBeUndefined()
  })
})
