import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HEAVY_INPUTS } from './src/stalls/inputs.js'
import type { StallMeasure } from './src/stalls/measure.js'

const run = promisify(execFile)
const bench = new URL('./dist/stalls.js', import.meta.url).pathname
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-stalls-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('answers every heavy input at a thousandth of its size, or refuses what is past the limits', async () => {
  const json = join(folder, 'stalls.json')
  // How long the loop was held is for the bench: a test's machine may be busy with anything.
  await run(process.execPath, [bench, '--size', '0.001', '--most', '60000', '--json', json])
  const results = JSON.parse(await readFile(json, 'utf8')) as Record<string, StallMeasure>
  const statuses = Object.entries(results).map(([name, { heavy }]) => [name, heavy.status])
  expect(statuses).toEqual(HEAVY_INPUTS.map(({ name, status }) => [name, status]))
  for (const { light } of Object.values(results)) expect(light.count).toBeGreaterThan(0)
})
