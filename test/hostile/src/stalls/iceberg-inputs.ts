import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Field } from '@spillway/core'
import { localStore } from '@spillway/storage'
import {
  fieldJson,
  icebergBytes,
  icebergManifest,
  icebergManifestList,
  type ManifestEntry,
  parquetFooterFile,
  writeIcebergTable,
} from '@spillway/testkit'

const FIELDS: readonly Field[] = [
  { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true },
  { id: 2, name: 'name', physicalName: 'name', type: 'string', nullable: true },
]

/** Only this file of a table is there: whoever asks for its `id` alone is answered. */
const PRESENT_ID = 0

/** A metadata file of about `bytes` bytes of snapshots, the last of which is the current one. */
export async function longMetadata(folder: string, bytes: number): Promise<void> {
  const manifest = await writeManifest(folder, { files: 1, oneBlock: false })
  const metadata = join(folder, 'metadata')
  const list = `${metadata}/snap-current.avro`
  await localStore().put(list, icebergManifestList([manifest]))
  const target = createWriteStream(join(metadata, 'v1.metadata.json'))
  await pipeline(Readable.from(metadataText(folder, { bytes, list })), target)
  await localStore().put(`${metadata}/version-hint.text`, Buffer.from('1'))
}

const SNAPSHOT_BYTES = 400
const EPOCH = 1_700_000_000_000

function* metadataText(
  folder: string,
  { bytes, list }: { readonly bytes: number; readonly list: string },
): Generator<string> {
  const count = Math.ceil(bytes / SNAPSHOT_BYTES)
  const head = {
    'format-version': 2,
    'table-uuid': '00000000-0000-4000-8000-000000000001',
    location: folder,
    'last-sequence-number': count,
    'last-updated-ms': EPOCH + count,
    'last-column-id': 2,
    'current-schema-id': 0,
    schemas: [{ type: 'struct', 'schema-id': 0, fields: FIELDS.map(fieldJson) }],
    'default-spec-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields: [] }],
    'last-partition-id': 999,
    'default-sort-order-id': 0,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    properties: {},
    'current-snapshot-id': count,
    'metadata-log': [],
  }
  yield `${JSON.stringify(head).slice(0, -1)},"snapshots":[`
  for (let i = 1; i <= count; i++) yield `${i > 1 ? ',' : ''}${snapshotText(i, count, list)}`
  yield '],"snapshot-log":['
  for (let i = 1; i <= count; i++) {
    yield `${i > 1 ? ',' : ''}{"snapshot-id":${i},"timestamp-ms":${EPOCH + i}}`
  }
  yield ']}'
}

function snapshotText(id: number, count: number, list: string): string {
  return JSON.stringify({
    'snapshot-id': id,
    ...(id > 1 && { 'parent-snapshot-id': id - 1 }),
    'sequence-number': id,
    'timestamp-ms': EPOCH + id,
    summary: {
      operation: 'append',
      'added-data-files': '1',
      'total-data-files': String(id),
      'total-records': String(id * 10),
    },
    'manifest-list': id === count ? list : `${list}-${id}-aaaaaaaa-bbbb-cccc-dddd-eeeeeeee.avro`,
    'schema-id': 0,
  })
}

/** A table of `columns` columns and one file, with bounds of a hundred of them. */
export async function wideIceberg(folder: string, columns: number): Promise<void> {
  const fields = Array.from(
    { length: columns },
    (_, i): Field => ({
      id: i + 1,
      name: `column_${i}`,
      physicalName: `column_${i}`,
      type: 'long',
      nullable: true,
    }),
  )
  const path = `${folder}/data/part-0.parquet`
  const group = { rowCount: 10, columns: new Map() }
  const file = parquetFooterFile(fields, [group], { ids: true })
  await localStore().put(path, file)
  const bounds = (value: bigint) =>
    new Map(fields.slice(0, 100).map(({ id }) => [id, icebergBytes(value, 'long')]))
  const entry = { path, recordCount: 10, size: file.length, lower: bounds(1n), upper: bounds(9n) }
  const manifest = await putManifest(folder, icebergManifest({ entries: [entry] }), 1)
  await writeIcebergTable(localStore(), folder, { fields, manifests: [manifest] })
}

