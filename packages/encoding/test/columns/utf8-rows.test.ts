import { isUtf8 } from 'node:buffer'
import { PathFolder } from '@spillway/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import { firstPathNotUtf8 } from '../../src/columns/utf8-rows.js'

/** Texts, halves of characters, and any bytes. */
const row = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 4 }).map(text => new TextEncoder().encode(text)),
  fc
    .constantFrom([0xc3], [0xa9], [0xc3, 0xa9], [0xf0, 0x9f], [0x98, 0x80], [0xff, 0xfe], [])
    .map(bytes => Uint8Array.from(bytes)),
  fc.uint8Array({ maxLength: 3 }),
)

it('finds the first path that is no UTF-8, whatever its neighbours have in common', () => {
  const ends = fc.tuple(row, row)
  fc.assert(
    fc.property(ends, fc.array(row, { maxLength: 8 }), ([head, tail], middles) => {
      const paths = middles.map(middle => Buffer.concat([head, middle, tail]))
      const folder = new PathFolder(paths.length)
      for (const path of paths) folder.append(path, 0, path.length)
      const expected = paths.findIndex(bytes => !isUtf8(bytes))
      expect(firstPathNotUtf8(folder.finish())).toBe(expected < 0 ? undefined : expected)
    }),
    { numRuns: quickOr(750, 3000) },
  )
})

it('finds it in a later run', () => {
  const paths = Array.from({ length: 2500 }, (_, n) => Buffer.from(`s3://b/part-${n}.parquet`))
  paths[2000] = Buffer.from([0x73, 0xff, 0x61])
  const folder = new PathFolder(paths.length)
  for (const path of paths) folder.append(path, 0, path.length)
  expect(firstPathNotUtf8(folder.finish())).toBe(2000)
})
