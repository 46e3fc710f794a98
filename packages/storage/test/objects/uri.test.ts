import { isTableError } from '@spillway/core'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparePaths, sortPaths } from '../../src/objects/byte-order.js'
import {
  bucketOf,
  folderUri,
  joinUri,
  locationFromInput,
  normaliseUri,
  parseUri,
  relativeTo,
} from '../../src/objects/uri.js'

describe('parseUri', () => {
  it.each([
    ['s3://b/k/x', 's3', 'b', 's3://b/', 'k/x'],
    ['s3a://b/k', 's3', 'b', 's3a://b/', 'k'],
    ['S3N://b/k', 's3', 'b', 'S3N://b/', 'k'],
    ['s3://b', 's3', 'b', 's3://b/', ''],
    ['s3://b//k', 's3', 'b', 's3://b/', '/k'],
    ['s3://b/a%20b?c#d', 's3', 'b', 's3://b/', 'a%20b?c#d'],
    ['gcs://b/k', 'gs', 'b', 'gcs://b/', 'k'],
    ['abfs://c@a.dfs/k', 'abfss', 'c@a.dfs', 'abfs://c@a.dfs/', 'k'],
    ['file:///a/b', 'file', '', 'file:///', 'a/b'],
    ['file:/a/b', 'file', '', 'file:/', 'a/b'],
    ['file://localhost/a', 'file', '', 'file://localhost/', 'a'],
    ['/a/b', 'file', '', '/', 'a/b'],
    ['/x:y/s3://z', 'file', '', '/', 'x:y/s3://z'],
  ])('splits %s', (uri, scheme, authority, head, key) => {
    expect(parseUri(uri)).toEqual({ scheme, authority, head, key })
  })

  it.each(['', 'a/b', '../a', 's3:/b/k', 's3:///k', 'file://host/a', 'file:a', 'file://', 'a\0b'])(
    'refuses %j',
    uri => {
      expect(() => parseUri(uri)).toThrowError('not a storage location')
    },
  )

  it('answers or refuses any text, and loses nothing of it', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map(rest => `s3:${rest}`),
      fc.webUrl(),
    )
    fc.assert(
      fc.property(text, uri => {
        try {
          const { head, key, scheme } = parseUri(uri)
          const written = head + key
          // A bucket alone gets the slash that it lacks.
          return (written === uri || written === `${uri}/`) && scheme !== ''
        } catch (error) {
          return isTableError(error)
        }
      }),
      { numRuns: quickOr(500, 2000), seed: 7 },
    )
  })
})

describe('normaliseUri', () => {
  it.each([
    ['s3a://b//k/./x/', 's3://b//k/./x/'],
    ['file:/a//b/../c', 'file:///a/c'],
    ['/a/./b/', 'file:///a/b/'],
    ['file:///../../etc', 'file:///etc'],
    ['file:///a%20b', 'file:///a%20b'],
    ['/', 'file:///'],
  ])('spells %s as %s', (uri, expected) => {
    expect(normaliseUri(uri)).toBe(expected)
    expect(normaliseUri(expected)).toBe(expected)
  })
})

describe('locationFromInput', () => {
  it.each([
    ['tables/t', 'file:///work/tables/t'],
    ['../t', 'file:///t'],
    ['/tables/a b', 'file:///tables/a b'],
    ['/tables/a%20b', 'file:///tables/a%20b'],
    ['file:///tables/a%20b', 'file:///tables/a b'],
    ['file:///tables/100%', 'file:///tables/100%'],
    ['s3a://b/a%20b', 's3://b/a%20b'],
  ])('takes %s as %s', (input, expected) => {
    expect(locationFromInput(input, '/work')).toBe(expected)
  })
})

describe('joinUri and relativeTo', () => {
  it.each([
    ['s3://b/t', 'x=a%20b/f.parquet', 's3://b/t/x=a%20b/f.parquet'],
    ['s3://b/t/', 'f', 's3://b/t/f'],
    ['/t', 'f', '/t/f'],
    ['s3://b/t', 's3://other/f', 's3://other/f'],
    ['s3://b/t', 'file:/other/f', 'file:/other/f'],
    ['s3://b/t', 'time=12:00/f', 's3://b/t/time=12:00/f'],
    ['s3://b/t', '', 's3://b/t'],
  ])('joins %s and %s', (base, relative, expected) => {
    expect(joinUri(base, relative)).toBe(expected)
  })

  it.each([
    ['s3://b/t', 's3a://b/t/x/y', 'x/y'],
    ['s3://b/t', 's3://b/t2/x', undefined],
    ['s3://b/t', 's3://c/t/x', undefined],
    ['file:///t', '/t/x', 'x'],
    ['/t', 'file:/t/../etc/passwd', undefined],
    ['s3://b/t', 'file:///t/x', undefined],
  ])('below %s, %s is %s', (base, path, expected) => {
    expect(relativeTo(base, path)).toBe(expected)
  })

  it('names the bucket alike in every spelling', () => {
    expect([bucketOf('s3a://b/x'), bucketOf('s3://b')]).toEqual(['s3://b', 's3://b'])
    expect(folderUri(folderUri('s3://b/t'))).toBe('s3://b/t/')
  })
})

describe('byte order', () => {
  it('is the order of the UTF-8 bytes', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b))
        return Math.sign(comparePaths(a, b)) === bytes
      }),
      {
        numRuns: quickOr(500, 2000),
        seed: 7,
        examples: [
          ['\uffee', '😀'],
          ['a', 'ab'],
          ['é', 'e\u0301'],
        ],
      },
    )
  })

  it('sorts names beyond the basic plane last', () => {
    expect(sortPaths(['😀', 'b', '\uffee', 'a'])).toEqual(['a', 'b', '\uffee', '😀'])
  })
})
