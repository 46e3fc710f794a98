import { describe, expect, it } from 'vitest'
import { sourcePath } from '../../src/bootstrap/source-path.js'

describe('the path of a source file', () => {
  it.each([
    ['file:///t', 'file:/lake/src/a b.parquet', 'file:///lake/src/a b.parquet'],
    ['file:///t', 'file:///lake/other/a.parquet', 'file:///moved/a.parquet'],
    ['file:///t', '/lake/other/a.parquet', 'file:///moved/a.parquet'],
    ['file:///t', '/lake/others/a.parquet', 'file:///lake/others/a.parquet'],
    ['s3://bucket/t', '/lake/other/a.parquet', 'file:///moved/a.parquet'],
    ['s3://bucket/t', 'file:/lake/other/a.parquet', 'file:///moved/a.parquet'],
    ['s3://bucket/t', 's3a://lake/x.parquet', 's3a://lake/x.parquet'],
  ])('of a table at %s: %s is %s', (location, recorded, expected) => {
    const rebase = [{ from: '/lake/other/', to: 'file:///moved/' }]
    expect(sourcePath({ location, rebase }, recorded)).toBe(expected)
  })
})
