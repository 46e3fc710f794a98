import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { glob } from '../../src/filters/glob.js'
import { pathFilter } from '../../src/index.js'

/** Written by Python's fnmatch and huggingface_hub: test/fixtures/assets/filters/make.py. */
const folder = fileURLToPath(new URL('../../../../test/fixtures/assets/filters/', import.meta.url))
const { names, matches }: { names: string[]; matches: Record<string, number[]> } = JSON.parse(
  readFileSync(`${folder}matches.json`, 'utf8'),
)
const filters: { include: string[] | null; exclude: string[] | null; paths: string[] }[] =
  JSON.parse(readFileSync(`${folder}filters.json`, 'utf8'))

describe('a pattern', () => {
  it.each(Object.keys(matches))('matches what Python says: %j', pattern => {
    const matched = glob(pattern)
    expect(names.flatMap((name, i) => (matched(name) ? [i] : []))).toEqual(matches[pattern])
  })

  it('is matched in no more steps than its length times the name’s', () => {
    const name = `${'a'.repeat(4096)}`
    for (const pattern of [
      `${'a*'.repeat(511)}b`,
      `${'*a'.repeat(511)}b`,
      `${'*?'.repeat(511)}b`,
      `${'*[a-z]'.repeat(170)}b`,
      `[${'a-'.repeat(510)}`,
      `*${'a'.repeat(1022)}b`,
    ]) {
      expect(glob(pattern)(name)).toBe(false)
    }
    // A matcher that goes back to every star would be here for ever.
  }, 20_000)
})

describe('a filter', () => {
  const paths = names.filter(name => name !== '' && !name.includes('\\'))

  it.each(filters)('leaves what the Hugging Face client leaves: $include, $exclude', one => {
    const { include, exclude } = one
    const filter = pathFilter({ include: include ?? undefined, exclude: exclude ?? undefined })
    expect(paths.filter(filter)).toEqual(one.paths)
  })

  it('of no patterns leaves all', () => {
    expect(paths.filter(pathFilter({ include: [], exclude: [] }))).toEqual(paths)
  })

  it.each(['', 'a'.repeat(1025)])('refuses a pattern that is empty or very long', pattern => {
    for (const options of [{ include: [pattern] }, { exclude: ['a', pattern] }]) {
      expect(() => pathFilter(options)).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
    }
  })
})
