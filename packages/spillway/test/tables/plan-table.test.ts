import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { eq } from '@spillway/core'
import { hudiReader } from '@spillway/hudi'
import { memoryStore } from '@spillway/storage'
import { keepingCache, readTarGz } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { planTable } from '../../src/tables/plan-table.js'

const ROOT = 's3://lake/t'
const golden = fileURLToPath(new URL('../../../../test/fixtures/hudi/', import.meta.url))

/** Three partitions with one live file each, and files of older versions beside them. */
function snapshotOf(table: string) {
  const objects = readTarGz(readFileSync(golden + table))
  const store = memoryStore({
    objects: [...objects].map(([path, bytes]) => [`${ROOT}/${path}`, bytes] as const),
  })
  return hudiReader({ store, cache: keepingCache() }).snapshot({ location: ROOT })
}

it.each(['v9/cow_basic.tar.gz', 'v6/cow_no_metadata.tar.gz'])(
  '%s: counts live files of partitions that were never looked at',
  async table => {
    const snapshot = await snapshotOf(table)
    const whole = await planTable(snapshot, { unapplied: [] })
    const total = Number(whole.filesTotal)
    const predicate = eq('region', 'ap')
    const [one, limited] = await Promise.all([
      planTable(await snapshotOf(table), { predicate, unapplied: [] }),
      planTable(await snapshotOf(table), { limit: 1, unapplied: [] }),
    ])
    expect([one.filesTotal, one.pruned, limited.filesTotal]).toEqual([
      total,
      { partition: total - 1, stats: 0, limit: 0 },
      total,
    ])
  },
)
