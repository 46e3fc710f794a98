import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ObjectStore } from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { createBatchCache } from '@spillway/engine'
import { planScan } from '@spillway/planner'
import { localStore } from '@spillway/storage'
import { quickOr } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkpointOfAdds } from './src/stalls/delta-inputs.js'

/** More than a batch of files may have: the row group becomes two of them. */
const FILES = 2 ** 20 + 9
const folder = mkdtempSync(join(tmpdir(), 'long-groups-'))

// A million adds take ten seconds, and fewer show nothing.
const whole = quickOr(describe.skip, describe)

whole('a row group of more than 2^20 adds', () => {
  beforeAll(() => checkpointOfAdds(folder, { files: FILES, groupRows: 2 ** 22 }), 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const FOOTER = 'the footer'

  /** Counts how often each range of a checkpoint is read. */
  function countingStore() {
    const reads = new Map<string, number>()
    const counting = (store: ObjectStore): ObjectStore => ({
      ...store,
      within: fence => counting(store.within?.(fence) ?? store),
      get(path, options) {
        const size = path.endsWith('.parquet') ? statSync(fileURLToPath(path)).size : 0
        const range = options?.range ?? { suffix: size }
        const isFooter = 'suffix' in range || range.end === size
        const key = isFooter ? FOOTER : `${range.start} to ${range.end}`
        if (path.endsWith('.parquet')) reads.set(key, (reads.get(key) ?? 0) + 1)
        return store.get(path, options)
      },
    })
    return { store: counting(localStore()), reads }
  }

  it('is decoded once for all its parts, and has them all', async () => {
    const { store, reads } = countingStore()
    const reader = deltaReader({ store, cache: createBatchCache({ maxBytes: 2 ** 30 }) })
    const snapshot = await reader.snapshot({ location: `file://${folder}`, format: 'delta' })
    const names = new Set<string>()
    let files = 0
    for await (const { files: batch, selection } of planScan(snapshot, {
      predicate: { kind: 'alwaysTrue' },
    })) {
      for (const { path } of await batch.files(selection.filter(row => row % 1000 < 3))) {
        names.add(path)
      }
      files += selection.length
    }
    expect(files).toBe(FILES)
    const expected = [2 ** 20, FILES % 2 ** 20].flatMap(length =>
      Array.from({ length }, (_, row) => row).filter(row => row % 1000 < 3),
    )
    expect(names.size).toBe(expected.length)
    // Readers look at the footer again for each of their questions.
    const again = [...reads].filter(([range, count]) => count > 1 && !range.includes(FOOTER))
    expect(again).toEqual([])
  }, 120_000)
})
