import { describe, expect, it } from 'vitest'
import { sourceOf } from '../../src/tables/table-source.js'

describe('sourceOf', () => {
  it.each([
    ['metadata/v1.metadata.json', 's3://b/t/metadata/v1.metadata.json'],
    ['/lake/t/metadata/v1.metadata.json', 'file:///lake/t/metadata/v1.metadata.json'],
    ['/lake/a b%20#/v1.metadata.json', 'file:///lake/a b%20#/v1.metadata.json'],
    ['file:///lake/v1.metadata.json', 'file:///lake/v1.metadata.json'],
    ['gs://other/v1.metadata.json', 'gs://other/v1.metadata.json'],
  ])('finds the metadata file %s', (metadataFile, expected) => {
    const source = sourceOf({ location: 's3://b/t', metadataFile }, '/work')
    expect(source.metadataFile).toBe(expected)
  })

  it.each([
    ['', 's3://b/t/'],
    ['data', 's3://b/t/data'],
    ['data/', 's3://b/t/data/'],
    ['/lake/moved', 'file:///lake/moved'],
    ['/lake/moved/', 'file:///lake/moved/'],
    ['s3://other/t/', 's3://other/t/'],
  ])('rebases to %j', (to, expected) => {
    const source = sourceOf({ location: 's3://b/t', rebase: [{ from: 'x', to }] }, '/work')
    expect(source.rebase).toEqual([{ from: 'x', to: expected }])
  })

  it('takes both below a location of this machine too', () => {
    const input = { location: 'tables/a', metadataFile: 'm.json', rebase: [{ from: 'x', to: 'd' }] }
    expect(sourceOf(input, '/work')).toEqual({
      location: 'file:///work/tables/a',
      metadataFile: 'file:///work/tables/a/m.json',
      rebase: [{ from: 'x', to: 'file:///work/tables/a/d' }],
    })
  })
})
