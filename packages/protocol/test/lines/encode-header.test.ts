import { expect, it } from 'vitest'
import { parseCapabilities } from '../../src/capabilities/capabilities.js'
import { negotiate } from '../../src/capabilities/negotiate.js'
import { encodeHeader, encodeHeaderInSteps } from '../../src/lines/encode-header.js'
import {
  deltaTable,
  field,
  hudiTable,
  LONG_ID,
  MAPPED,
  otherTable,
  VECTORS,
} from '../support/tables.js'

function header(table: ReturnType<typeof deltaTable>, capabilities: string, canRewrite = false) {
  const negotiated = negotiate(parseCapabilities(capabilities), table, { canRewrite })
  const text = encodeHeader(table, negotiated, { version: 3n, totals: { files: 2, bytes: 1146 } })
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}

const commented = {
  sparkFields: [
    { ...LONG_ID, metadata: { comment: 'the key', 'delta.identity.start': 1, secret: 'x' } },
    {
      name: 'n',
      type: {
        type: 'array',
        elementType: { type: 'struct', fields: [{ ...LONG_ID, metadata: { hidden: 1 } }] },
        containsNull: true,
      },
      nullable: true,
      metadata: {},
    },
  ],
  configuration: { 'delta.enableChangeDataFeed': 'true', 'delta.secret': 'y' },
}

it('announces the vectors that files of a table with log files may come with', () => {
  const asked = 'responseformat=delta,parquet;readerfeatures=deletionvectors,columnmapping'
  const [protocol, line] = header(hudiTable('snapshot'), asked)
  expect(protocol.protocol.deltaProtocol.readerFeatures).toEqual(['deletionVectors'])
  expect(line.metaData.deltaMetadata.configuration).toMatchObject({
    'delta.enableChangeDataFeed': 'true',
    'delta.enableDeletionVectors': 'true',
  })
  const [without] = header(hudiTable('snapshot'), 'responseformat=delta')
  expect(without.protocol.deltaProtocol).toEqual({ minReaderVersion: 1, minWriterVersion: 4 })
})

it('tells clients of either format that the changes of a table without Delta properties can be asked for', () => {
  const [, parquet] = header(hudiTable('snapshot'), 'responseformat=parquet')
  expect(parquet.metaData.configuration).toEqual({ enableChangeDataFeed: 'true' })
  const [, delta] = header(hudiTable('read_optimized'), 'responseformat=delta')
  expect(delta.metaData.deltaMetadata.configuration).toEqual({
    'delta.enableChangeDataFeed': 'true',
  })
})

it('28: tells parquet clients comments and the change feed, and nothing else of a table', () => {
  const [protocol, line] = header(deltaTable(commented), 'responseformat=parquet')
  expect(protocol).toEqual({ protocol: { minReaderVersion: 1 } })
  expect(line.metaData).toEqual({
    id: 'c0ffee00-0000-4000-8000-000000000001',
    format: { provider: 'parquet' },
    schemaString: JSON.stringify({
      type: 'struct',
      fields: [
        { ...LONG_ID, metadata: { comment: 'the key' } },
        {
          name: 'n',
          type: {
            type: 'array',
            elementType: { type: 'struct', fields: [LONG_ID] },
            containsNull: true,
          },
          nullable: true,
          metadata: {},
        },
      ],
    }),
    partitionColumns: [],
    configuration: { enableChangeDataFeed: 'true' },
    version: 3,
    size: 1146,
    numFiles: 2,
  })
})

it('22: passes a Delta table’s own metaData on byte for byte', () => {
  const table = deltaTable(commented)
  const negotiated = negotiate(parseCapabilities('responseformat=delta'), table, {
    canRewrite: false,
  })
  const text = encodeHeader(table, negotiated, { version: 3n })
  expect(text).toContain(`"deltaMetadata":${table.deltaActions!.metaData}}`)
})

it('writes a metaData action that its log spread over lines on one', () => {
  const table = deltaTable()
  const actions = table.deltaActions!
  const spread = JSON.stringify(JSON.parse(actions.metaData), null, 2)
  const [, { metaData }] = header(
    { ...table, deltaActions: { ...actions, metaData: spread } },
    'responseformat=delta',
  )
  expect(metaData.deltaMetadata).toEqual(JSON.parse(actions.metaData))
})

it.each([
  [
    'reader and writer features that its files need',
    VECTORS,
    'responseformat=delta;readerfeatures=deletionvectors',
    {
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['deletionVectors'],
      writerFeatures: ['deletionVectors', 'appendOnly'],
    },
  ],
  [
    'no feature that is switched off and unknown to the client',
    { ...VECTORS, configuration: {} },
    'responseformat=delta',
    { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['appendOnly'] },
  ],
  [
    'column mapping by its old version',
    MAPPED,
    'responseformat=delta;readerfeatures=columnmapping',
    { minReaderVersion: 2, minWriterVersion: 5 },
  ],
  [
    'no mapping where it is not in use',
    { ...MAPPED, configuration: {} },
    'responseformat=delta',
    { minReaderVersion: 1, minWriterVersion: 5 },
  ],
])('29: the protocol names %s', (_, table, capabilities, expected) => {
  const [{ protocol }] = header(deltaTable(table), capabilities)
  expect(protocol.deltaProtocol).toEqual(expected)
})

