import type { DataType, Value } from '@spillway/core'
import { type AvroFileOptions, type AvroWriter, avroFile } from '../encodings/avro-writer.js'
import { avroTypeOf, writeAvroValue } from './iceberg-values.js'

/** A partition field with the type its values have in the manifest. */
interface PartitionColumn {
  readonly id: number
  readonly name: string
  readonly type: DataType
}

/** One manifest entry. What is left out is written as null. */
export interface ManifestEntry {
  /** Default 1, added. */
  readonly status?: 0 | 1 | 2
  readonly sequenceNumber?: number
  /** Default 0, data. */
  readonly content?: 0 | 1 | 2
  readonly path: string
  /** Default PARQUET. */
  readonly format?: string
  readonly partition?: readonly (Value | null)[]
  readonly recordCount: number
  readonly size: number
  readonly valueCounts?: ReadonlyMap<number, number>
  readonly nullCounts?: ReadonlyMap<number, number>
  readonly nanCounts?: ReadonlyMap<number, number>
  readonly lower?: ReadonlyMap<number, Uint8Array> | undefined
  readonly upper?: ReadonlyMap<number, Uint8Array> | undefined
  readonly equalityIds?: readonly number[]
  readonly firstRowId?: number | undefined
  readonly referencedFile?: string
  readonly contentOffset?: number
  readonly contentSize?: number
}

export interface ManifestOptions extends Pick<AvroFileOptions, 'codec' | 'blockBytes'> {
  /** Default 2. */
  readonly formatVersion?: 1 | 2 | 3
  readonly specId?: number
  readonly content?: 'data' | 'deletes'
  readonly partition?: readonly PartitionColumn[]
  /** The table's columns and the spec's fields, in the header as Java writes them: iceberg-rust needs both. */
  readonly header?: { readonly schema: unknown; readonly spec: unknown }
  readonly entries: Iterable<ManifestEntry>
}

/** A manifest as Iceberg's Java library lays it out (spec, "Manifests"). */
export function icebergManifest(options: ManifestOptions): Uint8Array {
  const { formatVersion = 2, specId = 0, content = 'data', partition = [] } = options
  const layout = { version: formatVersion, partition }
  return avroFile(
    {
      ...options,
      schema: entrySchema(layout),
      metadata: {
        'format-version': String(formatVersion),
        'partition-spec-id': String(specId),
        content,
        ...(options.header && {
          schema: JSON.stringify(options.header.schema),
          'schema-id': '0',
          'partition-spec': JSON.stringify(options.header.spec),
        }),
      },
    },
    options.entries,
    (out, entry) => writeEntry(out, entry, layout),
  )
}

interface Layout {
  readonly version: 1 | 2 | 3
  readonly partition: readonly PartitionColumn[]
}

function entrySchema({ version, partition }: Layout): unknown {
  const later = version > 1
  return record('manifest_entry', [
    field(0, 'status', 'int'),
    field(1, 'snapshot_id', ['null', 'long']),
    ...(later
      ? [
          field(3, 'sequence_number', ['null', 'long']),
          field(4, 'file_sequence_number', ['null', 'long']),
        ]
      : []),
    field(2, 'data_file', record('r2', dataFileFields(version, partition))),
  ])
}

function dataFileFields(version: 1 | 2 | 3, partition: readonly PartitionColumn[]): unknown[] {
  const columns = partition.map(({ id, name, type }) =>
    field(id, name, ['null', avroTypeOf(type, `p${id}`)]),
  )
  return [
    ...(version > 1 ? [field(134, 'content', 'int')] : []),
    field(100, 'file_path', 'string'),
    field(101, 'file_format', 'string'),
    field(102, 'partition', record('r102', columns)),
    field(103, 'record_count', 'long'),
    field(104, 'file_size_in_bytes', 'long'),
    ...(version === 1 ? [field(105, 'block_size_in_bytes', 'long')] : []),
    field(109, 'value_counts', intMap(119, 120, 'long')),
    field(110, 'null_value_counts', intMap(121, 122, 'long')),
    field(137, 'nan_value_counts', intMap(138, 139, 'long')),
    field(125, 'lower_bounds', intMap(126, 127, 'bytes')),
    field(128, 'upper_bounds', intMap(129, 130, 'bytes')),
    field(131, 'key_metadata', ['null', 'bytes']),
    field(132, 'split_offsets', ['null', { type: 'array', items: 'long', 'element-id': 133 }]),
    ...(version > 1
      ? [field(135, 'equality_ids', ['null', { type: 'array', items: 'int', 'element-id': 136 }])]
      : []),
    field(140, 'sort_order_id', ['null', 'int']),
    ...(version > 2 ? [field(142, 'first_row_id', ['null', 'long'])] : []),
    ...(version > 1 ? [field(143, 'referenced_data_file', ['null', 'string'])] : []),
    ...(version > 2
      ? [
          field(144, 'content_offset', ['null', 'long']),
          field(145, 'content_size_in_bytes', ['null', 'long']),
        ]
      : []),
  ]
}

export function record(name: string, fields: readonly unknown[]): unknown {
  return { type: 'record', name, fields }
}

export function field(id: number, name: string, type: unknown): unknown {
  return { name, type, 'field-id': id }
}

function intMap(keyId: number, valueId: number, value: string): unknown {
  const items = record(`k${keyId}_v${valueId}`, [
    field(keyId, 'key', 'int'),
    field(valueId, 'value', value),
  ])
  return ['null', { type: 'array', items, logicalType: 'map' }]
}

function writeEntry(out: AvroWriter, entry: ManifestEntry, { version, partition }: Layout): void {
  out.long(entry.status ?? 1).long(0)
  if (version > 1) {
    out.optional(entry.sequenceNumber, value => out.long(value))
    out.optional(entry.sequenceNumber, value => out.long(value))
    out.long(entry.content ?? 0)
  }
  out.bytes(entry.path).bytes(entry.format ?? 'PARQUET')
  partition.forEach(({ type }, i) => {
    out.optional(entry.partition?.[i], value => writeAvroValue(out, value, type))
  })
  out.long(entry.recordCount).long(entry.size)
  if (version === 1) out.long(64 << 20)
  for (const counts of [entry.valueCounts, entry.nullCounts, entry.nanCounts]) {
    writeMap(out, counts, value => out.long(value))
  }
  for (const bounds of [entry.lower, entry.upper]) {
    writeMap(out, bounds, value => out.bytes(value))
  }
  out.long(0).long(0)
  if (version > 1) {
    out.optional(entry.equalityIds, ids => out.array(ids, id => void out.long(id)))
  }
  out.long(0)
  if (version > 2) out.optional(entry.firstRowId, value => out.long(value))
  if (version > 1) out.optional(entry.referencedFile, value => out.bytes(value))
  if (version > 2) {
    out.optional(entry.contentOffset, value => out.long(value))
    out.optional(entry.contentSize, value => out.long(value))
  }
}

function writeMap<T>(
  out: AvroWriter,
  map: ReadonlyMap<number, T> | undefined,
  write: (value: T) => void,
): void {
  out.optional(map, present => {
    out.array([...present], ([key, value]) => {
      out.long(key)
      write(value)
    })
  })
}
