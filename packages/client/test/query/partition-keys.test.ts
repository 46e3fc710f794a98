import { expect, it } from 'vitest'
import { PartitionKeys } from '../../src/query/partition-keys.js'

const schemaString = JSON.stringify({
  type: 'struct',
  fields: [
    { name: 'day', type: 'string', metadata: { 'delta.columnMapping.physicalName': 'col-1' } },
    { name: 'region', type: 'string', metadata: {} },
    { name: 'other', type: 'string', metadata: { 'delta.columnMapping.physicalName': 'col-3' } },
  ],
})
const keys = new PartitionKeys({ id: 'x', schemaString, partitionColumns: ['day', 'region'] })

it.each([
  [{ day: '1', region: 'a' }],
  [{ 'col-1': '1', region: null }],
  [{ day: '1' }],
  [{ day: '1', 'col-1': '1', region: 'a', more: 'x' }],
])('takes %j', values => {
  expect(keys.faultOf(values)).toBeUndefined()
})

it.each([
  [undefined, 'has no partitionValues'],
  [{}, 'has no partitionValues'],
  [{ Day: '1', region: 'a' }, 'has a partition value of "Day"'],
  [{ 'col-3': '1', region: 'a' }, 'has a partition value of "col-3"'],
  [{ day: '1', 'col-1': '1', x: '1' }, 'has a partition value of "x"'],
  [{ x: '1' }, 'none of the columns "day", "col-1", "region"'],
])('refuses %j', (values, words) => {
  expect(keys.faultOf(values)).toContain(words)
})

it('takes the names of metadata in the middle of an answer', () => {
  const own = new PartitionKeys({ id: 'x', schemaString: '{}', partitionColumns: ['day'] })
  expect(own.faultOf({ date: '1' })).toBeDefined()
  own.add({ id: 'x', schemaString: '{', partitionColumns: ['date'] })
  expect(own.faultOf({ date: '1' })).toBeUndefined()
})

it('goes by the last metadata: a table may become partitioned, or cease to be', () => {
  const own = new PartitionKeys({ id: 'x', schemaString, partitionColumns: [] })
  own.add({ id: 'x', schemaString, partitionColumns: ['day'] })
  expect(own.faultOf({})).toContain('no partitionValues')
  own.add({ id: 'x', schemaString, partitionColumns: [] })
  expect(own.faultOf({})).toBeUndefined()
})

it('asks nothing of tables without partitions', () => {
  const none = new PartitionKeys({ id: 'x', schemaString, partitionColumns: [] })
  expect(none.faultOf({ anything: '1' })).toBeUndefined()
})
