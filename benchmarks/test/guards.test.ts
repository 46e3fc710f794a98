import { expect, it } from 'vitest'
import { held } from '../src/guards.js'

/** What each turn of a piece of work costs, told instead of measured. */
function costs(turns: { readonly ours: readonly number[]; readonly plain: readonly number[] }) {
  const taken = { ours: 0, plain: 0 }
  const work = (side: 'ours' | 'plain') => () => side
  const costOf = async (each: () => unknown) => {
    const side = each() as 'ours' | 'plain'
    return turns[side][Math.min(taken[side]++, turns[side].length - 1)]!
  }
  return { ours: work('ours'), plain: work('plain'), costOf }
}

it('compares the least of each side, behind a first turn that compiles', async () => {
  const { ours, plain, costOf } = costs({ ours: [90, 30, 12, 40], plain: [1, 10, 20, 15] })
  const { facts } = await held({ ours, plain, most: 1.5 }, costOf)
  expect(facts).toEqual({ ratio: 1.2, most: 1.5 })
})

it('fails where ours takes too many times the plain work', async () => {
  const { ours, plain, costOf } = costs({ ours: [16], plain: [10] })
  await expect(held({ ours, plain, most: 1.5 }, costOf)).rejects.toThrow(
    'it takes 1.6 times what the plain work does, more than 1.5',
  )
})
