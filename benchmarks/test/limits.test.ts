import { expect, it } from 'vitest'
import { exceeded } from '../src/limits.js'
import type { BenchmarkReport, Sample } from '../src/report/report.js'

function report(sample: Partial<Sample>): BenchmarkReport {
  const whole = { ms: [1], peakRssMb: 1, facts: {}, ...sample }
  return { name: 'plan', rounds: [], samples: { spillway: [whole] }, missing: {} }
}

const store = { get: 8, head: 2, list: 1, put: 0, throttled: 5, bytes: 0 }

it('counts requests that were answered, each kind', () => {
  expect(exceeded({ requests: 11 }, report({ store }))).toEqual([])
  expect(exceeded({ requests: 10 }, report({ store }))).toEqual([
    'plan: 11 requests, expected at most 10',
  ])
})

it('holds what is kept against the ideal', () => {
  const kept = (found: number) => report({ facts: { found, ideal: 10 } })
  expect(exceeded({ keepsIdeal: true }, kept(10))).toEqual([])
  expect(exceeded({ keepsIdeal: true }, kept(11))).toEqual([
    'plan: keeps 11 files, expected the 10 that have a match',
  ])
})

it('holds nothing against a benchmark without limits, or without a sample of ours', () => {
  expect(exceeded({}, report({ store, facts: { found: 2, ideal: 1 } }))).toEqual([])
  expect(exceeded({ requests: 1 }, { ...report({}), samples: {} })).toEqual([])
})
