import { type MemoryStore, memoryStore } from '@spillway/storage'
import { icebergManifestList, type ListedManifest } from '@spillway/testkit'
import { LOCATION, type SmallManifest, writeManifest } from './small-table.js'

export interface HistorySnapshot {
  readonly id: number
  /** Default the snapshot before it in the list; null for none. */
  readonly parent?: number | null
  /** Default its place in the list, from 1; 0 in version 1. */
  readonly sequence?: number
  readonly operation?: string
  readonly schemaId?: number
  /** Names of `manifests`. */
  readonly lists: readonly string[]
}

export interface HistoryTable {
  readonly formatVersion?: 1 | 2 | 3
  readonly manifests: Readonly<Record<string, SmallManifest>>
  readonly snapshots: readonly HistorySnapshot[]
  /** Snapshot ids in the order in which they became current. Default all of `snapshots`. */
  readonly log?: readonly number[]
  /** Default the last of the log. */
  readonly current?: number
}

const SCHEMA = [
  { id: 1, name: 'id', required: false, type: 'long' },
  { id: 2, name: 'part', required: false, type: 'int' },
]

/** Writes a table of several snapshots, which share manifests by name, into memory. */
export async function historyTable(table: HistoryTable): Promise<MemoryStore> {
  const { formatVersion = 2, snapshots, log = snapshots.map(({ id }) => id) } = table
  const store = memoryStore()
  const listed = new Map<string, ListedManifest>()
  for (const [name, manifest] of Object.entries(table.manifests)) {
    listed.set(name, await writeManifest(store, `${LOCATION}/metadata/${name}.avro`, manifest))
  }
  for (const { id, lists } of snapshots) {
    const manifests = lists.map(name => listed.get(name)!)
    await store.put(`${LOCATION}/metadata/snap-${id}.avro`, icebergManifestList(manifests))
  }
  const documents = snapshots.map((snapshot, i) => {
    const parent = snapshot.parent === undefined ? snapshots[i - 1]?.id : snapshot.parent
    return {
      'snapshot-id': snapshot.id,
      ...(parent == null ? {} : { 'parent-snapshot-id': parent }),
      'sequence-number': snapshot.sequence ?? (formatVersion === 1 ? 0 : i + 1),
      'timestamp-ms': 1000 * (i + 1),
      'manifest-list': `${LOCATION}/metadata/snap-${snapshot.id}.avro`,
      summary: { operation: snapshot.operation ?? 'append' },
      'schema-id': snapshot.schemaId ?? 0,
    }
  })
  const metadata = {
    'format-version': formatVersion,
    'table-uuid': '00000000-0000-4000-8000-000000000002',
    location: LOCATION,
    'last-updated-ms': 9000,
    'current-schema-id': 0,
    schemas: [
      { 'schema-id': 0, fields: SCHEMA },
      { 'schema-id': 1, fields: SCHEMA.slice(0, 1) },
    ],
    'default-spec-id': 1,
    'partition-specs': [
      { 'spec-id': 0, fields: [] },
      {
        'spec-id': 1,
        fields: [{ 'field-id': 1000, name: 'part', 'source-id': 2, transform: 'identity' }],
      },
    ],
    'current-snapshot-id': table.current ?? log.at(-1),
    snapshots: documents,
    'snapshot-log': log.map((id, i) => ({ 'snapshot-id': id, 'timestamp-ms': 1000 * (i + 1) })),
  }
  const utf8 = new TextEncoder()
  await store.put(`${LOCATION}/metadata/v1.metadata.json`, utf8.encode(JSON.stringify(metadata)))
  await store.put(`${LOCATION}/metadata/version-hint.text`, utf8.encode('1'))
  return store
}
