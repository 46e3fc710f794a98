import type { WritableStore } from '@spillway/core'
import { joinUri, localStore } from '@spillway/storage'
import {
  fieldJson,
  icebergBytes,
  icebergManifest,
  type ListedManifest,
  type ManifestEntry,
  writeIcebergTable,
} from '@spillway/testkit'
import { tableFields } from './columns.js'
import {
  DELETES_EVERY,
  folderOf,
  keysOf,
  type Layout,
  mixed,
  nameOf,
  partitionsOf,
  ROWS_PER_FILE,
} from './shape.js'

const FILES_PER_MANIFEST = 10_000
const PARTITION_ID = 1000

/** Metadata and manifests in `path`, of a table that is told to lie at `location`. */
export async function writeIcebergWorkload(
  path: string,
  location: string,
  layout: Layout,
): Promise<void> {
  const local = localStore()
  const at = (uri: string) => uri.replace(location, path)
  const store: WritableStore = { ...local, put: (uri, ...rest) => local.put(at(uri), ...rest) }
  const manifests: ListedManifest[] = []
  for (let from = 0; from < layout.files; from += FILES_PER_MANIFEST) {
    const numbers = { from, to: Math.min(layout.files, from + FILES_PER_MANIFEST) }
    manifests.push(await writeManifest({ store, location, layout, numbers, content: 'data' }))
    if (layout.shape === 'deletes') {
      manifests.push(await writeManifest({ store, location, layout, numbers, content: 'deletes' }))
    }
  }
  await writeIcebergTable(store, location, {
    fields: tableFields(layout),
    specs: [{ id: 0, fields: specOf(layout) }],
    manifests,
    sequenceNumber: 2,
  })
}

interface Part {
  readonly store: WritableStore
  readonly location: string
  readonly layout: Layout
  readonly numbers: { readonly from: number; readonly to: number }
  readonly content: 'data' | 'deletes'
}

function specOf(layout: Layout) {
  const sourceId = tableFields(layout).length
  return partitionsOf(layout) > 0
    ? [{ id: PARTITION_ID, name: 'bucket', sourceId, transform: 'identity' }]
    : []
}

async function writeManifest(part: Part): Promise<ListedManifest> {
  const { store, location, layout, numbers, content } = part
  const bytes = icebergManifest({
    codec: 'deflate',
    content,
    partition: specOf(layout).map(({ id, name }) => ({ id, name, type: 'long' as const })),
    header: headerOf(layout),
    entries: content === 'data' ? dataEntries(part) : deleteEntries(part),
  })
  const path = joinUri(location, `metadata/${content}-${numbers.from}.avro`)
  await store.put(path, bytes)
  const count = numbers.to - numbers.from
  const files = content === 'data' ? count : Math.ceil(count / DELETES_EVERY)
  return {
    ...{ path, length: bytes.length, content, sequenceNumber: content === 'data' ? 1 : 2 },
    ...{ addedFiles: files, addedRows: files * ROWS_PER_FILE },
    ...{ existingFiles: 0, existingRows: 0, deletedFiles: 0, deletedRows: 0 },
    partitions: summariesOf(layout, numbers),
  }
}

function headerOf(layout: Layout) {
  return {
    schema: { type: 'struct', 'schema-id': 0, fields: tableFields(layout).map(fieldJson) },
    spec: specOf(layout).map(({ id, name, sourceId, transform }) => ({
      ...{ name, transform, 'source-id': sourceId, 'field-id': id },
    })),
  }
}

/** Partitions take turns, so that a manifest has all of them, or those of its numbers where there are more. */
function summariesOf(layout: Layout, { from, to }: Part['numbers']) {
  const partitions = partitionsOf(layout)
  if (partitions === 0) return []
  const hasAll = to - from >= partitions
  const bound = (value: number) => icebergBytes(BigInt(value), 'long')
  const [low, high] = hasAll ? [0, partitions - 1] : [from % partitions, (to - 1) % partitions]
  return [
    { containsNull: false, lower: bound(Math.min(low, high)), upper: bound(Math.max(low, high)) },
  ]
}

function* dataEntries({ location, layout, numbers }: Part): Generator<ManifestEntry> {
  const fields = tableFields(layout).filter(({ name }) => name !== 'bucket')
  const counts = new Map(fields.map(({ id }) => [id, ROWS_PER_FILE]))
  const zeros = new Map(fields.map(({ id }) => [id, 0]))
  const partitions = partitionsOf(layout)
  for (let file = numbers.from; file < numbers.to; file++) {
    const noise = mixed(file, layout.seed + 2) % 1_000_000
    const { low, high } = keysOf(layout, file)
    const bounds = (key: number, more: number) =>
      new Map(
        fields.map(({ id, type }) => {
          if (id === 1) return [id, icebergBytes(BigInt(key), 'long')]
          const number = noise + id - 1 + more
          if (type === 'string')
            return [id, icebergBytes(`v${String(number).padStart(9, '0')}`, type)]
          return [
            id,
            type === 'double'
              ? icebergBytes(number + 0.5, type)
              : icebergBytes(BigInt(number), 'long'),
          ]
        }),
      )
    yield {
      path: dataPath(location, layout, file),
      partition: partitions > 0 ? [BigInt(file % partitions)] : [],
      ...{ recordCount: ROWS_PER_FILE, size: 1_000_000 + noise, sequenceNumber: 1 },
      ...{
        valueCounts: counts,
        nullCounts: zeros,
        lower: bounds(low, 0),
        upper: bounds(high, 100),
      },
    }
  }
}

/** A file of position deletes for every tenth data file, which it names. */
function* deleteEntries({ location, layout, numbers }: Part): Generator<ManifestEntry> {
  for (let file = numbers.from; file < numbers.to; file += DELETES_EVERY) {
    yield {
      ...{ content: 1, path: joinUri(location, `data/deletes-${file}.parquet`), partition: [] },
      ...{ recordCount: 3, size: 2000, sequenceNumber: 2 },
      referencedFile: dataPath(location, layout, file),
    }
  }
}

function dataPath(location: string, layout: Layout, file: number): string {
  return joinUri(location, `data/${folderOf(layout, file)}${nameOf(file)}`)
}
