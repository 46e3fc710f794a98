import { expect, test } from 'vitest'
import { BytesBuffer } from '../../../src/parquet/values/value-buffer.js'

/** PLAIN byte arrays, after `shift` bytes of something else. */
function page(texts: readonly string[], shift: number): Uint8Array {
  const parts = texts.flatMap(text => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(Buffer.byteLength(text))
    return [length, Buffer.from(text)]
  })
  return new Uint8Array(Buffer.concat([Buffer.alloc(shift, 0xff), ...parts])).subarray(shift)
}

test('byte arrays of every length come out whole, wherever their page begins', () => {
  for (let shift = 0; shift < 4; shift++) {
    const texts = Array.from({ length: 300 }, (_, length) =>
      Array.from({ length }, (_, i) => String.fromCharCode(33 + ((length + i) % 90))).join(''),
    )
    const buffer = new BytesBuffer()
    for (const some of [texts.slice(0, 7), texts.slice(7)]) {
      const bytes = page(some, shift)
      expect(buffer.appendPlain(bytes, some.length)).toBe(bytes.length)
    }
    const column = buffer.finish()
    if (column.kind !== 'bytes') throw new Error(column.kind)
    const found = texts.map((_, row) =>
      Buffer.from(column.data.subarray(column.offsets[row]!, column.offsets[row + 1]!)).toString(),
    )
    expect(found).toEqual(texts)
  }
})

test('a byte array that claims more than its page has is refused', () => {
  const bytes = page(['abc', 'defgh'], 0)
  expect(() => new BytesBuffer().appendPlain(bytes.subarray(0, bytes.length - 1), 2)).toThrow(
    /the page has/,
  )
})
