import { expect, it } from 'vitest'
import { quickOr, spreadOf } from '../../src/support/long-tier.js'

const isLong = (process.env.SPILLWAY_LONG ?? '') !== ''
const ten = Array.from({ length: 10 }, (_, i) => i)

it.each([
  [1, [0]],
  [2, [0, 9]],
  [4, [0, 3, 6, 9]],
  [9, [0, 1, 2, 3, 5, 6, 7, 8, 9]],
  [10, ten],
  [99, ten],
])('%i of ten are at even distances, from the first to the last', (count, quick) => {
  expect(spreadOf(ten.values(), count)).toEqual(isLong ? ten : quick)
})

it('the quick tier has the first of two values', () => {
  expect(quickOr('quick', 'long')).toBe(isLong ? 'long' : 'quick')
})
