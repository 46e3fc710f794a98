import {
  type ChangeSet,
  crc32,
  type DataFile,
  type DeleteFile,
  eq,
  type Predicate,
  type RowResolver,
  type TableFormat,
} from '@spillway/core'
import { vectorBytes } from '@spillway/encoding'
import { memoryStore } from '@spillway/storage'
import { turnsDuring } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { createEngine, type EngineOptions } from '../../src/index.js'
import {
  dataFile,
  LOCATION,
  scriptedReader,
  scriptedSigner,
  snapshotOf,
  vector,
} from '../support/table.js'

const PLAIN = { features: new Set<string>(), inlineVectorBytes: 0 }
const VECTORS = { features: new Set(['deletionVectors']), inlineVectorBytes: 64 }
const POSITIONS: DeleteFile = {
  kind: 'position-delete',
  path: `${LOCATION}/d.parquet`,
  fileFormat: 'parquet',
  size: 1,
}

const BY_ID = {
  id: 1,
  fields: [{ id: 1000, name: 'id', transform: { kind: 'identity' as const }, sourceIds: [1] }],
}

type ChangesOptions = Partial<EngineOptions> & {
  readonly accepts?: typeof PLAIN
  readonly changes?: ChangeSet['changes']
  readonly grant?: Predicate
}

/** The changes of one commit in which `a` was deleted from. */
async function changesOf(
  format: TableFormat,
  deletes: readonly DeleteFile[],
  { accepts = VECTORS, changes, grant, ...options }: ChangesOptions = {},
) {
  const {
    files: _,
    source: __,
    ...metadata
  } = snapshotOf(
    { location: LOCATION },
    {
      files: [],
      format,
      more: { partitionSpecs: new Map([[1, BY_ID]]) },
    },
  )
  const change = (action: 'add' | 'remove', file: DataFile) => ({ action, file })
  const set: ChangeSet = {
    version: 1n,
    timestamp: 1,
    metadata,
    changes: changes ?? [
      change('remove', dataFile('a')),
      change('add', dataFile('a', { deletes, recordCount: 100 })),
    ],
  }
  const reader = {
    ...scriptedReader({ files: [], format }),
    async *changes() {
      yield set
    },
  }
  const engine = createEngine({
    readers: [reader],
    signers: [scriptedSigner()],
    clock: () => 1000,
    ...options,
  })
  const range = { startVersion: 1n, endVersion: 1n, kind: 'feed' } as const
  const found = []
  for await (const part of await engine.changes({ location: LOCATION, format }, range, {
    accepts,
    ...(grant && { grant }),
  })) {
    for (const { action, file, vector: sent } of part.changes) {
      const bitmap = sent?.vector.bitmap
      const how = bitmap instanceof Uint8Array ? `in the line ${bitmap.length}` : sent?.url
      found.push([action, file.path, ...(how === undefined ? [] : [how])])
    }
  }
  return found
}

it.each(['iceberg', 'delta'] as const)(
  'are told under one schema where the recipient is told of one (%s: renames keep ids in Iceberg alone)',
  async format => {
    const {
      files: _,
      source: __,
      ...then
    } = snapshotOf({ location: LOCATION }, { files: [], format })
    const declared = { ...then, properties: new Map([['told', 'once']]) }
    const reader = {
      ...scriptedReader({ files: [], format }),
      async *changes(): AsyncGenerator<ChangeSet> {
        for (const version of [1n, 2n]) {
          const changes = [{ action: 'add' as const, file: dataFile(`f${version}`) }]
          yield { version, timestamp: 1, metadata: { ...then, version }, changes }
        }
      },
    }
    const engine = createEngine({ readers: [reader], signers: [scriptedSigner()] })
    const range = { startVersion: 1n, endVersion: 2n, kind: 'feed' } as const
    const told = async (options: object) => {
      const source = { location: LOCATION, format }
      const found = []
      for await (const { metadata } of await engine.changes(source, range, {
        accepts: PLAIN,
        ...options,
      })) {
        found.push(metadata?.properties.get('told') ?? metadata?.version)
      }
      return found
    }
    expect(await told({})).toEqual([1n, 2n])
    expect(await told({ declared })).toEqual(format === 'iceberg' ? ['once', undefined] : [1n, 2n])
  },
)

