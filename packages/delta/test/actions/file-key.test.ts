import { expect, test } from 'vitest'
import { KeyColumn } from '../../src/actions/file-key.js'

test('a path that no store can have is refused before it is looked through', () => {
  const keys = new KeyColumn('s3://lake/t')
  const bytes = new Uint8Array(100_000).fill(0x61)
  keys.append({ bytes, start: 0, end: 65_536 }, undefined)
  expect(() => keys.append({ bytes, start: 0, end: 65_537 }, undefined)).toThrow(
    /a path of 65537 bytes/,
  )
})
