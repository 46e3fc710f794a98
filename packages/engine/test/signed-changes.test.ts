import type { ChangeSet, DataFile, DeleteFile, RowResolver, TableFormat } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { expect, it } from 'vitest'
import { createEngine, type EngineOptions } from '../src/index.js'
import { dataFile, LOCATION, scriptedReader, scriptedSigner, snapshotOf, vector } from './table.js'

const PLAIN = { features: new Set<string>(), inlineVectorBytes: 0 }
const VECTORS = { features: new Set(['deletionVectors']), inlineVectorBytes: 64 }
const POSITIONS: DeleteFile = {
  kind: 'position-delete',
  path: `${LOCATION}/d.parquet`,
  fileFormat: 'parquet',
  size: 1,
}

type ChangesOptions = Partial<EngineOptions> & {
  readonly accepts?: typeof PLAIN
  readonly changes?: ChangeSet['changes']
}

/** The changes of one commit in which `a` was deleted from. */
async function changesOf(
  format: TableFormat,
  deletes: readonly DeleteFile[],
  { accepts = VECTORS, changes, ...options }: ChangesOptions = {},
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
  })) {
    for (const { action, file, vector: sent } of part.changes) {
      const bitmap = sent?.vector.bitmap
      const how = bitmap instanceof Uint8Array ? `in the line ${bitmap.length}` : sent?.url
      found.push([action, file.path, ...(how === undefined ? [] : [how])])
    }
  }
  return found
}

function resolver(bytes: number, more: Partial<RowResolver> = {}): Partial<EngineOptions> {
  const rowResolver: RowResolver = {
    async toDeletionVector(snapshot, file) {
      // Equality deletes are resolved under the schema of the version.
      expect(snapshot.schema.fields).toHaveLength(1)
      const id = file.recordedPath
      return { kind: 'deletion-vector', id, bitmap: new Uint8Array(bytes), cardinality: 1 }
    },
    splitSlice: async () => undefined,
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

it('sends the vector of an Iceberg change inside the line', async () => {
  const store = memoryStore({ objects: [[`${LOCATION}/v.puffin`, 'x'.repeat(60)]] })
  expect(await changesOf('iceberg', [vector('v.puffin')], { store })).toEqual([
    ['remove', A],
    ['add', A, 'in the line 36'],
  ])
})

it('resolves the other deletes of a change to a vector', async () => {
  expect(await changesOf('iceberg', [POSITIONS], resolver(8))).toEqual([
    ['remove', A],
    ['add', A, 'in the line 8'],
  ])
})

it('rewrites both states of a file for a recipient without vectors, where there is staging', async () => {
  const staged = resolver(8, {
    toCompleteFile: async (_, file) => ({ ...file, path: 'file:///staging/a', deletes: [] }),
  })
  expect(await changesOf('iceberg', [POSITIONS], { ...staged, accepts: PLAIN })).toEqual([
    ['remove', A],
    ['add', 'file:///staging/a'],
  ])
})

const LOGGED = dataFile('a', { logFiles: [{ path: `${LOCATION}/a.log`, size: 5 }] })

it('merges the logs of each state of a slice as the version says that goes with it', async () => {
  const at = (version: bigint) => ({
    ...snapshotOf({ location: LOCATION }, { files: [], format: 'hudi', version }),
    async *mergedLogs() {},
  })
  const changes = [
    { action: 'remove', file: LOGGED, snapshot: at(6n) },
    { action: 'add', file: LOGGED, snapshot: at(7n) },
  ] as const
  const staged = resolver(8, {
    toCompleteFile: async ({ version }, file) => ({
      ...file,
      path: `file:///staging/${version}`,
      logFiles: [],
    }),
  })
  expect(await changesOf('hudi', [], { ...staged, accepts: PLAIN, changes })).toEqual([
    ['remove', 'file:///staging/6'],
    ['add', 'file:///staging/7'],
  ])
})

it('refuses a slice with logs that nothing merges', async () => {
  const changes = [{ action: 'add', file: LOGGED }] as const
  await expect(changesOf('hudi', [], { ...resolver(8), changes })).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
    message: /use mergeLogs/,
  })
})

it.each<[string, TableFormat, DeleteFile, Partial<EngineOptions>, typeof PLAIN, RegExp]>([
  ['a vector the recipient does not apply', 'delta', vector('v'), {}, PLAIN, /use deletionVectors/],
  ['deletes that nobody resolves', 'iceberg', POSITIONS, {}, VECTORS, /1 file of the table/],
  ['deletes without vectors or staging', 'iceberg', POSITIONS, resolver(8), PLAIN, /1 file/],
  ['a vector too long for the line', 'iceberg', POSITIONS, resolver(65), VECTORS, /longer than/],
])(
  'refuses %s before the first change',
  async (_what, format, deletes, options, accepts, message) => {
    await expect(changesOf(format, [deletes], { ...options, accepts })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message,
    })
  },
)
