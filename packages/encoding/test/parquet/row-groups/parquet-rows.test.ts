import { expect, it } from 'vitest'
import { readParquetRows } from '../../../src/parquet/row-groups/parquet-rows.js'
import { byteStore } from '../../support/byte-store.js'
import { dataPage, levels, smallParquet } from '../../support/small-parquet.js'

it('lets others go on while rows are put together', async () => {
  // Rows are all that it is long by: its one page is a run of nulls.
  const rows = 500_000
  const pages = [dataPage(levels(rows, 0), { values: rows })]
  const { store, file } = byteStore(smallParquet({ type: 'BYTE_ARRAY', rows, pages }))
  let turns = 0
  let done = false
  const others = (async () => {
    for (; !done; turns++) await new Promise(resolve => setImmediate(resolve))
  })()
  const read = await readParquetRows(store, file)
  done = true
  await others
  expect(read.rows).toHaveLength(rows)
  expect(read.rows[rows - 1]).toEqual([null])
  expect(turns).toBeGreaterThan(8)
})
