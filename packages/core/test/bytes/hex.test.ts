import { expect, it } from 'vitest'
import { hexText, uuidText } from '../../src/index.js'

const bytes = Uint8Array.from({ length: 16 }, (_, i) => i * 17)

it('writes bytes as digits', () => {
  expect(hexText(Uint8Array.of(0, 10, 255))).toBe('000aff')
})

it('writes a UUID in its five groups', () => {
  expect(uuidText(bytes)).toBe('00112233-4455-6677-8899-aabbccddeeff')
})
