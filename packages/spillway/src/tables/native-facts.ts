import {
  decodeText,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type NativeMetadata,
  type Snapshot,
} from '@spillway/core'
import { parseExactJson } from '@spillway/encoding'
import { integerJson } from '../terminal/integer-json.js'
import { type WrongCount, wrongCounts } from './stated-counts.js'
import type { TableFacts } from './table-facts.js'

type Native<Format> = Extract<NativeMetadata, { readonly format: Format }>

/** What the format calls its own facts; see the batch contract. */
export function nativeFacts(snapshot: Snapshot, facts: TableFacts): JsonObject {
  const { native } = snapshot
  switch (native.format) {
    case 'delta':
      return deltaFacts(snapshot)
    case 'iceberg':
      return icebergFacts(native, facts, wrongCounts(snapshot, facts))
    case 'hudi':
      return hudiFacts(native, snapshot, facts)
    case 'parquet':
      return {}
  }
}

/** Reader features that the table names: a word of Delta's, which other formats do not have. */
export function readerFeatures({ deltaActions }: Snapshot): readonly string[] {
  if (deltaActions === undefined) return []
  const named = objectOf(deltaActions.protocol).readerFeatures
  return Array.isArray(named) ? named.map(String) : []
}

/** Source columns of the partition fields of the current spec. */
export function partitionColumns(snapshot: Snapshot): readonly string[] {
  const spec = currentSpec(snapshot)
  if (spec === undefined) return []
  const columns = spec.fields.flatMap(({ sourceIds, transform, name }) => {
    if (transform.kind === 'void') return []
    const source = snapshot.schema.fields.find(({ id }) => id === sourceIds[0])
    return [source?.name ?? name]
  })
  return [...new Set(columns)]
}

function currentSpec({ native, partitionSpecs }: Snapshot) {
  if (native.format === 'iceberg') {
    const id = objectOf(decodeText(native.metadata))['default-spec-id']
    const spec = partitionSpecs.get(Number(id ?? 0))
    if (spec !== undefined) return spec
  }
  return [...partitionSpecs.values()].at(-1)
}

function deltaFacts({ deltaActions, properties, tableId }: Snapshot): JsonObject {
  const protocol = objectOf(deltaActions?.protocol ?? '{}')
  return {
    minReaderVersion: protocol.minReaderVersion ?? null,
    minWriterVersion: protocol.minWriterVersion ?? null,
    columnMappingMode: properties.get('delta.columnMapping.mode') ?? 'none',
    tableId,
  }
}

function icebergFacts(
  native: Native<'iceberg'>,
  facts: TableFacts,
  wrong: readonly WrongCount[],
): JsonObject {
  const metadata = objectOf(decodeText(native.metadata))
  return {
    formatVersion: metadata['format-version'] ?? null,
    snapshotId: native.snapshotId === null ? null : native.snapshotId.toString(),
    sequenceNumber: integerJson(native.sequenceNumber),
    refs: refsOf(metadata),
    partitionSpec: specOf(metadata),
    positionDeleteFiles: facts.positionDeleteFiles,
    equalityDeleteFiles: facts.equalityDeleteFiles,
    deletionVectors: facts.deletionVectors,
    ...(wrong.length > 0 && { wrongCounts: wrong.map(each => ({ ...each })) }),
  }
}

/** Metadata without refs has a main branch all the same, at the current snapshot. */
function refsOf(metadata: JsonObject): JsonObject {
  const refs = metadata.refs
  const named = isJsonObject(refs)
    ? Object.entries(refs).map(([name, ref]) => {
        const { type = null, 'snapshot-id': id } = isJsonObject(ref) ? ref : {}
        return [name, { type, snapshotId: String(id) }] as const
      })
    : []
  const current = metadata['current-snapshot-id']
  if (named.length === 0 && current !== undefined && current !== null && String(current) !== '-1') {
    return { main: { type: 'branch', snapshotId: String(current) } }
  }
  return Object.fromEntries(named)
}

/** The default spec as the file states it; version 1 files may have it under another name. */
function specOf(metadata: JsonObject): readonly JsonValue[] {
  const specs = metadata['partition-specs']
  const id = metadata['default-spec-id'] ?? 0
  const spec = Array.isArray(specs)
    ? specs.find(each => isJsonObject(each) && Number(each['spec-id'] ?? 0) === Number(id))
    : undefined
  const fields = isJsonObject(spec) ? spec.fields : metadata['partition-spec']
  if (!Array.isArray(fields)) return []
  return fields.filter(isJsonObject).map(field => ({
    name: field.name ?? null,
    transform: field.transform ?? null,
    sourceId: field['source-id'] ?? field['source-ids'] ?? null,
  }))
}

function hudiFacts(native: Native<'hudi'>, snapshot: Snapshot, facts: TableFacts): JsonObject {
  return {
    tableVersion: native.tableVersion,
    tableType: snapshot.properties.get('hoodie.table.type') ?? 'COPY_ON_WRITE',
    instant: native.instant === '' ? null : native.instant,
    completionTime: snapshot.version === 0n ? null : snapshot.version.toString(),
    fileSlices: facts.slices,
  }
}

function objectOf(text: string): JsonObject {
  const value = parseExactJson(text)
  return isJsonObject(value) ? value : {}
}
