import { childrenOf, type DataType, type Field, type WritableStore } from '@spillway/core'
import { type AvroFileOptions, avroFile } from '../encodings/avro-writer.js'
import { field, record } from './iceberg-manifest.js'

/** What a manifest list says of one manifest. What is left out is written as null. */
export interface ListedManifest {
  readonly path: string
  readonly length: number
  readonly specId?: number
  readonly content?: 'data' | 'deletes'
  readonly sequenceNumber?: number
  readonly minSequenceNumber?: number
  readonly addedFiles?: number
  readonly existingFiles?: number
  readonly deletedFiles?: number
  readonly addedRows?: number
  readonly existingRows?: number
  readonly deletedRows?: number
  readonly partitions?: readonly ListedSummary[] | undefined
  readonly firstRowId?: number | undefined
}

export interface ListedSummary {
  readonly containsNull: boolean
  readonly containsNan?: boolean
  readonly lower?: Uint8Array | undefined
  readonly upper?: Uint8Array | undefined
}

/** A manifest list (spec, "Manifest Lists"). Counts are optional here: upgraded version 1 tables leave them out. */
export function icebergManifestList(
  manifests: readonly ListedManifest[],
  options: Pick<AvroFileOptions, 'codec' | 'blockBytes'> = {},
): Uint8Array {
  const summary = record('r508', [
    field(509, 'contains_null', 'boolean'),
    field(518, 'contains_nan', ['null', 'boolean']),
    field(510, 'lower_bound', ['null', 'bytes']),
    field(511, 'upper_bound', ['null', 'bytes']),
  ])
  const counts = [
    [504, 'added_files_count', 'int'],
    [505, 'existing_files_count', 'int'],
    [506, 'deleted_files_count', 'int'],
    [512, 'added_rows_count', 'long'],
    [513, 'existing_rows_count', 'long'],
    [514, 'deleted_rows_count', 'long'],
  ] as const
  const schema = record('manifest_file', [
    field(500, 'manifest_path', 'string'),
    field(501, 'manifest_length', 'long'),
    field(502, 'partition_spec_id', 'int'),
    field(517, 'content', 'int'),
    field(515, 'sequence_number', 'long'),
    field(516, 'min_sequence_number', 'long'),
    field(503, 'added_snapshot_id', 'long'),
    ...counts.map(([id, name, type]) => field(id, name, ['null', type])),
    field(507, 'partitions', ['null', { type: 'array', items: summary, 'element-id': 508 }]),
    field(520, 'first_row_id', ['null', 'long']),
  ])
  return avroFile({ ...options, schema }, manifests, (out, manifest) => {
    out
      .bytes(manifest.path)
      .long(manifest.length)
      .long(manifest.specId ?? 0)
    out.long(manifest.content === 'deletes' ? 1 : 0)
    out.long(manifest.sequenceNumber ?? 0)
    out.long(manifest.minSequenceNumber ?? manifest.sequenceNumber ?? 0).long(1)
    const { addedFiles, existingFiles, deletedFiles } = manifest
    const { addedRows, existingRows, deletedRows } = manifest
    const all = [addedFiles, existingFiles, deletedFiles, addedRows, existingRows, deletedRows]
    for (const count of all) out.optional(count, value => out.long(value))
    out.optional(manifest.partitions, partitions =>
      out.array(partitions, each => {
        out.boolean(each.containsNull)
        out.optional(each.containsNan, value => out.boolean(value))
        out.optional(each.lower, value => out.bytes(value))
        out.optional(each.upper, value => out.bytes(value))
      }),
    )
    out.optional(manifest.firstRowId, value => out.long(value))
  })
}

export interface IcebergTableOptions {
  readonly formatVersion?: 1 | 2 | 3
  readonly fields: readonly Field[]
  readonly specs?: readonly {
    readonly id: number
    readonly fields: readonly {
      readonly id: number
      readonly name: string
      readonly sourceId: number
      readonly transform: string
    }[]
  }[]
  readonly manifests: readonly ListedManifest[]
  readonly sequenceNumber?: number
  readonly summary?: Readonly<Record<string, string>>
  readonly properties?: Readonly<Record<string, string>> | undefined
}

/** Writes the metadata of a table of one snapshot whose manifests are there already. */
export async function writeIcebergTable(
  store: WritableStore,
  location: string,
  options: IcebergTableOptions,
): Promise<void> {
  const { formatVersion = 2, specs = [{ id: 0, fields: [] }], sequenceNumber = 1 } = options
  const list = `${location}/metadata/snap-1.avro`
  const snapshotId = '3055729675574597004'
  const metadata = {
    'format-version': formatVersion,
    'table-uuid': '00000000-0000-4000-8000-000000000001',
    location,
    'last-sequence-number': sequenceNumber,
    'last-updated-ms': 1_767_398_400_000,
    'last-column-id': largestId(options.fields),
    'current-schema-id': 0,
    schemas: [{ type: 'struct', 'schema-id': 0, fields: options.fields.map(fieldJson) }],
    'default-spec-id': specs[specs.length - 1]!.id,
    'partition-specs': specs.map(spec => ({
      'spec-id': spec.id,
      fields: spec.fields.map(({ id, name, sourceId, transform }) => ({
        'field-id': id,
        name,
        'source-id': sourceId,
        transform,
      })),
    })),
    'last-partition-id': 1999,
    'default-sort-order-id': 0,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    properties: options.properties ?? {},
    'current-snapshot-id': '$ID',
    snapshots: [
      {
        'snapshot-id': '$ID',
        'sequence-number': sequenceNumber,
        'timestamp-ms': 1_767_398_400_000,
        'manifest-list': list,
        summary: { operation: 'append', ...options.summary },
        'schema-id': 0,
      },
    ],
    'snapshot-log': [{ 'snapshot-id': '$ID', 'timestamp-ms': 1_767_398_400_000 }],
  }
  const text = JSON.stringify(metadata).replaceAll('"$ID"', snapshotId)
  const utf8 = new TextEncoder()
  await store.put(list, icebergManifestList(options.manifests))
  await store.put(`${location}/metadata/v1.metadata.json`, utf8.encode(text))
  await store.put(`${location}/metadata/version-hint.text`, utf8.encode('1'))
}

/** A field as table metadata spells it. */
export function fieldJson(each: Field): unknown {
  return { id: each.id, name: each.name, required: !each.nullable, type: typeJson(each.type) }
}

function typeJson(type: DataType): unknown {
  if (typeof type === 'string') return type
  switch (type.kind) {
    case 'fixed':
      return `fixed[${type.length}]`
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`
    case 'opaque':
      return type.name
    case 'struct':
      return { type: 'struct', fields: type.fields.map(fieldJson) }
    case 'list':
      return {
        type: 'list',
        'element-id': type.element.id,
        element: typeJson(type.element.type),
        'element-required': !type.element.nullable,
      }
    case 'map':
      return {
        type: 'map',
        'key-id': type.key.id,
        key: typeJson(type.key.type),
        'value-id': type.value.id,
        value: typeJson(type.value.type),
        'value-required': !type.value.nullable,
      }
  }
}

function largestId(fields: readonly Field[]): number {
  const below = fields.map(({ id, type }) => Math.max(id, largestId(childrenOf(type) ?? [])))
  return Math.max(0, ...below)
}
