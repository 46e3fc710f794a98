import { describe, expect, it } from 'vitest'
import { decodePath, qualify, resolvePath } from '../../src/actions/data-path.js'

describe('paths', () => {
  it.each([
    ['a%20b', 'a b'],
    ['a%2520b', 'a%20b'],
    ['a+b', 'a+b'],
    ['100%', '100%'],
    ['%C3%A9', 'é'],
    ['%FF', '%FF'],
  ])('%s is decoded once', (recorded, name) => {
    expect(decodePath(recorded)).toBe(name)
  })

  it.each([
    ['s3://b/t', '/x/y', 's3://b/x/y'],
    ['file:///t', '/x/y', 'file:///x/y'],
    ['file:///t', 'file:/x/y', 'file:///x/y'],
    ['/t', '/x/y', '/x/y'],
    ['s3://b/t', 'gs://c/x', 'gs://c/x'],
  ])('from %s, %s is %s', (location, path, qualified) => {
    expect(qualify(location, path)).toBe(qualified)
  })

  it.each([
    ['day=1/a%3Db', 's3://b/t/day=1/a=b'],
    ['s3://old/t/a', 's3://b/t/a'],
    ['s3://old/t2/a', 's3://old/t2/a'],
    ['s3://older/x/a', 's3://new/x/a'],
    ['run%3A2024.parquet', 's3://b/t/run:2024.parquet'],
    ['at%3A12/run%3A2024.parquet', 's3://b/t/at:12/run:2024.parquet'],
    ['run:2024.parquet', 's3://b/t/run:2024.parquet'],
    ['at=12:30/run:2024.parquet', 's3://b/t/at=12:30/run:2024.parquet'],
    ['s3%3A//old/t/a', 's3://b/t/s3://old/t/a'],
  ])('%s lies at %s', (recorded, path) => {
    const rebase = [
      { from: 's3://old/t/', to: '.' },
      { from: 's3://older', to: 's3://new' },
    ]
    expect(resolvePath({ location: 's3://b/t/', rebase }, recorded)).toBe(path)
  })
})
