import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { except, type Selection, selectAll, unionOf } from '../../src/index.js'

const selection = fc
  .uniqueArray(fc.nat(300))
  .map(rows => Uint32Array.from(rows.sort((a, b) => a - b)))

function asSet(operation: (a: Set<number>, b: Set<number>) => number[]) {
  return (a: Selection, b: Selection) => operation(new Set(a), new Set(b)).sort((x, y) => x - y)
}

describe('selections', () => {
  it.each([
    ['unionOf', unionOf, asSet((a, b) => [...new Set([...a, ...b])])],
    ['except', except, asSet((a, b) => [...a].filter(row => !b.has(row)))],
  ])('%s agrees with sets', (_name, operation, expected) => {
    fc.assert(
      fc.property(selection, selection, (a, b) => {
        expect([...operation(a, b)]).toEqual(expected(a, b))
      }),
    )
  })

  it('selectAll holds every row once', () => {
    expect([...selectAll(3)]).toEqual([0, 1, 2])
  })
})
