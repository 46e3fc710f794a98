import {
  childrenOf,
  type Field,
  type JsonValue,
  parseJson,
  RawJson,
  type Steps,
  type TableMetadata,
  type WritableJson,
} from '@spillway/core'
import { mapsColumns } from '../capabilities/column-lookup.js'
import type { Negotiated } from '../capabilities/negotiate.js'
import {
  answerFeatures,
  hasChangeFeed,
  isLogOnly,
  tableFeatures,
} from '../capabilities/table-features.js'
import { schemaStringInSteps, strippedSchemaStringInSteps } from '../json/schema-string.js'
import { wireTableId } from './table-id.js'

const LEGACY_READER_FEATURES = 2

/** How the log is written. Spark refuses a table with it whose protocol does not list v2Checkpoint, as ours never does. */
const CHECKPOINT_POLICY = 'delta.checkpointPolicy'

/** The protocol of the answer: what its files use and this client knows. */
export function deltaProtocol(metadata: TableMetadata, negotiated: Negotiated): WritableJson {
  const { deltaActions } = metadata
  const { features } = negotiated
  if (deltaActions === undefined) {
    const known = new Set([...tableFeatures(metadata), ...answerFeatures(metadata)])
    if (mapsColumns(metadata, negotiated)) known.add('columnMapping')
    else known.delete('columnMapping')
    const used = [...known].filter(feature => features.has(feature)).sort()
    if (!hasChangeFeed(metadata)) {
      return protocolOf(used, { minWriterVersion: 2, writerFeatures: [] })
    }
    // Readers believe in a change feed only where the writers' side of the protocol allows one.
    return protocolOf(used, { minWriterVersion: 4, writerFeatures: ['changeDataFeed'] })
  }
  const recorded = parseJson(deltaActions.protocol) as {
    readonly minReaderVersion: number
    readonly minWriterVersion: number
    readonly readerFeatures?: readonly string[]
    readonly writerFeatures?: readonly string[]
  }
  if (recorded.minReaderVersion < 3) return legacyProtocol(recorded, metadata, features)
  const listed = (recorded.readerFeatures ?? []).filter(
    feature => features.has(feature) && !isLogOnly(feature),
  )
  const dropped = new Set(recorded.readerFeatures ?? [])
  const writerOnly = (recorded.writerFeatures ?? []).filter(
    feature => !dropped.has(feature) && !isLogOnly(feature),
  )
  return protocolOf(listed, { minWriterVersion: 7, writerFeatures: writerOnly })
}

function protocolOf(
  readerFeatures: readonly string[],
  writer: { readonly minWriterVersion: number; readonly writerFeatures: readonly string[] },
): WritableJson {
  if (readerFeatures.length > 0) {
    const writerFeatures = [...readerFeatures, ...writer.writerFeatures]
    return { minReaderVersion: 3, minWriterVersion: 7, readerFeatures, writerFeatures }
  }
  const { minWriterVersion, writerFeatures } = writer
  return minWriterVersion < 7
    ? { minReaderVersion: 1, minWriterVersion }
    : { minReaderVersion: 1, minWriterVersion, writerFeatures }
}

/** Reader version 2 is column mapping. A client that does not know it is told so only where it is not in use. */
function legacyProtocol(
  recorded: {
    readonly minReaderVersion: number
    readonly minWriterVersion: number
    readonly writerFeatures?: readonly string[]
  },
  metadata: TableMetadata,
  features: ReadonlySet<string>,
): WritableJson {
  const mapped = tableFeatures(metadata).includes('columnMapping') && features.has('columnMapping')
  return {
    minReaderVersion: mapped ? LEGACY_READER_FEATURES : 1,
    minWriterVersion: recorded.minWriterVersion,
    writerFeatures: recorded.writerFeatures,
  }
}

function largestId(fields: readonly Field[]): number {
  return fields.reduce(
    (largest, { id, type }) => Math.max(largest, id, largestId(childrenOf(type) ?? [])),
    0,
  )
}

