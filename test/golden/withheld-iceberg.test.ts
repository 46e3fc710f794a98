import { createHash } from 'node:crypto'
import { createBatchCache, createEngine } from '@spillway/engine'
import { icebergReader } from '@spillway/iceberg'
import { createConfigShares, createSharingServer, type SharingServer } from '@spillway/server'
import { type MemoryStore, memoryStore } from '@spillway/storage'
import { icebergManifest, type ManifestEntry, writeIcebergTable } from '@spillway/testkit'
import { expect, it } from 'vitest'

const LOCATION = 'file:///lake/t'
const NOW = Date.UTC(2026, 0, 2)
const FIELDS = [
  { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true },
  { id: 2, name: 'region', physicalName: 'region', type: 'string', nullable: true },
] as const
const SPEC = {
  id: 0,
  fields: [{ id: 1000, name: 'region', sourceId: 2, transform: 'identity' }],
} as const

/** What every file holds. */
const SHAPE = {
  columns: FIELDS.map(({ id, name, type }) => ({
    name,
    fieldId: id,
    kind: 'leaf' as const,
    type,
    children: [],
  })),
  hasFieldIds: true,
}

const signer = {
  covers: () => true,
  sign: async (paths: readonly string[]) => ({
    urls: paths.map(path => `https://signed/${encodeURIComponent(path)}`),
    expiresAt: NOW + 3600_000,
  }),
}

function data(name: string, region: string, more: Partial<ManifestEntry> = {}): ManifestEntry {
  return {
    path: `${LOCATION}/data/${name}`,
    partition: [region],
    recordCount: 10,
    size: 100,
    firstRowId: 0,
    ...more,
  }
}

const GRANTED = [data('a.parquet', 'a'), data('c.parquet', 'a')]

async function tableOf(
  files: readonly ManifestEntry[],
  deletes: readonly ManifestEntry[] = [],
): Promise<MemoryStore> {
  const store = memoryStore({ now: () => NOW - 3600_000 })
  const put = async (name: string, content: 'data' | 'deletes', entries: typeof files) => {
    const partition = [{ id: 1000, name: 'region', type: 'string' } as const]
    const bytes = icebergManifest({ formatVersion: 3, partition, content, entries })
    const path = `${LOCATION}/metadata/${name}`
    await store.put(path, bytes)
    const none = { existingFiles: 0, deletedFiles: 0, existingRows: 0, deletedRows: 0 }
    const added = { addedFiles: entries.length, addedRows: 10 * entries.length }
    const sequenceNumber = content === 'data' ? 1 : 2
    return { path, length: bytes.length, sequenceNumber, ...none, ...added, content }
  }
  const listed = [{ ...(await put('m.avro', 'data', files)), firstRowId: 0 }]
  const more = deletes.length === 0 ? [] : [await put('d.avro', 'deletes', deletes)]
  await writeIcebergTable(store, LOCATION, {
    formatVersion: 3,
    fields: FIELDS,
    specs: [SPEC],
    manifests: [...listed, ...more],
  })
  return store
}

function serve(store: MemoryStore, partitions?: string): SharingServer {
  const engine = createEngine({
    readers: [icebergReader({ store, cache: createBatchCache({ maxBytes: 1024 ** 2 }) })],
    signers: [signer],
    fileShapes: { of: async files => files.map(() => SHAPE) },
    store,
    freshnessMs: 0,
    clock: () => NOW,
  })
  const table = { name: 't', location: LOCATION, history: true, ...(partitions && { partitions }) }
  const sha256 = createHash('sha256').update('token').digest('hex')
  const catalog = createConfigShares({
    shares: [{ name: 's', schemas: [{ name: 'x', tables: [table] }] }],
    recipients: [{ name: 'acme', tokens: [{ sha256 }], shares: ['s'] }],
  })
  return createSharingServer({ engine, catalog, tokenSecret: 'k', clock: () => NOW })
}

type Body = Readonly<Record<string, unknown>>

async function ask(server: SharingServer, path: string, body?: Body) {
  const response = await server.fetch(
    new Request(`http://x/delta-sharing/shares/s/schemas/x/tables/t${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: 'Bearer token', 'delta-sharing-capabilities': ASKS },
      ...(body && { body: JSON.stringify(body) }),
    }),
  )
  const text = (await response.text())
    .replace(/"nextPageToken":"([^"]+)"/g, (_, sealed) => `"next":${sealed.length}`)
    // How large a whole table is, is told of whole tables alone.
    .replace(/^\{"metaData".*$/gm, line => line.replace(/,"(size|numFiles)":\d+/g, ''))
    .replace(/request id [-0-9a-f]+/, '')
  return { status: response.status, text }
}

const ASKS = 'responseformat=delta;readerfeatures=deletionvectors,columnmapping'

const QUESTIONS: readonly (readonly [string, Body?])[] = [
  ['/query', {}],
  ['/query', { maxFiles: 1 }],
  ['/query', { limitHint: 1 }],
  ['/query', { predicateHints: ['id > 5'] }],
  ['/query', { startingVersion: 1 }],
  ['/changes?startingVersion=1'],
]

const vector = {
  content: 1 as const,
  format: 'PUFFIN',
  referencedFile: `${LOCATION}/data/secret.parquet`,
  contentOffset: 4,
  contentSize: 46,
}

it.each<readonly [string, readonly ManifestEntry[], readonly ManifestEntry[]]>([
  ['a format that is not known', [data('secret', 'b', { format: 'SECRETFMT' })], []],
  ['a format as long as a known one', [data('secret', 'b', { format: 'SECRETS' })], []],
  ['a Puffin file among data', [data('secret', 'b', { format: 'PUFFIN' })], []],
  [
    'two vectors',
    [data('secret.parquet', 'b')],
    [data('v.puffin', 'b', vector), data('w.puffin', 'b', vector)],
  ],
  [
    'deletes of a format that is not known',
    [data('secret.parquet', 'b')],
    [data('secret-deletes', 'b', { content: 1, format: 'SECRETFMT' })],
  ],
  [
    'equality deletes without columns',
    [data('secret.parquet', 'b')],
    [data('secret-deletes', 'b', { content: 2, format: 'PARQUET', equalityIds: [] })],
  ],
])('a withheld file of Iceberg stops and tells nobody: %s', async (_, secret, deletes) => {
  const limited = serve(await tableOf([...secret, ...GRANTED], deletes), "region = 'a'")
  const alone = serve(await tableOf(GRANTED))
  for (const [path, body] of QUESTIONS) {
    const found = await ask(limited, path, body)
    expect([path, body, found]).toEqual([path, body, await ask(alone, path, body)])
    expect([path, body, found.status]).toEqual([path, body, 200])
    expect(found.text).not.toMatch(/secret/i)
  }
})

it('of a table that is shared as a whole, a file of a format that is not known is refused whatever is asked', async () => {
  const secret = data('odd', 'b', { format: 'VORTEX' })
  const store = await tableOf([secret, ...GRANTED])
  for (const partitions of [undefined, "region IN ('a', 'b')"]) {
    for (const [path, body] of [...QUESTIONS, ['/query', { predicateHints: ["region = 'a'"] }]]) {
      const { status, text } = await ask(serve(store, partitions), path as string, body as Body)
      expect([path, body, status]).toEqual([path, body, 400])
      expect(text).toMatch(/a file whose format is none of Parquet, ORC and Avro/)
    }
  }
})
