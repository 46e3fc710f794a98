import { quickOr } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { ranBench } from './ran-bench.js'
import type { SoakResult } from './src/soak/run-soak.js'

it('answers everything that recipients do at once with what the tables hold', async () => {
  const result = await ranBench<SoakResult>('soak', [
    ...['--minutes', quickOr('0.05', '0.1')],
    ...['--recipients', '4'],
  ])
  expect(result.failures).toEqual([])
  expect(result.left.sockets).toBe(0)
  expect(Object.keys(result.acts).length).toBeGreaterThan(5)
  expect(result.commits).toBeGreaterThan(2)
})
