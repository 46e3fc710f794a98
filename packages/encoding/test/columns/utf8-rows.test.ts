import { isUtf8 } from 'node:buffer'
import { BytesBuilder } from '@spillway/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import { firstRowNotUtf8 } from '../../src/columns/utf8-rows.js'

function columnOf(rows: readonly Uint8Array[]) {
  const builder = new BytesBuilder(rows.length)
  for (const row of rows) builder.append(row)
  return builder.finish()
}

/** Texts, halves of characters, and any bytes. */
const row = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 4 }).map(text => new TextEncoder().encode(text)),
  fc
    .constantFrom([0xc3], [0xa9], [0xc3, 0xa9], [0xf0, 0x9f], [0x98, 0x80], [0xff, 0xfe], [])
    .map(bytes => Uint8Array.from(bytes)),
  fc.uint8Array({ maxLength: 3 }),
)

it('finds the first row that is no UTF-8, as a look at each does', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 8 }), rows => {
      const expected = rows.findIndex(bytes => !isUtf8(bytes))
      expect(firstRowNotUtf8(columnOf(rows))).toBe(expected < 0 ? undefined : expected)
    }),
    { numRuns: quickOr(750, 3000) },
  )
})
