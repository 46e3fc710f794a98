import {
  atOnce,
  createSchema,
  type Field,
  type PartitionSpec,
  type TableMetadata,
} from '@spillway/core'
import { formatFacts } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import type { ResponseFormat } from '../../src/actions/actions.js'
import { parseCapabilities } from '../../src/capabilities/capabilities.js'
import {
  columnLookup,
  declaredPartitionFields,
  mapsColumns,
  misreadTimes,
  type ReaderKind,
  readerKind,
} from '../../src/capabilities/column-lookup.js'
import { negotiate } from '../../src/capabilities/negotiate.js'
import { deltaMetaData, deltaProtocol } from '../../src/lines/delta-documents.js'
import { deltaTable, field, otherTable } from '../support/tables.js'

const MAPPING = 'schema.name-mapping.default'
const FEATURES = ['columnMapping', 'deletionVectors', 'timestampNtz']

interface Given {
  readonly fields?: readonly Field[]
  readonly features?: readonly string[]
  readonly mapped?: boolean
  /** Ids of the columns of each spec, by identity. */
  readonly specs?: readonly (readonly number[])[]
  readonly shapesFrom?: 'footers' | 'metadata'
}

function icebergTable({
  fields = [field(1, 'id', 'int'), field(2, 'color', 'string')],
  features = [],
  mapped = false,
  specs = [[]],
  shapesFrom = 'footers',
}: Given = {}): TableMetadata {
  const properties = new Map(mapped ? [[MAPPING, '[]']] : [])
  return {
    ...otherTable('iceberg'),
    ...formatFacts('iceberg', properties),
    schema: createSchema(fields),
    shapesFrom,
    features: new Set(features),
    properties,
    partitionSpecs: new Map(specs.map((ids, id) => [id, specOf(id, ids)])),
    native: {
      format: 'iceberg',
      metadataFile: 'm',
      metadata: new TextEncoder().encode('{}'),
      snapshotId: 1n,
      sequenceNumber: 1n,
    },
  }
}

function specOf(id: number, ids: readonly number[]): PartitionSpec {
  const fields = ids.map(each => ({
    id: 1000 + each,
    sourceIds: [each],
    name: `p${each}`,
    transform: { kind: 'identity' as const },
  }))
  return { id, fields }
}

const answer = (format: ResponseFormat, reader: ReaderKind = 'python') => ({
  format,
  features: new Set(format === 'delta' ? FEATURES : []),
  reader,
})

describe('readerKind', () => {
  it.each([
    ['Delta-Sharing-Python/1.4.2 pandas/2.2', 'python'],
    ['Delta-Sharing-Spark/3.3.2 hadoop', 'spark'],
    ['spillway/1.0', 'spillway'],
    ['Mozilla/5.0 Delta-Sharing-Python/1', 'other'],
    [undefined, 'other'],
  ])('%s is %s', (agent, kind) => {
    expect(readerKind(agent)).toBe(kind)
  })
})

describe('mapsColumns', () => {
  it.each<[string, Given, boolean]>([
    ['a table without a name mapping: its files have ids', {}, true],
    ['an imported table, which says how to find columns by name', { mapped: true }, false],
    [
      'an imported table with a renamed column',
      { mapped: true, features: ['columnMapping'] },
      true,
    ],
    ['a table whose metadata tells what files hold', { shapesFrom: 'metadata' }, false],
  ])('%s', (_, given, expected) => {
    const table = icebergTable(given)
    expect(mapsColumns(table, answer('delta'))).toBe(expected)
    expect(mapsColumns(table, answer('parquet'))).toBe(false)
    expect(mapsColumns(table, { format: 'delta', features: new Set() })).toBe(false)
  })
})

