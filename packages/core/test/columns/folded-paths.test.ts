import { describe, expect, it } from 'vitest'
import { type BytesColumn, type FoldedPaths, PathFolder, readString } from '../../src/index.js'

const utf8 = new TextEncoder()

function folderOf(paths: readonly Uint8Array[]): PathFolder {
  const folder = new PathFolder(paths.length)
  for (const path of paths) {
    // Paths lie within the bytes of an entry.
    const entry = new Uint8Array(Buffer.concat([Uint8Array.of(1, 2), path, Uint8Array.of(3)]))
    folder.append(entry, 2, 2 + path.length)
  }
  return folder
}

function folded(paths: readonly string[]): FoldedPaths {
  return folderOf(paths.map(path => utf8.encode(path))).finish()
}

function textsIn(parts: Iterable<BytesColumn>): string[] {
  return [...parts].flatMap(part =>
    Array.from({ length: part.offsets.length - 1 }, (_, row) => readString(part, row)),
  )
}

const fileOf = (n: number, day = n % 40) =>
  `s3://lake/wh/db/trips/data/day=2026-${10 + Math.floor(day / 20)}-${10 + (day % 20)}/00000-${n}-5f2c1a58-8c1b-4c5e-9a8e-2f6d1b7f0c11-00001.parquet`

/** Numbers below `below`, the same in every run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (state >> 8) % below
  }
}

/** Paths of few letters, which often begin and end alike, and are one another's beginnings and ends. */
function randomPaths(below: (limit: number) => number): string[] {
  const part = () => Array.from({ length: below(5) }, () => ['a', 'b', 'é'][below(3)]).join('')
  const ends = [part(), part(), part()]
  const row = () => ends[below(3)]! + part() + ends[below(3)]!
  return Array.from({ length: below(41) }, row)
}

describe('folded paths', () => {
  it.each<[string, readonly string[]]>([
    ['none', []],
    ['one', ['s3://a/b']],
    ['an empty one', ['']],
    ['the same again', ['s3://a/b', 's3://a/b', 's3://a/b']],
    ['one that is the beginning of the next', ['a', 'aa', 'aaa', 'a']],
    ['one that is the end of the next', ['ba', 'a', 'aba']],
    ['overlapping ends', ['abab', 'ab', 'ababab']],
    ['nothing alike', ['a', 'b', 'c']],
    ['an empty one among others', ['abc', '', 'abd']],
    ['halves of characters alike', ['é', 'è', 'ê']],
    ['several runs', Array.from({ length: 2500 }, (_, n) => fileOf(n))],
    ['runs that end early', Array.from({ length: 200 }, (_, n) => `${'x'.repeat(200 - n)}${n}`)],
    ['long ones', Array.from({ length: 5 }, (_, n) => `${n}${'x'.repeat(200_000)}${n}`)],
  ])('are what was taken: %s', (_what, paths) => {
    const found = folded(paths)
    expect(found.length).toBe(paths.length)
    expect(textsIn(found.parts())).toEqual(paths)
    expect(paths.map((_, row) => new TextDecoder().decode(found.bytes(row)))).toEqual(paths)
    expect(textsIn([found.column])).toEqual(paths)
    expect(textsIn(found.parts())).toEqual(paths)
    expect(paths.map((_, row) => new TextDecoder().decode(found.bytes(row)))).toEqual(paths)
  })

  it('are what was taken, wherever it lay', () => {
    const below = numbersFrom(7)
    for (let i = 0; i < 300; i++) {
      const paths = [
        ...randomPaths(below),
        ...Array.from({ length: below(1500) }, (_, n) => fileOf(n)),
      ]
      const buffer = utf8.encode(paths.join(''))
      const folder = new PathFolder(paths.length)
      const expected: string[] = []
      let at = 0
      for (const path of paths) {
        const start = at
        at += utf8.encode(path).length
        const how = below(i % 5 === 0 ? 4 : 400)
        if (how === 0) continue
        expected.push(path)
        if (how === 1) folder.append(utf8.encode(path), 0, at - start)
        else folder.share(how === 2 ? buffer.slice() : buffer, start, at)
      }
      const found = folder.finish()
      expect(textsIn(found.parts())).toEqual(expected)
      const [from, to] = [below(found.length + 1), below(found.length + 1)].sort((a, b) => a - b)
      expect(textsIn([found.span(from!, to!)])).toEqual(expected.slice(from, to))
    }
  })

  it('are what was taken, of any letters', () => {
    const below = numbersFrom(20_261_201)
    for (let i = 0; i < 300; i++) {
      const paths = randomPaths(below)
      expect(textsIn(folded(paths).parts())).toEqual(paths)
    }
  })

  it('hold what files of one writer have in common once', () => {
    const paths = Array.from({ length: 10_000 }, (_, n) => fileOf(n))
    const bytes = paths.reduce((sum, path) => sum + path.length, 0)
    expect(folded(paths).byteLength).toBeLessThan(bytes / 4)
  })

  it('count what is made of all when it is asked for', () => {
    const found = folded(Array.from({ length: 100 }, (_, n) => fileOf(n)))
    const before = found.byteLength
    const { data } = found.column
    expect(found.byteLength - before).toBeGreaterThanOrEqual(data.byteLength)
    expect(found.column.data).toBe(data)
  })
})