it('says nothing of mapping and vectors to a client for whom files are rewritten', () => {
  const table = deltaTable({
    ...MAPPED,
    configuration: { ...MAPPED.configuration, 'delta.enableDeletionVectors': 'true', kept: '1' },
    features: ['columnMapping', 'deletionVectors'],
    sparkFields: [{ ...LONG_ID, metadata: { 'delta.columnMapping.physicalName': 'col-1' } }],
  })
  const [, { metaData }] = header(table, 'responseformat=delta', true)
  expect(metaData.deltaMetadata.configuration).toEqual({ kept: '1' })
  expect(JSON.parse(metaData.deltaMetadata.schemaString).fields).toEqual([LONG_ID])
})

it('does not tell where a table lies that has no id of its own', () => {
  const table = { ...otherTable('parquet'), tableId: 's3://bucket/private/orders' }
  for (const format of ['parquet', 'delta']) {
    const [, { metaData }] = header(table, `responseformat=${format}`)
    const { id } = metaData.deltaMetadata ?? metaData
    expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(JSON.stringify(metaData)).not.toContain('private')
  }
})

it('describes a table of another format as the Delta table its recipient will see', () => {
  const fields = [field(1, 'id', 'long'), field(2, 'at', 'timestamptz')]
  const table = otherTable('parquet', deltaTable({ fields }))
  const [{ protocol }, { metaData }] = header(table, 'responseformat=delta')
  expect(protocol.deltaProtocol).toEqual({ minReaderVersion: 1, minWriterVersion: 2 })
  expect(JSON.parse(metaData.deltaMetadata.schemaString)).toEqual({
    type: 'struct',
    fields: [LONG_ID, { name: 'at', type: 'timestamp', nullable: true, metadata: {} }],
  })
})

it('names deletion vectors wherever changes may be parts of files, or their readers would pass over them', () => {
  const table = otherTable('hudi')
  const [{ protocol }, { metaData }] = header(
    table,
    'responseformat=delta;readerfeatures=deletionvectors',
  )
  expect(protocol.deltaProtocol).toMatchObject({
    minReaderVersion: 3,
    readerFeatures: ['deletionVectors'],
    writerFeatures: ['deletionVectors', 'changeDataFeed'],
  })
  expect(metaData.deltaMetadata.configuration).toMatchObject({
    'delta.enableDeletionVectors': 'true',
    'delta.enableChangeDataFeed': 'true',
  })
})

it('tells who widens types which ones the files hold, and nobody else', () => {
  const element = { ...field(3, 'element', 'double'), earlierTypes: ['float'] as const }
  const table = otherTable(
    'parquet',
    deltaTable({
      fields: [
        { ...field(1, 'id', 'long'), earlierTypes: ['int'] },
        field(2, 'list', { kind: 'list', element }),
      ],
      features: ['typeWidening'],
    }),
  )
  const changesFor = (capabilities: string) => {
    const [, { metaData }] = header(table, capabilities, true)
    const { fields } = JSON.parse((metaData.deltaMetadata ?? metaData).schemaString)
    return fields.map((each: { metadata: object }) => each.metadata)
  }
  expect(changesFor('responseformat=delta;readerfeatures=typewidening')).toEqual([
    { 'delta.typeChanges': [{ fromType: 'integer', toType: 'long' }] },
    { 'delta.typeChanges': [{ fromType: 'float', toType: 'double', fieldPath: 'element' }] },
  ])
  expect(changesFor('responseformat=delta')).toEqual([{}, {}])
  expect(changesFor('responseformat=parquet')).toEqual([{}, {}])
})

it('leaves out how checkpoints are written, with the feature that the property would need', () => {
  const table = deltaTable({
    protocol: {
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['v2Checkpoint'],
      writerFeatures: ['v2Checkpoint'],
    },
    configuration: { 'delta.checkpointPolicy': 'v2', kept: '1' },
    features: ['v2Checkpoint'],
  })
  const [{ protocol }, { metaData }] = header(table, 'responseformat=delta')
  expect(protocol.deltaProtocol.readerFeatures).toBeUndefined()
  expect(metaData.deltaMetadata.configuration).toEqual({ kept: '1' })
})

it.each([
  ['parquet', deltaTable(commented)],
  ['delta', deltaTable({ ...MAPPED, ...commented })],
  ['parquet', hudiTable('snapshot')],
  ['delta', hudiTable('snapshot')],
])('is made in steps, of which each is a part of the work (%s)', (format, table) => {
  const negotiated = negotiate(parseCapabilities(`responseformat=${format}`), table, {
    canRewrite: true,
  })
  const options = { version: 3n }
  const steps = encodeHeaderInSteps(table, negotiated, options)
  let count = 0
  let next = steps.next()
  for (; !next.done; next = steps.next()) count++
  expect(next.value).toBe(encodeHeader(table, negotiated, options))
  expect(count).toBeGreaterThan(table.format === 'delta' && format === 'parquet' ? 4 : 0)
})