describe('declaredPartitionFields', () => {
  const names = (given: Given, format: ResponseFormat, features = FEATURES) =>
    declaredPartitionFields(icebergTable(given), { format, features: new Set(features) }).map(
      ({ name }) => name,
    )

  it('is none without a name mapping: files of the table’s own hold their columns', () => {
    expect(names({ specs: [[2]] }, 'delta')).toEqual([])
  })

  it('is what every file is partitioned by', () => {
    expect(names({ mapped: true, specs: [[2]] }, 'parquet')).toEqual(['color'])
    expect(names({ mapped: true, specs: [[2], [2, 1]] }, 'parquet')).toEqual(['color'])
    expect(names({ mapped: true, specs: [[2], []] }, 'parquet')).toEqual([])
  })

  it('is what any file is partitioned by where others can be sent in parts', () => {
    expect(names({ mapped: true, specs: [[2], [1]] }, 'delta')).toEqual(['id', 'color'])
    expect(names({ mapped: true, specs: [[2], [1]] }, 'delta', ['columnMapping'])).toEqual([])
  })

  it.each<[Field['type'], boolean]>([
    ['date', true],
    ['timestamp', true],
    [{ kind: 'decimal', precision: 9, scale: 2 }, true],
    ['binary', false],
    ['uuid', false],
    ['time', false],
    ['timestamp_ns', false],
  ])('a column of %s can be one: %s', (type, expected) => {
    const fields = [field(1, 'c', type)]
    expect(names({ fields, mapped: true, specs: [[1]] }, 'delta')).toEqual(expected ? ['c'] : [])
  })

  it('sends no file in parts by zeros of two signs', () => {
    const fields = [field(1, 'c', 'double')]
    expect(names({ fields, mapped: true, specs: [[1]] }, 'delta')).toEqual(['c'])
    expect(names({ fields, mapped: true, specs: [[1], []] }, 'delta')).toEqual([])
  })
})

describe('columnLookup', () => {
  it('is for tables alone of which only footers tell what files hold', () => {
    expect(columnLookup(icebergTable({ shapesFrom: 'metadata' }), answer('delta'))).toBe(undefined)
    for (const reader of ['spark', 'spillway'] as const) {
      expect(columnLookup(deltaTable(), answer('delta', reader))).toBe(undefined)
    }
  })

  it.each([
    [{}, 'name'],
    [{ mappingMode: 'name' }, 'name'],
    [{ mappingMode: 'id' }, 'id'],
  ] as const)('is for files that a Delta table of %j was made over too, by %s', (options, by) => {
    expect(columnLookup(deltaTable(options), answer('delta'))?.by).toBe(by)
  })

  it.each<[ReaderKind, ResponseFormat, object]>([
    ['python', 'delta', { by: 'id', fallbacks: ['each'], showsExtras: false, changesMaps: false }],
    ['spark', 'delta', { by: 'id', fallbacks: ['never'], showsExtras: false, changesMaps: true }],
    ['spillway', 'delta', { by: 'id', fallbacks: ['file'], showsExtras: false, changesMaps: true }],
    ['other', 'delta', { by: 'id', fallbacks: ['each', 'file', 'never'], changesMaps: false }],
    ['python', 'parquet', { by: 'name', showsExtras: true, changesMaps: true }],
    ['other', 'parquet', { by: 'name', showsExtras: true }],
    ['spark', 'parquet', { by: 'name', showsExtras: false }],
  ])('%s in %s format', (reader, format, expected) => {
    expect(columnLookup(icebergTable(), answer(format, reader))).toMatchObject(expected)
  })

  it('knows fixed-length bytes and UUIDs that pandas cannot make lists of', () => {
    expect(columnLookup(icebergTable(), answer('parquet', 'python'))!.unlisted).toEqual(
      new Set(['fixed', 'uuid']),
    )
    expect(columnLookup(icebergTable(), answer('delta', 'python'))).not.toHaveProperty('unlisted')
    expect(columnLookup(icebergTable(), answer('parquet', 'spark'))).not.toHaveProperty('unlisted')
  })

  it('leaves to values what is in the old calendar, but for whoever calls himself Spark', () => {
    for (const reader of ['python', 'spillway', 'other', 'spark'] as const) {
      const { annotations } = columnLookup(icebergTable(), answer('parquet', reader))!
      expect(annotations.has('int96') && annotations.has('aged_int96')).toBe(true)
      expect(annotations.has('old_calendar')).toBe(reader !== 'spark')
      expect(annotations.has('old_int96')).toBe(reader !== 'spark')
    }
  })

  it('takes declared partition columns from partition values', () => {
    const table = icebergTable({ mapped: true, specs: [[2]] })
    const lookup = columnLookup(table, answer('delta'))
    expect([...lookup!.fromPartitions]).toEqual([2])
  })
})

