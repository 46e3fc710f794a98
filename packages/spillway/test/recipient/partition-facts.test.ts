import type { FileAction } from '@spillway/client'
import { describe, expect, it } from 'vitest'
import { countFiles } from '../../src/recipient/partition-facts.js'

async function* actions(files: readonly FileAction[]) {
  yield* files
}

const parquet = (day: string | null, rows?: number): FileAction => ({
  kind: 'file',
  file: {
    url: 'https://example/file',
    id: String(day),
    partitionValues: { day },
    size: 100n,
    ...(rows !== undefined && { stats: JSON.stringify({ numRecords: rows }) }),
  },
})

const delta = (day: string, cardinality: number): FileAction => ({
  kind: 'delta',
  file: {
    id: day,
    deltaSingleAction: {
      add: {
        path: 'https://example/file',
        partitionValues: { 'col-1': day },
        size: 50,
        stats: '{"numRecords":10,"minValues":{"numRecords":5}}',
        deletionVector: { storageType: 'i', pathOrInlineDv: '', sizeInBytes: 1, cardinality },
      },
    },
  },
})

const DAY = [{ name: 'day', wireName: 'col-1' }]

describe('files counted as they come', () => {
  it('are added up by partition, deleted rows subtracted', async () => {
    expect(await countFiles(actions([delta('a', 3), delta('b', 0), delta('a', 1)]), DAY)).toEqual({
      files: 3,
      bytes: 150,
      rows: 26,
      deletionVectors: 3,
      partitions: [
        { values: { day: 'a' }, files: 2, bytes: 100, rows: 16 },
        { values: { day: 'b' }, files: 1, bytes: 50, rows: 10 },
      ],
    })
  })

  it('leave the number of rows open where one file does not say it', async () => {
    const { rows, partitions } = await countFiles(actions([parquet('a', 5), parquet('b')]), DAY)
    expect([rows, partitions.map(each => each.rows)]).toEqual([null, [5, null]])
  })

  it('take the empty text of a partition for null', async () => {
    const { partitions } = await countFiles(actions([parquet('', 1), parquet(null, 1)]), DAY)
    expect(partitions).toEqual([{ values: { day: null }, files: 2, bytes: 200, rows: 2 }])
  })

  it('have no partitions where the table has none', async () => {
    expect((await countFiles(actions([parquet('a', 1)]), [])).partitions).toEqual([])
  })
})