/** A table of one manifest of about `bytes` bytes, deflated as Java's library has it or in one block. */
export async function longManifest(
  folder: string,
  { bytes, oneBlock }: { readonly bytes: number; readonly oneBlock: boolean },
): Promise<void> {
  const files = Math.ceil(bytes / ENTRY_BYTES)
  const manifest = await writeManifest(folder, { files, oneBlock })
  await writeIcebergTable(localStore(), folder, { fields: FIELDS, manifests: [manifest] })
}

/** Of one entry, deflated: most of it is the name, which does not compress. */
const ENTRY_BYTES = 84

async function writeManifest(
  folder: string,
  { files, oneBlock }: { readonly files: number; readonly oneBlock: boolean },
) {
  await mkdir(join(folder, 'metadata'), { recursive: true })
  const present = parquetFooterFile(FIELDS, [{ rowCount: 10, columns: new Map() }], { ids: true })
  await localStore().put(dataPath(folder, PRESENT_ID), present)
  const bytes = icebergManifest({
    codec: 'deflate',
    entries: entriesOf(folder, { files, size: present.length }),
    ...(oneBlock && { blockBytes: Number.POSITIVE_INFINITY }),
  })
  return putManifest(folder, bytes, files)
}

async function putManifest(folder: string, bytes: Uint8Array, files: number) {
  const path = `${folder}/metadata/manifest.avro`
  await localStore().put(path, bytes)
  const none = { existingFiles: 0, existingRows: 0, deletedFiles: 0, deletedRows: 0 }
  const added = { addedFiles: files, addedRows: files * 10 }
  return { path, length: bytes.length, sequenceNumber: 1, ...added, ...none }
}

function* entriesOf(
  folder: string,
  { files, size }: { readonly files: number; readonly size: number },
): Generator<ManifestEntry> {
  const counts = new Map(FIELDS.map(({ id }) => [id, 10]))
  const zeros = new Map(FIELDS.map(({ id }) => [id, 0]))
  for (let i = 0; i < files; i++) {
    const bounds = (id: number, name: string) =>
      new Map([
        [1, icebergBytes(BigInt(id), 'long')],
        [2, icebergBytes(name, 'string')],
      ])
    yield {
      path: dataPath(folder, i),
      recordCount: 10,
      size: i === PRESENT_ID ? size : 1_000_000,
      valueCounts: counts,
      nullCounts: zeros,
      lower: bounds(i * 10, 'a'),
      upper: bounds(i * 10 + 9, 'z'),
    }
  }
}

/** A table of one manifest of `files` files, each in a partition of its own: a name and a number. */
export async function manyPartitions(folder: string, files: number): Promise<void> {
  const present = parquetFooterFile(FIELDS, [{ rowCount: 10, columns: new Map() }], { ids: true })
  await localStore().put(dataPath(folder, PRESENT_ID), present)
  const bytes = icebergManifest({
    codec: 'deflate',
    specId: 1,
    partition: [
      { id: 1000, name: 'name', type: 'string' },
      { id: 1001, name: 'id', type: 'long' },
    ],
    entries: partitionedEntries(folder, { files, size: present.length }),
  })
  const manifest = await putManifest(folder, bytes, files)
  const partitions = [
    { containsNull: false, lower: icebergBytes('', 'string'), upper: icebergBytes('z', 'string') },
    {
      containsNull: false,
      lower: icebergBytes(0n, 'long'),
      upper: icebergBytes(BigInt(files), 'long'),
    },
  ]
  await writeIcebergTable(localStore(), folder, {
    fields: FIELDS,
    specs: [
      {
        id: 1,
        fields: [
          { id: 1000, name: 'name', sourceId: 2, transform: 'identity' },
          { id: 1001, name: 'id', sourceId: 1, transform: 'identity' },
        ],
      },
    ],
    manifests: [{ ...manifest, specId: 1, partitions }],
  })
}

function* partitionedEntries(
  folder: string,
  options: { readonly files: number; readonly size: number },
): Generator<ManifestEntry> {
  let i = 0
  for (const entry of entriesOf(folder, options)) {
    yield { ...entry, partition: [`customer ${i} of the north`, BigInt(i)] }
    i++
  }
}

function dataPath(folder: string, i: number): string {
  return `${folder}/data/00000-${i}-${createHash('md5').update(String(i)).digest('hex')}.parquet`
}