/** True where the table's own column names and statistics are passed on: mapped names need a client that maps. */
export function passesAsRecorded(metadata: TableMetadata, negotiated: Negotiated): boolean {
  if (metadata.shapesFrom === 'footers') return mapsColumns(metadata, negotiated)
  return tableFeatures(metadata).every(
    feature => negotiated.features.has(feature) || negotiated.features.has(`${feature}-preview`),
  )
}

/** A Delta table's metaData action byte for byte, where the client knows all that it uses; else one that says less. */
export function* deltaMetaData(
  metadata: TableMetadata,
  negotiated: Negotiated,
): Steps<WritableJson> {
  if (metadata.deltaActions !== undefined) {
    const { metaData } = metadata.deltaActions
    if (!passesAsRecorded(metadata, negotiated)) return yield* reducedMetaData(metaData, negotiated)
    return metaData.includes(CHECKPOINT_POLICY)
      ? withoutCheckpointPolicy(metaData)
      : onOneLine(metaData)
  }
  const columnMapping = mapsColumns(metadata, negotiated)
  const typeChanges =
    metadata.features.has('typeWidening') && negotiated.accepts.features.has('typeWidening')
  return {
    id: wireTableId(metadata),
    name: metadata.name,
    description: metadata.description,
    format: { provider: 'parquet', options: {} },
    schemaString: yield* schemaStringInSteps(metadata.schema, { columnMapping, typeChanges }),
    partitionColumns: negotiated.partitionFields(metadata).map(field => field.name),
    configuration: generatedConfiguration(metadata, negotiated, columnMapping),
    createdTime: metadata.timestamp,
  }
}

/** Some writers spread an action over lines, and an answer's lines are its actions. */
function onOneLine(document: string): WritableJson {
  const text = document.trim()
  return /[\r\n]/.test(text) ? (parseJson(text) as WritableJson) : new RawJson(text)
}

function withoutCheckpointPolicy(native: string): WritableJson {
  const document = parseJson(native) as { readonly [key: string]: WritableJson }
  const configuration = (document.configuration ?? {}) as { readonly [key: string]: WritableJson }
  const { [CHECKPOINT_POLICY]: _, ...kept } = configuration
  return { ...document, configuration: kept }
}

function generatedConfiguration(
  metadata: TableMetadata,
  negotiated: Negotiated,
  columnMapping: boolean,
): { readonly [key: string]: string } {
  const vectors =
    (metadata.features.has('deletionVectors') ||
      answerFeatures(metadata).includes('deletionVectors')) &&
    negotiated.features.has('deletionVectors')
  return {
    ...(hasChangeFeed(metadata) && { 'delta.enableChangeDataFeed': 'true' }),
    ...(vectors && { 'delta.enableDeletionVectors': 'true' }),
    ...(columnMapping && {
      'delta.columnMapping.mode': 'id',
      'delta.columnMapping.maxColumnId': String(largestId(metadata.schema.fields)),
    }),
  }
}

/** Rewritten files have logical names and no deleted rows, so what says otherwise is left out. */
function* reducedMetaData(native: string, negotiated: Negotiated): Steps<WritableJson> {
  const document = parseJson(native) as { readonly [key: string]: JsonValue }
  yield
  const configuration = (document.configuration ?? {}) as { readonly [key: string]: string }
  const kept = Object.entries(configuration).filter(
    ([key]) =>
      key !== CHECKPOINT_POLICY &&
      !key.startsWith('delta.columnMapping.') &&
      (key !== 'delta.enableDeletionVectors' || negotiated.features.has('deletionVectors')),
  )
  return {
    ...(document as { readonly [key: string]: WritableJson }),
    schemaString: yield* strippedSchemaStringInSteps(String(document.schemaString)),
    configuration: Object.fromEntries(kept),
  }
}
