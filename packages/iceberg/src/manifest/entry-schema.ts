import { corrupt, TableError } from '@spillway/core'
import {
  type AvroField,
  type AvroFile,
  type AvroRecord,
  type AvroSink,
  avroField,
  located,
  withoutNull,
} from '@spillway/encoding'

/** Field ids of manifest entries (spec, "Manifests"), with the names that writers without ids used. */
const DATA_FILE = {
  content: [134, 'content'],
  path: [100, 'file_path'],
  format: [101, 'file_format'],
  partition: [102, 'partition'],
  recordCount: [103, 'record_count'],
  size: [104, 'file_size_in_bytes'],
  valueCounts: [109, 'value_counts'],
  nullCounts: [110, 'null_value_counts'],
  nanCounts: [137, 'nan_value_counts'],
  lower: [125, 'lower_bounds'],
  upper: [128, 'upper_bounds'],
  equalityIds: [135, 'equality_ids'],
  firstRowId: [142, 'first_row_id'],
  referencedFile: [143, 'referenced_data_file'],
  contentOffset: [144, 'content_offset'],
  contentSize: [145, 'content_size_in_bytes'],
} as const

export type DataFileField = keyof typeof DATA_FILE

/** Where the fields of an entry are in one manifest's own schema. */
export interface EntrySchema {
  readonly root: AvroRecord
  readonly status: AvroField
  readonly sequenceNumber: AvroField | undefined
  readonly dataFile: AvroField
  readonly fields: ReadonlyMap<DataFileField, AvroField>
  /** The type of the partition tuple. */
  readonly partition: AvroRecord | undefined
}

/** Where it is of another shape than the spec says, the error names the file. */
export function entrySchema(file: AvroFile): EntrySchema {
  return located(file.path, () => readEntrySchema(file))
}

function readEntrySchema(file: AvroFile): EntrySchema {
  const { schema: root } = file
  if (root.kind !== 'record') throw badManifest(file.path, 'its rows are not Avro records')
  const status = avroField(root, 0, 'status')
  const dataFile = avroField(root, 2, 'data_file')
  const record = dataFile && withoutNull(dataFile.type)
  if (status === undefined || dataFile === undefined || record?.kind !== 'record') {
    throw badManifest(file.path, 'its entries have no status or no data_file')
  }
  const fields = new Map<DataFileField, AvroField>()
  for (const [key, [id, name]] of Object.entries(DATA_FILE)) {
    const field = avroField(record, id, name)
    if (field !== undefined) fields.set(key as DataFileField, field)
  }
  for (const needed of ['path', 'format', 'recordCount', 'size'] as const) {
    if (!fields.has(needed))
      throw badManifest(file.path, `its entries have no ${DATA_FILE[needed][1]}`)
  }
  const partition = fields.get('partition')
  const tuple = partition && withoutNull(partition.type)
  const nameless = tuple?.kind === 'record' && tuple.fields.find(({ id }) => id === undefined)
  // Found by its id where fields have any: it would be null for every file.
  if (nameless && partition?.id !== undefined) {
    throw badManifest(file.path, `the partition value ${nameless.name} has no field id`)
  }
  return {
    root,
    status,
    sequenceNumber: avroField(root, 3, 'sequence_number'),
    dataFile,
    fields,
    partition: tuple?.kind === 'record' ? tuple : undefined,
  }
}

/** Sinks of data file fields, those that this manifest has, as one sink of the entry's `data_file`. */
export function dataFileSink(
  schema: EntrySchema,
  sinks: Partial<Record<DataFileField, AvroSink>>,
  partial = false,
): AvroSink {
  const fields = new Map<AvroField, AvroSink>()
  for (const [key, sink] of Object.entries(sinks)) {
    const field = schema.fields.get(key as DataFileField)
    if (field !== undefined) fields.set(field, sink)
  }
  return { kind: 'record', fields, partial }
}

/** A map with int keys, which Avro spells as an array of key and value; empty where the manifest has no such map. */
export function intMapSink(
  schema: EntrySchema,
  name: DataFileField,
  value: (key: () => number) => AvroSink,
): Partial<Record<DataFileField, AvroSink>> {
  const field = schema.fields.get(name)
  const list = field && withoutNull(field.type)
  if (list === undefined) return {}
  const item = list.kind === 'array' ? withoutNull(list.items) : undefined
  const [keyField, valueField] = item?.kind === 'record' ? item.fields : []
  if (keyField === undefined || valueField === undefined) {
    throw new TableError('TABLE_CORRUPT', `expected ${name} to be a map in a manifest`)
  }
  let key = 0
  const setKey = (found: number) => {
    key = found
  }
  return {
    [name]: {
      kind: 'items',
      end: () => undefined,
      item: {
        kind: 'record',
        fields: new Map<AvroField, AvroSink>([
          [keyField, { kind: 'number', value: setKey }],
          [valueField, value(() => key)],
        ]),
      },
    },
  }
}

function badManifest(path: string, reason: string): TableError {
  return corrupt('a manifest', reason, { path })
}
