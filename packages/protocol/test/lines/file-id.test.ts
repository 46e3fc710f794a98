import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fileId } from '../../src/lines/file-id.js'

const PATHS = [
  '',
  'part-0.parquet',
  'day=2026-01-01/part-0.parquet',
  's3://bucket/a b+c%20d.parquet',
  `q'u"o*te(s)!/é/😀`,
  'e\u0301\u0000\n',
  // What UTF-8 cannot say becomes U+FFFD in either way.
  'half \ud800 of a pair',
  'long/'.repeat(400),
]

describe.each([
  ['as this Node does', undefined],
  ['by objects, as Node 20.11 has to', null],
])('ids made %s', (_, hash) => {
  it.each([
    ['parquet', 'md5'],
    ['delta', 'sha256'],
  ] as const)(
    'of the %s scheme are the %s of the path, and of the listing',
    (scheme, algorithm) => {
      const reference = (text: string) => createHash(algorithm).update(text, 'utf8').digest('hex')
      expect(PATHS.map(path => fileId(path, scheme, undefined, hash))).toEqual(PATHS.map(reference))
      const again = PATHS.map(path => reference(`${path}\n2`))
      expect(PATHS.map(path => fileId(path, scheme, 2, hash))).toEqual(again)
    },
  )
})
