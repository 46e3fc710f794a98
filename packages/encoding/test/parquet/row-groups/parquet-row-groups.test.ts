import { type Column, columnBuilder, leafKey, readValue } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { cutBatches } from '../../../src/parquet/row-groups/parquet-row-groups.js'

describe('cutBatches', () => {
  const rows = 2 ** 20 + 11
  const text = (row: number) => (row % 7 === 0 ? null : `row ${row}`)

  function column(): Column {
    const builder = columnBuilder('string', rows)!
    for (let row = 0; row < rows; row++) builder.append(text(row))
    return builder.finish()
  }

  it('cuts a large row group into batches that keep each row', () => {
    const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row)
    const plain = column()
    const leaves = new Map([
      [leafKey(['s']), { column: plain }],
      [leafKey(['list']), { column: plain, offsets }],
    ])
    const batches = [...cutBatches({ rowGroup: 3, length: rows, leaves })]
    expect(batches.map(({ rowGroup, length }) => [rowGroup, length])).toEqual([
      [3, 2 ** 20],
      [3, 11],
    ])
    const [, last] = batches
    const cut = last!.leaves.get(leafKey(['s']))!
    const list = last!.leaves.get(leafKey(['list']))!
    for (let row = 0; row < 11; row++) {
      const expected = text(2 ** 20 + row)
      expect(readValue(cut.column, row, 'string')).toBe(expected)
      expect(readValue(list.column, list.offsets![row]!, 'string')).toBe(expected)
    }
  })
})
