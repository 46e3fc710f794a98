import type { DataFile, Field, ObjectStore, Snapshot, WritableStore } from '@spillway/core'
import { type MemoryStore, memoryStore } from '@spillway/storage'
import {
  type IcebergTableOptions,
  icebergBytes,
  icebergManifest,
  keepingCache,
  type ListedManifest,
  type ManifestEntry,
  type ManifestOptions,
  writeIcebergTable,
} from '@spillway/testkit'
import { icebergReader } from '../../src/index.js'

export const LOCATION = 's3://bucket/table'

export const fields: readonly Field[] = [
  { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true },
  { id: 2, name: 'part', physicalName: 'part', type: 'int', nullable: true },
]

/** Partition field 1000 of spec 1 is the identity of `part`; spec 0 is unpartitioned. */
export const specs: IcebergTableOptions['specs'] = [
  { id: 0, fields: [] },
  { id: 1, fields: [{ id: 1000, name: 'part', sourceId: 2, transform: 'identity' }] },
]

export interface SmallManifest {
  readonly entries: readonly ManifestEntry[]
  readonly content?: 'data' | 'deletes'
  /** Default 1 for data, 2 for deletes. */
  readonly sequenceNumber?: number
  /** Default 1. */
  readonly specId?: 0 | 1
  readonly listed?: Partial<ListedManifest>
  readonly written?: Partial<ManifestOptions>
}

export function dataFile(name: string, part: number | null = null): ManifestEntry {
  return { path: `${LOCATION}/data/${name}`, partition: [part], recordCount: 10, size: 100 }
}

/** Writes a version 3 table of these manifests into memory. */
export async function smallTable(
  manifests: readonly SmallManifest[],
  options: Partial<IcebergTableOptions> = {},
): Promise<MemoryStore> {
  const store = memoryStore()
  const listed: ListedManifest[] = []
  for (const [i, manifest] of manifests.entries()) {
    listed.push(await writeManifest(store, `${LOCATION}/metadata/m${i}.avro`, manifest))
  }
  await writeIcebergTable(store, LOCATION, {
    formatVersion: 3,
    fields,
    ...(specs && { specs }),
    manifests: listed,
    sequenceNumber: 9,
    ...options,
  })
  return store
}

export async function writeManifest(
  store: WritableStore,
  path: string,
  manifest: SmallManifest,
): Promise<ListedManifest> {
  const { entries, content = 'data', specId = 1 } = manifest
  const partition = specId === 1 ? [{ id: 1000, name: 'part', type: 'int' as const }] : []
  const bytes = icebergManifest({
    formatVersion: 3,
    specId,
    content,
    partition,
    entries,
    ...manifest.written,
  })
  await store.put(path, bytes)
  const live = entries.filter(({ status }) => status !== 2)
  const parts = live.map(({ partition: tuple }) => tuple?.[0] ?? null)
  const known = parts.filter(part => part !== null) as number[]
  const sequenceNumber = manifest.sequenceNumber ?? (content === 'data' ? 1 : 2)
  return {
    path,
    length: bytes.length,
    specId,
    content,
    sequenceNumber,
    addedFiles: live.length,
    existingFiles: 0,
    addedRows: live.length * 10,
    existingRows: 0,
    partitions:
      specId === 0
        ? []
        : [
            {
              containsNull: parts.includes(null),
              ...(known.length > 0 && {
                lower: icebergBytes(Math.min(...known), 'int'),
                upper: icebergBytes(Math.max(...known), 'int'),
              }),
            },
          ],
    ...manifest.listed,
  }
}

export function openTable(store: ObjectStore): Promise<Snapshot> {
  return icebergReader({ store, cache: keepingCache() }).snapshot({ location: LOCATION })
}

/** Every live file, with its deletes, in the order of the manifests. */
export async function filesOf(snapshot: Snapshot): Promise<readonly DataFile[]> {
  const all: DataFile[] = []
  for (const handle of snapshot.files.handles) {
    const { live, files } = await handle.load()
    all.push(...(await files(live)))
  }
  return all
}

/** Names of the paths that are read from `store`, in order. */
export function recordingStore(store: ObjectStore): {
  readonly store: ObjectStore
  readonly reads: string[]
} {
  const reads: string[] = []
  return {
    reads,
    store: {
      ...store,
      get: (path, options) => {
        reads.push(path.slice(path.lastIndexOf('/') + 1))
        return store.get(path, options)
      },
    },
  }
}
