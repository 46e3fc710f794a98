import type { Steps } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { z85Decode, z85DecodeInSteps, z85Encode, z85EncodeInSteps } from '../src/index.js'

function finished<T>(steps: Steps<T>): { readonly value: T; readonly steps: number } {
  for (let count = 0; ; count++) {
    const { done, value } = steps.next()
    if (done) return { value, steps: count }
  }
}

describe('long z85 text', () => {
  const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 2654435761) >>> 13)

  it('is written and read in steps, and is the same', () => {
    const written = finished(z85EncodeInSteps(bytes))
    expect(written.value.length).toBe((bytes.length / 4) * 5)
    const read = finished(z85DecodeInSteps(written.value))
    expect(Buffer.from(read.value).equals(bytes)).toBe(true)
    expect(Math.min(written.steps, read.steps)).toBeGreaterThan(5)
  })

  it('has the same text in steps as in pieces of a group', () => {
    const groups: string[] = []
    for (let at = 0; at < bytes.length; at += 4) groups.push(z85Encode(bytes.subarray(at, at + 4)))
    expect(z85Encode(bytes) === groups.join('')).toBe(true)
  })

  it.each(['é', '\ud800', '\u0000', '"', '~', ' '])('is refused over %j, and says where', wrong => {
    const text = z85Encode(bytes.subarray(0, 400))
    expect(() => z85Decode(`${text.slice(0, 302)}${wrong}${text.slice(303)}`)).toThrow(
      `${JSON.stringify(wrong)} at position 302 is not in the alphabet`,
    )
  })
})
