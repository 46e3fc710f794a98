import { readFileSync } from 'node:fs'
import { quickOr, turnsDuring } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requireSafePaths } from '../../src/index.js'
import { foldedPath } from '../../src/paths/folded-path.js'

const faultOf = (paths: readonly string[]) =>
  requireSafePaths(paths).then(
    () => undefined,
    error => error.context.fault,
  )

/** Written by Python: test/fixtures/assets/paths/make.py. */
const { folds }: { folds: string } = JSON.parse(
  readFileSync(
    new URL('../../../../test/fixtures/assets/paths/casefold.json', import.meta.url),
    'utf8',
  ),
)

describe('folding', () => {
  it('is full case folding, for each of the characters that Python folds', () => {
    const pairs = folds.split(' ')
    expect(pairs.length).toBe(1530)
    for (const pair of pairs) {
      const [character = '', ...folded] = pair
      expect([pair, foldedPath(character)]).toEqual([pair, foldedPath(folded.join(''))])
    }
  })

  it('keeps apart what folds to different texts', () => {
    const folded = new Map(
      folds.split(' ').map(pair => [[...pair][0]!, [...pair].slice(1).join('')]),
    )
    const seen = new Map<string, string>()
    for (let codePoint = 0x20; codePoint < 0x600; codePoint++) {
      const character = String.fromCodePoint(codePoint)
      const plain = (folded.get(character) ?? character).normalize('NFD')
      const before = seen.get(foldedPath(character))
      if (before !== undefined) expect(plain).toBe(before)
      seen.set(foldedPath(character), plain)
    }
  })
})

describe('the paths of an asset', () => {
  it.each([
    [['a', 'b', 'a'], 'duplicate'],
    [['README.md', 'readme.md'], 'twin'],
    [['é', 'e\u0301'], 'twin'],
    [['straße', 'STRASSE'], 'twin'],
    [['ﬁle', 'FILE'], 'twin'],
    [['ΑΣ', 'ας'], 'twin'],
    [['ſ', 'S'], 'twin'],
    [['\u212a', 'k'], 'twin'],
    [['ẞ', 'ss'], 'twin'],
    [['İ', 'i\u0307'], 'twin'],
    [['ab', 'a\u200cb'], 'twin'],
    [['a', 'a/b'], 'file-and-folder'],
    [['x', 'a/b/c', 'a!', 'a.txt', 'a-b', 'a/b'], 'file-and-folder'],
    [['a/x', 'A/y'], 'folder-twin'],
    [['a/é/x', 'a/b', 'a/e\u0301/z/y'], 'folder-twin'],
    [['ok', '../x'], 'dot-segment'],
  ] as const)('%j are refused', async (paths, fault) => {
    expect(await faultOf(paths)).toBe(fault)
    expect(await faultOf(paths.toReversed())).toBe(fault)
  })

  it.each([
    [[]],
    [['a/b', 'a/c', 'a!', 'ab', 'b/a']],
    [['ısı', 'isi']],
    [['a', 'á', 'ä']],
    [['a/a/a', 'a/a/b', 'b/a/a']],
  ])('%j pass', async paths => {
    expect(await faultOf(paths)).toBeUndefined()
  })

  it('are named both where they clash', async () => {
    await expect(requireSafePaths(['Data/a', 'data/a'])).rejects.toThrow(
      /found "data\/a", which is one file with "Data\/a" on disks that fold case or names/,
    )
  })

  it('clash as one look at all pairs says', async () => {
    const segment = fc.constantFrom('a', 'A', 'b', 'é', 'e\u0301', 'ss', 'ß', 'a!', 'a0')
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'))
    await fc.assert(
      fc.asyncProperty(fc.array(path, { maxLength: 6 }), async paths => {
        expect((await faultOf(paths)) !== undefined).toBe(anyPairClashes(paths))
      }),
      { numRuns: quickOr(500, 2000) },
    )
  })

  it('let others go on where there are very many', async () => {
    const paths = Array.from({ length: 60_000 }, (_, i) => `part-${i % 100}/file-${i}.bin`)
    const { turns } = await turnsDuring(() => requireSafePaths(paths))
    expect(turns).toBeGreaterThan(3)
  })
})

/** Quadratic, and without an order: every prefix of each path beside every prefix of each other. */
function anyPairClashes(paths: readonly string[]): boolean {
  return paths.some((a, i) =>
    paths.some((b, j) => {
      if (i >= j) return false
      const [left, right] = [a.split('/'), b.split('/')]
      for (let n = 1; n <= Math.min(left.length, right.length); n++) {
        const [x, y] = [left.slice(0, n).join('/'), right.slice(0, n).join('/')]
        if (foldedPath(x) !== foldedPath(y)) return false
        const isFile = n === left.length || n === right.length
        if (isFile || x !== y) return true
      }
      return false
    }),
  )
}
