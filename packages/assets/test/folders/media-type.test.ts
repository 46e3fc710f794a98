import { describe, expect, it } from 'vitest'
import { mediaTypeOf } from '../../src/folders/media-type.js'

describe('the media type of a file', () => {
  it.each([
    ['SKILL.md', 'text/markdown'],
    ['a.b/DATA.CSV', 'text/csv'],
    ['part-0.snappy.parquet', 'application/vnd.apache.parquet'],
    ['weights.tar.gz', 'application/gzip'],
  ])('of %s is %s', (path, type) => expect(mediaTypeOf(path)).toBe(type))

  it.each([
    'README',
    'folder.md/README',
    '.json',
    'a/.md',
    'model.bin',
    'clip.ts',
    'x.constructor',
    'x.__proto__',
    'x.',
    '',
  ])('of %j is not known', path => expect(mediaTypeOf(path)).toBeUndefined())
})
