import { quickOr } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { icebergWriter } from '../../iceberg/test/support/random-iceberg.js'
import { parquetWriter } from '../../parquet/test/support/random-parquet.js'
import { deltaWriter } from './support/delta-writer.js'
import { hudiWriter } from './support/hudi-writer.js'
import { checkSoundness } from './support/property.js'
import { statisticsWriter } from './support/statistics-writer.js'

const pairs = Number(process.env.SPILLWAY_SOUNDNESS_PAIRS ?? quickOr(2000, 20_000))
const seed = Number(process.env.SPILLWAY_SOUNDNESS_SEED ?? Date.now() % 2 ** 31)
const minutes = 60_000

describe(`soundness (SPILLWAY_SOUNDNESS_SEED=${seed})`, () => {
  it.each([
    [statisticsWriter, 0.3],
    [deltaWriter, 0.25],
    [icebergWriter, 0.2],
    [hudiWriter, 0.15],
    [parquetWriter, 0.1],
  ])(
    '$name: prunes no file with a matching row',
    async (writer, share) => {
      const result = await checkSoundness(writer, { pairs: Math.ceil(pairs * share), seed })
      if ('message' in result) expect.fail(`seed ${seed}\n${result.message}`)
      console.log(`${writer.name}, seed ${seed}: ${JSON.stringify(result)}`)
      // A planner that keeps everything would be sound as well.
      expect(result.pruned / result.prunable).toBeGreaterThan(0.3)
      expect(result.certain).toBeGreaterThan(0)
    },
    60 * minutes,
  )
})
