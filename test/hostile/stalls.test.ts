import { quickOr, spreadOf } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { ranBench } from './ran-bench.js'
import { HEAVY_INPUTS } from './src/stalls/inputs.js'
import type { StallMeasure } from './src/stalls/measure.js'

it(
  'answers heavy inputs at a thousandth of its size, or refuses what is past the limits',
  async () => {
    // How long the loop was held is for the bench: a test's machine may be busy with anything.
    const inputs = spreadOf(HEAVY_INPUTS, 2)
    const results = await ranBench<Record<string, StallMeasure>>('stalls', [
      ...['--only', inputs.map(({ name }) => name).join(',')],
      ...['--size', '0.001', '--most', '60000', '--warm', '50'],
    ])
    const statuses = Object.entries(results).map(([name, { heavy }]) => [name, heavy.status])
    expect(statuses).toEqual(inputs.map(({ name, status }) => [name, status]))
    for (const { light } of Object.values(results)) expect(light.count).toBeGreaterThan(0)
  },
  quickOr(180_000, 1_200_000),
)
