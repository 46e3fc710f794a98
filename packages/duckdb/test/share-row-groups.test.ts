import { keepRowGroups, parseParquetMetadata } from '@spillway/encoding'
import { beforeAll, describe, expect, it } from 'vitest'
import { positionsIn } from '../src/fetch/kept-rows.js'
import { sharedTable } from './support/share-table.js'

let metadata: Uint8Array

beforeAll(async () => {
  const [file] = await sharedTable(1, 40_000)
  const bytes = Buffer.from(file!.bytes)
  const length = bytes.readUInt32LE(bytes.length - 8)
  metadata = bytes.subarray(bytes.length - 8 - length, bytes.length - 8)
})

describe('a footer with some of its row groups', () => {
  it.each([[[]], [[0]], [[3, 7, 19]], [Array.from({ length: 20 }, (_, i) => i)]])(
    'keeps %j and everything else',
    kept => {
      const whole = parseParquetMetadata(metadata, 'whole')
      const rows = kept.reduce((sum, group) => sum + whole.footer.rowGroups[group]!.rowCount, 0)
      const less = parseParquetMetadata(keepRowGroups(metadata, kept, rows), 'less')
      expect(less.footer).toEqual({
        ...whole.footer,
        path: 'less',
        rowCount: rows,
        rowGroups: kept.map(group => whole.footer.rowGroups[group]),
        codecs: kept.length === 0 ? [] : whole.footer.codecs,
      })
      for (const [i, group] of kept.entries()) expect(less.chunks(i)).toEqual(whole.chunks(group))
    },
  )

  it('of a group that is not there is an error', () => {
    expect(() => keepRowGroups(metadata, [20], 0)).toThrow(/no row group 20/)
  })
})

describe('positions in a copy with some of the rows', () => {
  it('move down by the rows left out before them, and those of rows left out are gone', () => {
    const runs = [
      { start: 10, count: 5 },
      { start: 30, count: 2 },
    ]
    const positions = [0, 9, 10, 14, 15, 29, 30, 31, 32, 99]
    const blocksOf = (cut: number) =>
      [positions.slice(0, cut), positions.slice(cut)].map(block => Float64Array.from(block))
    for (let cut = 0; cut <= positions.length; cut++) {
      const found = [...positionsIn(runs, blocksOf(cut))].flatMap(block => [...block])
      expect(found).toEqual([0, 4, 5, 6])
    }
  })
})