function resolver(bytes: number, more: Partial<RowResolver> = {}): Partial<EngineOptions> {
  const rowResolver: RowResolver = {
    async toDeletionVector(snapshot, file) {
      // Equality deletes are resolved under the schema of the version.
      expect(snapshot.schema.fields).toHaveLength(1)
      const id = file.recordedPath
      return { kind: 'deletion-vector', id, bitmap: new Uint8Array(bytes), cardinality: 1 }
    },
    splitSlice: async () => undefined,
    splitByValue: async (_, file) => [file],
    ...more,
  }
  return { rowResolver, stagingLocations: ['file:///staging'] }
}

const A = `${LOCATION}/a`

it('sends the vector of a Delta change as it was recorded', async () => {
  const url = `https://signed/${encodeURIComponent(`${LOCATION}/dv.bin`)}`
  expect(await changesOf('delta', [vector('dv.bin')])).toEqual([
    ['remove', A],
    ['add', A, url],
  ])
})

// Spark's connector reads a file that changes with vectors inside the lines as wholly removed and wholly added.
it.each([PLAIN, VECTORS])(
  'rewrites both states of a file whose vectors have no file of Delta',
  async accepts => {
    const staged = resolver(8, {
      toCompleteFile: async (_, file) => ({ ...file, path: 'file:///staging/a', deletes: [] }),
    })
    const store = memoryStore({ objects: [[`${LOCATION}/v.puffin`, 'x'.repeat(60)]] })
    for (const deletes of [POSITIONS, vector('v.puffin')]) {
      expect(await changesOf('iceberg', [deletes], { ...staged, store, accepts })).toEqual([
        ['remove', A],
        ['add', 'file:///staging/a'],
      ])
    }
  },
)

it.each<[string, TableFormat, DeleteFile, Partial<EngineOptions>, typeof PLAIN, RegExp]>([
  ['a vector the recipient does not apply', 'delta', vector('v'), {}, PLAIN, /use deletionVectors/],
  ['deletes without staging', 'iceberg', POSITIONS, resolver(8), PLAIN, /configure staging/],
  ['vectors inside lines', 'iceberg', vector('v'), resolver(8), VECTORS, /configure staging/],
])(
  'refuses %s before the first change',
  async (_what, format, deletes, options, accepts, message) => {
    await expect(changesOf(format, [deletes], { ...options, accepts })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message,
    })
  },
)

it('gives the vector of a table shared in part a file of its own, in staging, and signs that', async () => {
  const bitmap = vectorBytes([1, 5])
  const frame = new DataView(new ArrayBuffer(8))
  frame.setUint32(0, bitmap.length)
  frame.setUint32(4, crc32(bitmap))
  const framed = [1, ...new Uint8Array(frame.buffer, 0, 4), ...bitmap]
  const store = memoryStore()
  const bytes = Uint8Array.from([...framed, ...new Uint8Array(frame.buffer, 4, 4)])
  await store.put(`${LOCATION}/dv.bin`, bytes)
  const written: Uint8Array[] = []
  const rowResolver: RowResolver = {
    toDeletionVector: () => Promise.reject(new Error('it is one')),
    splitSlice: async () => undefined,
    splitByValue: async (_, file) => [file],
    async toVectorFile(given) {
      written.push(given.bitmap as Uint8Array)
      return { ...given, bitmap: { path: 'file:///staging/own.bin', offset: 5, length: 36 } }
    },
  }
  const file = dataFile('a', {
    deletes: [vector('dv.bin')],
    recordCount: 100,
    specId: 1,
    partition: [7n],
  })
  const found = await changesOf('delta', [], {
    changes: [{ action: 'add', file }],
    grant: eq('id', 7),
    store,
    rowResolver,
    stagingLocations: ['file:///staging'],
  })
  const url = `https://signed/${encodeURIComponent('file:///staging/own.bin')}`
  expect(found).toEqual([['add', `${LOCATION}/a`, url]])
  expect(written).toEqual([bitmap])
})

it.each([
  ['all', undefined],
  ['some partitions', eq('id', 7)],
])('lets others go on while %s of a long commit is checked and signed', async (_, grant) => {
  const changes = Array.from({ length: 40_000 }, (_, i) => ({
    action: 'add' as const,
    file: dataFile(`part-${i}`, { specId: 1, partition: [BigInt(7 + (i % 2))] }),
  }))
  const { turns, value } = await turnsDuring(() =>
    changesOf('delta', [], { changes, ...(grant && { grant }) }),
  )
  expect(value).toHaveLength(grant === undefined ? 40_000 : 20_000)
  expect(value[1]).toEqual(['add', `${LOCATION}/part-${grant === undefined ? 1 : 2}`])
  expect(turns).toBeGreaterThan(10)
})
