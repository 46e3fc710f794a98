import { expect, it } from 'vitest'
import { tableRoots } from '../../src/store/table-roots.js'

it.each([
  ['s3://bucket/table', 's3://bucket/table/part.parquet'],
  ['s3://bucket/table/', 's3a://bucket/table/day=1/part.parquet'],
  ['/lake/t', 'file:///lake/t/part.parquet'],
  ['file:///lake/t', '/lake/t/a..b/part.parquet'],
  ['file:/lake/t', 'file:///lake/t/part.parquet'],
  ['/lake/t', 'file://localhost/lake/t/part.parquet'],
  ['/lake/t', 'FILE:/lake/t/part.parquet'],
  ['/lake//t', '/lake/t//part.parquet'],
  ['//lake/t//', 'file:////lake/t/part.parquet'],
  ['/', '/lake/t/part.parquet'],
  ["/lake/it's [a] 50% #1 ü", "file:///lake/it's [a] 50% #1 ü/part.parquet"],
  ['s3://bucket', 's3n://bucket/part.parquet'],
  ['s3://bucket/a//t', 's3://bucket/a//t//part.parquet'],
  ['gcs://bucket/t', 'gs://bucket/t/part.parquet'],
])('a file of the table at %s may be handed out: %s', (location, path) => {
  expect(() => tableRoots({ location }).check(path)).not.toThrow()
})

it.each([
  ['s3://bucket/table', 's3://bucket/table2/part.parquet'],
  ['s3://bucket/table', 's3://bucket/table'],
  ['s3://bucket/table', 's3://other/table/part.parquet'],
  ['s3://bucket/table', 's3://bucket/table/../secret/part.parquet'],
  ['s3://bucket/table', 's3://bucket/table/%2e%2e/secret.parquet'],
  ['file:///lake/t', 'file:///lake/t/./../../etc/passwd'],
  ['file:///lake/t', '/etc/passwd'],
  ['/lake/a', '/lake/ab/part.parquet'],
  ['/lake/a/', '//lake/ab/part.parquet'],
  ['/lake/t', '/lake/t'],
  ['/lake/t', 'file://elsewhere/lake/t/part.parquet'],
  ['/lake/t', 'file:lake/t/part.parquet'],
  ['/lake/t', '/lake/t/\0/part.parquet'],
  ['/lake/t', 'lake/t/part.parquet'],
  ['s3://bucket/a/t', 's3://bucket/a//t/part.parquet'],
  ['s3://bucket/t', 's3://Bucket/t/part.parquet'],
  ['s3://bucket/t', '/bucket/t/part.parquet'],
  ['/s3:/bucket/t', 's3://bucket/t/part.parquet'],
])('a file outside the table at %s may not: %s', (location, path) => {
  expect(() => tableRoots({ location }).check(path)).toThrow(/outside its location/)
})

it('lets in what the provider listed: auxiliary locations, and where a rebase leads', () => {
  const source = {
    location: 's3://b/clone',
    auxiliaryLocations: ['s3://b/origin'],
    rebase: [{ from: 'hdfs://old', to: 's3://b/moved' }],
  }
  const { check: guard } = tableRoots(source)
  for (const path of ['s3://b/origin/a', 's3://b/moved/a']) guard(path)
  expect(() => guard('s3://b/other')).toThrow(/outside/)
})

it.each(['', 'data'])('a rebase to %j, relative to the table, opens nothing outside it', to => {
  const source = { location: '/lake/t', rebase: [{ from: 'hdfs://old/', to }] }
  const { check: guard } = tableRoots(source)
  expect(() => guard('/lake/t/data/part.parquet')).not.toThrow()
  expect(() => guard('/etc/passwd')).toThrow(/outside its location/)
})

it.each([
  ['/lake/t', 'file:///lake/t/a', 'file:///lake/t/'],
  ['s3://b/t/', 's3a://b/t/a', 's3a://b/t/'],
  ['/lake/t', '/lake/u/a', undefined],
  ['/lake/t', '//lake//t///a//b', '//lake//t/'],
])('the root of a path is told as the path spells it: %s, %s', (location, path, root) => {
  expect(tableRoots({ location }).rootOf(path)).toBe(root)
})

it('files of a pattern lie below the folder that their reader names', () => {
  const source = { location: 's3://b/t/day=*/[ab].parquet' }
  const { rootOf } = tableRoots(source, { folder: 's3://b/t' })
  expect(rootOf('s3://b/t/day=1/a.parquet')).toBe('s3://b/t/')
  expect(rootOf('s3://b/u/day=1/a.parquet')).toBeUndefined()
  expect(tableRoots(source).rootOf('s3://b/t/day=1/a.parquet')).toBeUndefined()
})

it("what lies in a folder apart is no table's, unless its own root lies there", () => {
  const apart = ['/lake/staging']
  const { rootOf, recordedRootOf } = tableRoots({ location: '/lake' }, { apart })
  expect(rootOf('/lake/t/a')).toBe('/lake/')
  expect(rootOf('/lake/stagingroom/a')).toBe('/lake/')
  expect(rootOf('file:/lake//staging/a')).toBeUndefined()
  expect(recordedRootOf('staging/a')).toBeUndefined()
  expect(tableRoots({ location: '/lake/staging/t' }, { apart }).rootOf('/lake/staging/t/a')).toBe(
    '/lake/staging/t/',
  )
  const named = { location: '/lake', auxiliaryLocations: ['/lake/staging'] }
  expect(tableRoots(named, { apart }).rootOf('/lake/staging/a')).toBe('/lake/staging/')
})
