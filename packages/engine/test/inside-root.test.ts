import { expect, it } from 'vitest'
import { tableRoots } from '../src/inside-root.js'

it.each([
  ['s3://bucket/table', 's3://bucket/table/part.parquet'],
  ['s3://bucket/table/', 's3a://bucket/table/day=1/part.parquet'],
  ['/lake/t', 'file:///lake/t/part.parquet'],
  ['file:///lake/t', '/lake/t/a..b/part.parquet'],
  ['file:/lake/t', 'file:///lake/t/part.parquet'],
])('a file of the table at %s may be handed out: %s', (location, path) => {
  expect(() => tableRoots({ location }, []).check(path)).not.toThrow()
})

it.each([
  ['s3://bucket/table', 's3://bucket/table2/part.parquet'],
  ['s3://bucket/table', 's3://bucket/table'],
  ['s3://bucket/table', 's3://other/table/part.parquet'],
  ['s3://bucket/table', 's3://bucket/table/../secret/part.parquet'],
  ['s3://bucket/table', 's3://bucket/table/%2e%2e/secret.parquet'],
  ['file:///lake/t', 'file:///lake/t/./../../etc/passwd'],
  ['file:///lake/t', '/etc/passwd'],
])('a file outside the table at %s may not: %s', (location, path) => {
  expect(() => tableRoots({ location }, []).check(path)).toThrow(/outside its location/)
})

it('lets in what the provider listed: auxiliary locations, where a rebase leads, staging', () => {
  const source = {
    location: 's3://b/clone',
    auxiliaryLocations: ['s3://b/origin'],
    rebase: [{ from: 'hdfs://old', to: 's3://b/moved' }],
  }
  const { check: guard } = tableRoots(source, ['s3://staging/spillway'])
  for (const path of ['s3://b/origin/a', 's3://b/moved/a', 's3://staging/spillway/a']) guard(path)
  expect(() => guard('s3://staging/other')).toThrow(/outside/)
})

it.each(['', 'data'])('a rebase to %j, relative to the table, opens nothing outside it', to => {
  const source = { location: '/lake/t', rebase: [{ from: 'hdfs://old/', to }] }
  const { check: guard } = tableRoots(source, [])
  expect(() => guard('/lake/t/data/part.parquet')).not.toThrow()
  expect(() => guard('/etc/passwd')).toThrow(/outside its location/)
})

it.each([
  ['/lake/t', 'file:///lake/t/a', 'file:///lake/t/'],
  ['s3://b/t/', 's3a://b/t/a', 's3a://b/t/'],
  ['/lake/t', '/lake/u/a', undefined],
])('the root of a path is told as the path spells it: %s, %s', (location, path, root) => {
  expect(tableRoots({ location }, []).rootOf(path)).toBe(root)
})

it('files of a pattern lie below its last plain folder', () => {
  const source = { location: 's3://b/t/day=*/[ab].parquet' }
  const { rootOf } = tableRoots(source, [], 'parquet')
  expect(rootOf('s3://b/t/day=1/a.parquet')).toBe('s3://b/t/')
  expect(rootOf('s3://b/u/day=1/a.parquet')).toBeUndefined()
  expect(tableRoots(source, []).rootOf('s3://b/t/day=1/a.parquet')).toBeUndefined()
})
