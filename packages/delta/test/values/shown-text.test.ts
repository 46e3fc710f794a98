import { isTableError } from '@spillway/core'
import { deltaAdd, deltaProtocol } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { allFiles } from '../support/all-files.js'
import { openTable } from '../support/open-table.js'

const LONG = 'z'.repeat(1_000_000)
const FIELDS = [
  { name: 'id', type: 'long' },
  { name: 'p', type: 'integer' },
]
const PARTITIONED = { fields: FIELDS, partitionColumns: ['p'] }
const vector = { storageType: LONG, pathOrInlineDv: 'x', sizeInBytes: 38, cardinality: 4 }

type Open = ReturnType<typeof openTable>

it.each<readonly [string, (table: Open['table']) => Promise<void>]>([
  [
    'the storage type of a vector',
    async table => {
      await table.create({ ...PARTITIONED, readerFeatures: ['deletionVectors'] })
      await table.commit(deltaAdd('a', { partitionValues: { p: '1' }, deletionVector: vector }))
    },
  ],
  [
    'a partition value',
    async table => {
      await table.create(PARTITIONED)
      await table.commit(deltaAdd('a', { partitionValues: { p: LONG } }))
    },
  ],
  ['a type', table => table.create({ fields: [{ name: 'id', type: LONG }] })],
  ['a column', table => table.create({ fields: [{ name: LONG, type: 'none' }] })],
  ['a partition column', table => table.create({ fields: FIELDS, partitionColumns: [LONG] })],
  ['a reader feature', table => table.create({ fields: FIELDS, readerFeatures: [LONG] })],
  [
    'many reader features',
    table =>
      table.create({ fields: FIELDS, readerFeatures: LONG.match(/.{1,100}/g)!.slice(0, 9000) }),
  ],
  [
    'a column mapping mode',
    table => table.create({ fields: FIELDS, configuration: { 'delta.columnMapping.mode': LONG } }),
  ],
  [
    'a changed type',
    table => {
      const changed = { 'delta.typeChanges': [{ fromType: LONG, toType: 'long' }] }
      return table.create({ fields: [{ name: 'id', type: 'long', metadata: changed }] as never })
    },
  ],
  [
    'a format',
    async table => {
      const format = { provider: LONG }
      const schemaString = JSON.stringify({ type: 'struct', fields: [] })
      const metaData = { id: 'x', format, schemaString, partitionColumns: [], configuration: {} }
      await table.commit(deltaProtocol(), { metaData })
    },
  ],
])('a refusal shows the start of a text of the table: %s', async (_, write) => {
  const { reader, source, table } = openTable()
  await write(table)
  const opened = async () => {
    await allFiles(await reader.snapshot(source))
  }
  const error = await opened().then(
    () => undefined,
    (found: unknown) => found,
  )
  expect(isTableError(error) && error.message.length).toBeLessThan(1000)
  expect(isTableError(error) && error.message).toMatch(/z…/)
  expect(JSON.stringify(isTableError(error) && error.context).length).toBeLessThan(2000)
})