describe('moments that are misread', () => {
  it.each<[ReaderKind, ResponseFormat, readonly string[]]>([
    ['python', 'parquet', ['int96', 'nested_int96', 'old_calendar']],
    ['python', 'delta', ['element_int96', 'int96', 'nanos', 'old_calendar']],
    ['other', 'parquet', ['int96', 'nanos', 'old_calendar']],
    ['other', 'delta', ['element_int96', 'int96', 'nanos', 'old_calendar']],
    ['spark', 'parquet', ['nanos']],
    ['spark', 'delta', ['nanos']],
    ['spillway', 'delta', ['nanos']],
  ])('by %s in %s format', (reader, format, expected) => {
    expect([...misreadTimes({ reader, format })].sort()).toEqual(expected)
  })

  it('are part of what a client accepts, of tables whose metadata tells their shapes too', () => {
    const negotiated = (agent: string, header: string) =>
      negotiate(parseCapabilities(header, agent), deltaTable(), { canRewrite: false }).accepts
        .misreads
    expect(negotiated('Delta-Sharing-Python/1.4.2', '')).toContain('nested_int96')
    expect(negotiated('Delta-Sharing-Python/1.4.2', 'responseformat=delta')).toContain(
      'element_int96',
    )
    expect(negotiated('Delta-Sharing-Spark/1.2', '')).toEqual(new Set(['nanos']))
  })
})

describe('what is declared', () => {
  const both = 'responseformat=parquet,delta;readerfeatures=columnmapping,deletionvectors'
  const negotiated = (table: TableMetadata, header = both, agent = 'Delta-Sharing-Python/1.4.2') =>
    negotiate(parseCapabilities(header, agent), table, { canRewrite: false })

  it('follows the metadata alone: settling twice, with or without staging, says the same', () => {
    const table = icebergTable({ mapped: true, specs: [[2], []] })
    const capabilities = parseCapabilities(both, 'Delta-Sharing-Python/1.4.2')
    const documents = [true, false].map(canRewrite => {
      const chosen = negotiate(capabilities, table, { canRewrite })
      return [chosen.format, deltaProtocol(table, chosen), atOnce(deltaMetaData(table, chosen))]
    })
    expect(documents[1]).toEqual(documents[0])
  })

  it('is the delta format where that alone sends some files in parts', () => {
    expect(negotiated(icebergTable({ mapped: true, specs: [[2]] })).format).toBe('parquet')
    expect(negotiated(icebergTable({ mapped: true, specs: [[2], []] })).format).toBe('delta')
  })

  it('maps by id, with physical names, and lists the feature', () => {
    const table = icebergTable({ fields: [field(1, 'id', 'int', 'id-1')] })
    const chosen = negotiated(table)
    expect(deltaProtocol(table, chosen)).toMatchObject({
      readerFeatures: expect.arrayContaining(['columnMapping']),
    })
    const metaData = atOnce(deltaMetaData(table, chosen)) as {
      configuration: object
      schemaString: string
    }
    expect(metaData.configuration).toMatchObject({ 'delta.columnMapping.mode': 'id' })
    expect(JSON.parse(metaData.schemaString).fields[0].metadata).toEqual({
      'delta.columnMapping.id': 1,
      'delta.columnMapping.physicalName': 'id-1',
    })
  })

  it('lists partition columns by logical name', () => {
    const fields = [field(1, 'id', 'int'), field(2, 'colour', 'string', 'color')]
    const features = ['columnMapping']
    const table = icebergTable({ fields, features, mapped: true, specs: [[2]] })
    expect(atOnce(deltaMetaData(table, negotiated(table)))).toMatchObject({
      partitionColumns: ['colour'],
    })
  })
})
