import {
  createSchema,
  type DataFile,
  type Field,
  type TableFormat,
  type TableMetadata,
} from '@spillway/core'
import { formatFacts } from '@spillway/testkit'
import { formatFacts as deltaFacts } from '../../../delta/src/snapshot/format-facts.js'

/** A Delta table's metadata, as its reader would give it. */
export function deltaTable(
  options: {
    readonly protocol?: object
    readonly configuration?: Readonly<Record<string, string>>
    readonly features?: readonly string[]
    /** `none` by default. */
    readonly mappingMode?: 'name' | 'id'
    readonly fields?: readonly Field[]
    readonly sparkFields?: readonly object[]
    readonly partitionColumns?: readonly string[]
  } = {},
): TableMetadata {
  const configuration = options.configuration ?? {}
  const metaData = {
    id: 'c0ffee00-0000-4000-8000-000000000001',
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify({ type: 'struct', fields: options.sparkFields ?? [LONG_ID] }),
    partitionColumns: options.partitionColumns ?? [],
    configuration,
    createdTime: 1750000000000,
  }
  const fields = options.fields ?? [field(1, 'id', 'long')]
  const partitioned = metaData.partitionColumns.map((name, i) => ({
    id: 1000 + i,
    name,
    sourceIds: [fields.find(each => each.name === name)!.id],
    transform: { kind: 'identity' } as const,
  }))
  const protocol = JSON.stringify(options.protocol ?? { minReaderVersion: 1, minWriterVersion: 2 })
  const properties = new Map(Object.entries(configuration))
  const features = new Set(options.features ?? [])
  const document = JSON.stringify(metaData)
  return {
    format: 'delta',
    ...deltaFacts(
      { configuration: properties, document, columnMappingMode: options.mappingMode ?? 'none' },
      protocol,
      features,
    ),
    tableId: metaData.id,
    version: 3n,
    timestamp: 1767400000000,
    schema: createSchema(fields),
    partitionSpecs: new Map([[0, { id: 0, fields: partitioned }]]),
    properties,
    features,
    native: { format: 'delta' },
  }
}

/** The metadata of a table that is no Delta table, and otherwise alike. */
export function otherTable(
  format: Exclude<TableFormat, 'delta'>,
  table: TableMetadata = deltaTable(),
): TableMetadata {
  const { deltaActions: _, featuresInUse: __, ...alike } = table
  return { ...alike, format, ...formatFacts(format), native: { format: 'parquet' } }
}

/** A merge-on-read table of Hudi, in one of its views. */
export function hudiTable(queryType: 'snapshot' | 'read_optimized'): TableMetadata {
  return {
    ...otherTable('hudi'),
    deletes: queryType === 'snapshot' ? 'log-files' : 'none',
    properties: new Map([['hudi.queryType', queryType]]),
    native: { format: 'hudi', tableVersion: 9, tableType: 'MERGE_ON_READ', instant: '1' },
  }
}

export const LONG_ID = { name: 'id', type: 'long', nullable: true, metadata: {} }

export function field(id: number, name: string, type: Field['type'], physicalName = name): Field {
  return { id, name, physicalName, type, nullable: true }
}

export function dataFile(given: Partial<DataFile> = {}): DataFile {
  return {
    path: 'file:///t/day=1/part-0.parquet',
    recordedPath: 'day=1/part-0.parquet',
    fileFormat: 'parquet',
    size: 573,
    modificationTime: 1767400000000,
    recordCount: 10,
    specId: 0,
    partition: [],
    deletes: [],
    logFiles: [],
    bounds: new Map(),
    ...given,
  }
}

export const VECTORS = {
  protocol: {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: ['deletionVectors', 'v2Checkpoint'],
    writerFeatures: ['deletionVectors', 'v2Checkpoint', 'appendOnly'],
  },
  configuration: { 'delta.enableDeletionVectors': 'true' },
  features: ['deletionVectors'],
} as const

export const MAPPED = {
  protocol: { minReaderVersion: 2, minWriterVersion: 5 },
  configuration: { 'delta.columnMapping.mode': 'name' },
  features: ['columnMapping'],
} as const
