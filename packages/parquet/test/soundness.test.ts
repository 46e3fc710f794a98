import { quickOr } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { checkSoundness } from '../../planner/test/support/property.js'
import { parquetWriter } from './support/random-parquet.js'

const pairs = Number(process.env.SPILLWAY_SOUNDNESS_PAIRS ?? quickOr(1000, 4000))
const seed = Number(process.env.SPILLWAY_SOUNDNESS_SEED ?? Date.now() % 2 ** 31)

it(`prunes no file with a matching row, through Parquet's footers (SPILLWAY_SOUNDNESS_SEED=${seed})`, async () => {
  const result = await checkSoundness(parquetWriter, { pairs, seed })
  if ('message' in result) expect.fail(`seed ${seed}\n${result.message}`)
  console.log(`Parquet, seed ${seed}: ${JSON.stringify(result)}`)
  // A reader that says nothing would be sound as well.
  expect(result.pruned / result.prunable).toBeGreaterThan(0.3)
  expect(result.certain).toBeGreaterThan(0)
}, 600_000)
