import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createManifest, diffManifests, type ManifestEntry } from '../../src/index.js'

const entry = (path: string, text: string): ManifestEntry => ({
  path,
  size: text.length,
  sha256: createHash('sha256').update(text).digest('hex'),
})

describe('the difference of two manifests', () => {
  it('is what was added, removed and changed, and the rest', async () => {
    const from = await createManifest([entry('a', '1'), entry('b', '1'), entry('d/x', '1')])
    const to = await createManifest([entry('a', '1'), entry('c', '1'), entry('d/x', '22')])
    expect(await diffManifests(from, to)).toEqual({
      added: [entry('c', '1')],
      removed: [entry('b', '1')],
      changed: [{ from: entry('d/x', '1'), to: entry('d/x', '22') }],
      same: [entry('a', '1')],
    })
  })

  it('tells a file of the same digest and another size: one of both is wrong', async () => {
    const from = await createManifest([entry('a', '1')])
    const to = await createManifest([{ ...entry('a', '1'), size: 5 }])
    expect((await diffManifests(from, to)).changed.length).toBe(1)
  })

  it('says of each path what a look at both says', async () => {
    const path = fc.constantFrom('a', 'b', 'c/x', 'c/y', '～', '😀', '\ue000', 'z')
    const files = fc.dictionary(path, fc.constantFrom('1', '2'))
    await fc.assert(
      fc.asyncProperty(files, files, async (before, after) => {
        const manifestOf = (of: Record<string, string>) =>
          createManifest(Object.entries(of).map(([p, t]) => entry(p, t)))
        const diff = await diffManifests(await manifestOf(before), await manifestOf(after))
        const paths = new Set([...Object.keys(before), ...Object.keys(after)])
        const said = new Map([
          ...diff.added.map(e => [e.path, 'added'] as const),
          ...diff.removed.map(e => [e.path, 'removed'] as const),
          ...diff.changed.map(e => [e.to.path, 'changed'] as const),
          ...diff.same.map(e => [e.path, 'same'] as const),
        ])
        expect(said.size).toBe(paths.size)
        for (const p of paths) {
          const [was, is] = [before[p], after[p]]
          const right =
            was === undefined
              ? 'added'
              : is === undefined
                ? 'removed'
                : was === is
                  ? 'same'
                  : 'changed'
          expect(said.get(p)).toBe(right)
        }
      }),
    )
  })
})
