import { quickOr } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { ranBench } from './ran-bench.js'

interface Result {
  readonly latencies: { readonly count: number }
  readonly most: number
  readonly at: { readonly broken: number }
  readonly after: { readonly sockets: number }
}

it('streams to many while a few are answered, and leaves nothing behind', async () => {
  const small = [
    '--streams',
    '12',
    '--files',
    '20000',
    '--seconds',
    quickOr('2', '4'),
    '--light',
    '2',
  ]
  const result = await ranBench<Result>('streams', [...small, '--p99', '60000'])
  expect(result.latencies.count).toBeGreaterThan(0)
  expect(result.most).toBeGreaterThan(1)
  expect([result.at.broken, result.after.sockets]).toEqual([0, 0])
})
