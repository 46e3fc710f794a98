import { describe, expect, it } from 'vitest'
import { resourceType } from '../src/media-type.js'

describe('the media type of a file in a skill', () => {
  it.each([
    ['SKILL.md', 'text/markdown'],
    ['scripts/run.TS', 'text/typescript'],
    ['data/rates.tsv', 'text/tab-separated-values'],
    ['data/rates.parquet', 'application/vnd.apache.parquet'],
    ['scripts/.ts', 'application/octet-stream'],
    ['LICENSE', 'application/octet-stream'],
  ])('of %s is %s', (path, type) => expect(resourceType(path)).toBe(type))
})
