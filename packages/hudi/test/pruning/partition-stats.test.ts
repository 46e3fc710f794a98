import { leafOf, readValue } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { type HudiColumnStats, type HudiCommit, hudiTableObjects } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { hudiReader } from '../../src/index.js'
import { noCache } from '../support/real-tables.js'

const ROOT = 'memory:///t'
const SCHEMA =
  '{"type":"record","name":"r","fields":[{"name":"n","type":["null","string"]},{"name":"p","type":["null","string"]}]}'

const statsOf = (min: string, max: string): HudiColumnStats => ({
  column: 'n',
  min: { wrapper: 'StringWrapper', value: min },
  max: { wrapper: 'StringWrapper', value: max },
  valueCount: 2,
  nullCount: 0,
})

/** A base file and, a day later, a log over it. */
function commitsOf(base: HudiColumnStats, log: HudiColumnStats | undefined): HudiCommit[] {
  const [first, second] = ['20260101000000000', '20260102000000000']
  const file = { partition: 'x', fileId: 'a', size: 1 }
  return [
    {
      begin: first!,
      completion: first!,
      action: 'commit',
      files: [{ ...file, name: `a_0-1-1_${first}.parquet`, stats: [base] }],
    },
    {
      begin: second!,
      completion: second!,
      action: 'deltacommit',
      files: [{ ...file, name: `.a_${second}.log.1_0-1-1`, ...(log && { stats: [log] }) }],
    },
  ]
}

async function boundsOf(commits: readonly HudiCommit[]) {
  const store = memoryStore({
    objects: hudiTableObjects({
      root: ROOT,
      tableType: 'MERGE_ON_READ',
      schema: SCHEMA,
      properties: {
        'hoodie.table.keygenerator.type': 'SIMPLE',
        'hoodie.table.partition.fields': 'p',
      },
      commits,
      partitionStats: true,
    }),
  })
  const snapshot = await hudiReader({ store, cache: noCache }).snapshot({ location: ROOT })
  const path = snapshot.schema.find(['n'])!
  const summaries = await snapshot.files.readSummaries!([path], Uint32Array.of(0))
  const [stats] = summaries.columns.get(leafOf(path).id) ?? []
  const value = (side: 'lower' | 'upper') =>
    stats?.[side] === undefined ? null : readValue(stats[side], 0, 'string')
  return [value('lower'), value('upper')]
}

describe('statistics of partitions', () => {
  it('bound base files and the logs that move values out of their bounds', async () => {
    expect(await boundsOf(commitsOf(statsOf('f', 'm'), statsOf('b', 'z')))).toEqual(['b', 'z'])
  })

  it('say nothing where one file is unknown', async () => {
    expect(await boundsOf(commitsOf(statsOf('f', 'm'), undefined))).toEqual([null, null])
  })

  it('do not bound by strings whose order Java sees otherwise', async () => {
    const [, upper] = await boundsOf(commitsOf(statsOf('f', '\ufb01'), statsOf('g', '\u{1f600}')))
    expect(upper).toBeNull()
  })
})
