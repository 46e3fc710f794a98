import fc from 'fast-check'
import { expect, it } from 'vitest'
import { atOnce } from '../../src/tasks/slices.js'
import { sorted } from '../../src/tasks/sorted.js'

const numbers = (count: number, most: number) =>
  fc.sample(fc.nat(most), { numRuns: count, seed: 1 }).map((key, at) => ({ key, at }))
const byKey = (a: { readonly key: number }, b: { readonly key: number }) => a.key - b.key

it.each([0, 1, 2, 4095, 4096, 4097, 20_000])('sorts %i items as they are sorted at once', count => {
  for (const most of [3, 1_000_000]) {
    const items = numbers(count, most)
    expect(atOnce(sorted(items, byKey))).toEqual([...items].sort(byKey))
    expect(items).toEqual(numbers(count, most))
  }
})

it('sorts many in many steps, and few in none', () => {
  expect([...sorted(numbers(4096, 9), byKey)]).toHaveLength(0)
  expect([...sorted(numbers(40_960, 9), byKey)].length).toBeGreaterThan(30)
})
