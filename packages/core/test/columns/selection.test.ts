import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { everyRow, except, type Selection, selectAll, unionOf } from '../../src/index.js'

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

describe('every row', () => {
  it.each([
    [0, 0],
    [5, 0],
    [5, 3],
    [70, 0],
    [1 << 20, 0],
    [3, (1 << 20) - 3],
    [3, (1 << 20) - 2],
    [3, 2 ** 31],
  ])('%d from %d on follow each other', (length, first) => {
    const rows = everyRow(length, first)
    expect(rows.length).toBe(length)
    expect(rows.every((row, i) => row === first + i)).toBe(true)
  })

  it('takes no memory of its own', () => {
    everyRow(1 << 20)
    expect(everyRow(10).buffer).toBe(everyRow(1000, 10).buffer)
  })
})
