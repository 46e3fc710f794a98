import { hash64Into } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { KeyIndex } from '../../src/log/key-index.js'

const identity = (name: string) => new TextEncoder().encode(name)

function has(index: KeyIndex, name: string, under = name): boolean {
  const lanes = new Uint32Array(2)
  hash64Into(identity(under), lanes, 0)
  return index.has(lanes[0]!, lanes[1]!, () => identity(name))
}

describe('KeyIndex', () => {
  it('numbers each file once and keeps its place, through many growths', () => {
    const index = new KeyIndex()
    const numbers = Array.from({ length: 100_000 }, (_, i) => index.add(identity(`file-${i}`)))
    numbers.forEach((entry, i) => {
      index.setPlace(entry, i)
    })
    const again = numbers.every((entry, i) => index.add(identity(`file-${i}`)) === entry)
    const places = numbers.every((entry, i) => index.placeOf(entry) === i)
    expect([index.size, again, places]).toEqual([100_000, true, true])
  })

  it('has what was added and nothing else', () => {
    const index = new KeyIndex()
    for (let i = 0; i < 1000; i++) index.add(identity(`file-${i}`))
    expect([has(index, 'file-7'), has(index, 'file-1000'), has(index, '')]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('looks at the identity behind an equal key', () => {
    const index = new KeyIndex()
    index.add(identity('a'))
    expect([has(index, 'a'), has(index, 'another file of the same key', 'a')]).toEqual([
      true,
      false,
    ])
  })

  it('merges with another', () => {
    const [one, two] = [new KeyIndex(), new KeyIndex()]
    one.add(identity('a'))
    one.add(identity('b'))
    two.add(identity('b'))
    two.add(identity('c'))
    const merged = one.merged(two)
    expect([merged.size, ...['a', 'b', 'c', 'd'].map(name => has(merged, name))]).toEqual([
      3,
      true,
      true,
      true,
      false,
    ])
  })
})

describe('very many files', () => {
  it('are merged in one index, each once', () => {
    const indexes = [0, 1, 2].map(first => {
      const index = new KeyIndex()
      for (let i = 0; i < 6000; i++) index.add(identity(`file-${first * 3000 + i}`))
      return index
    })
    const all = indexes[0]!.merged(...indexes.slice(1))
    const every = Array.from({ length: 12_000 }, (_, i) => has(all, `file-${i}`)).every(Boolean)
    expect([all.size, every, has(all, 'file-12000')]).toEqual([12_000, true, false])
  })
})
