import { expect, it } from 'vitest'
import { fileStatistics } from '../../src/query/file-statistics.js'
import type { SchemaColumn } from '../../src/query/schema-columns.js'

const column = (name: string, physicalName = name): SchemaColumn => ({
  name,
  physicalName,
  type: 'long',
  fields: [],
})

it('gives no column what is known of another that had its name before', () => {
  // x was renamed to y, and a new x was added after the file was written.
  const columns = [column('y', 'x'), column('x', 'col-123')]
  const text = '{"numRecords":2,"minValues":{"x":5},"maxValues":{"x":9},"nullCount":{"x":0}}'
  expect(fileStatistics(text, columns)).toMatchObject({
    minValues: { y: 5n },
    maxValues: { y: 9n },
    nullCount: { y: 0 },
  })
  expect(fileStatistics(text, columns)?.nullCount).not.toHaveProperty('x')
})

it('goes by the table’s name where a server spells statistics so', () => {
  const text = '{"minValues":{"day":5}}'
  expect(fileStatistics(text, [column('day', 'col-1')])?.minValues).toEqual({ day: 5n })
})
