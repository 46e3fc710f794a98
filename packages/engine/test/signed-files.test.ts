import type { DataFile, RowResolver } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { expect, it } from 'vitest'
import { createEngine, type EngineOptions, type SignedFile } from '../src/index.js'
import {
  dataFile,
  LOCATION,
  scriptedReader,
  scriptedSigner,
  snapshotOf,
  type TableOptions,
  vector,
} from './table.js'

const PLAIN = { features: new Set<string>(), inlineVectorBytes: 0 }
const VECTORS = { features: new Set(['deletionVectors']), inlineVectorBytes: 0 }

async function sign(
  table: TableOptions,
  accepts = PLAIN,
  options: Partial<EngineOptions> = {},
): Promise<readonly SignedFile[]> {
  const engine = createEngine({
    readers: [scriptedReader(table)],
    signers: [scriptedSigner()],
    clock: () => 1000,
    ...options,
  })
  const files: SignedFile[] = []
  const snapshot = snapshotOf({ location: LOCATION }, table)
  for await (const batch of engine.signedFiles(snapshot, { accepts })) files.push(...batch)
  return files
}

const resolver: RowResolver = {
  async toDeletionVector(_, file) {
    return {
      kind: 'deletion-vector',
      id: `v-${file.recordedPath}`,
      bitmap: new Uint8Array(8),
      cardinality: 1,
    }
  },
  async toCompleteFile(_, file) {
    return {
      ...file,
      path: `file:///staging/${file.recordedPath}`,
      size: 50,
      deletes: [],
      logFiles: [],
    }
  },
}
const STAGED = { rowResolver: resolver, stagingLocations: ['file:///staging'] }

it('signs untouched files as they are', async () => {
  const files = await sign({ files: [dataFile('a'), dataFile('b')] })
  expect(files.map(({ url, expiresAt }) => [url, expiresAt])).toEqual([
    [`https://signed/${encodeURIComponent(`${LOCATION}/a`)}`, 3_601_000],
    [`https://signed/${encodeURIComponent(`${LOCATION}/b`)}`, 3_601_000],
  ])
})

it('sends a vector with its own URL to a recipient that applies vectors', async () => {
  const [file] = await sign({ files: [dataFile('a', { deletes: [vector('dv.bin')] })] }, VECTORS)
  expect(file?.vector?.url).toBe(`https://signed/${encodeURIComponent(`${LOCATION}/dv.bin`)}`)
})

it('signs each path of a batch once', async () => {
  const signer = scriptedSigner()
  const shared = vector('dv.bin')
  const files = [dataFile('a', { deletes: [shared] }), dataFile('b', { deletes: [shared] })]
  await sign({ files }, VECTORS, { signers: [signer] })
  expect(signer.batches).toEqual([3])
})

it('refuses deleted rows before the first file, counting the files', async () => {
  const deleted = (name: string) => dataFile(name, { deletes: [vector('dv.bin')] })
  const files = [dataFile('a'), deleted('b'), deleted('c')]
  const table = { files, features: ['deletionVectors'] }
  await expect(sign(table)).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
    message: expect.stringMatching(/^2 files .*readerfeatures=deletionvectors.*staging/),
    context: { feature: 'deletionVectors', files: 2 },
  })
})

it('rewrites deleted rows where there is staging, dropping what was recorded of the original', async () => {
  const delta = { partitionValues: new Map([['day', '1']]), stats: '{"numRecords":10}' }
  const files = [dataFile('a'), dataFile('b', { deletes: [vector('dv.bin')], delta })]
  const [a, b] = await sign({ files }, PLAIN, STAGED)
  expect(a?.file.path).toBe(`${LOCATION}/a`)
  expect(b).toMatchObject({ file: { path: 'file:///staging/b', size: 50 } })
  expect(b?.file.delta).toEqual({ partitionValues: delta.partitionValues })
  expect(b?.vector).toBeUndefined()
})

it('turns other deletes into a vector for a recipient that applies vectors', async () => {
  const deletes: DataFile['deletes'] = [
    { kind: 'position-delete', path: `${LOCATION}/d.parquet`, fileFormat: 'parquet', size: 1 },
  ]
  const table = { files: [dataFile('a', { deletes })], format: 'iceberg' } as const
  const [file] = await sign(table, VECTORS, STAGED)
  expect(file?.vector).toMatchObject({ vector: { id: 'v-a' } })
  expect(file?.vector?.url).toBeUndefined()
})

it('puts an Iceberg vector inside the line: its file does not begin as Delta’s do', async () => {
  const bitmap = Uint8Array.from({ length: 36 }, (_, index) => index)
  const store = memoryStore()
  await store.put(`${LOCATION}/dv.bin`, new Uint8Array([9, 9, 9, 9, 9, ...bitmap, 9]))
  const table = {
    files: [dataFile('a', { deletes: [vector('dv.bin')] })],
    format: 'iceberg',
    features: ['deletionVectors'],
  } as const
  const [file] = await sign(table, { ...VECTORS, inlineVectorBytes: 36 }, { store })
  expect(file?.vector).toEqual({ vector: { ...vector('dv.bin'), bitmap } })
  const short = { ...VECTORS, inlineVectorBytes: 35 }
  await expect(sign(table, short, { store })).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
  const [resolved] = await sign(table, short, { store, ...STAGED })
  expect(resolved?.vector).toMatchObject({ vector: { id: 'v-a' } })
})

it.each(['orc', 'avro'])(
  'refuses %s files before the first file, with staging or without',
  async format => {
    const files = [dataFile('a.parquet'), dataFile(`b.${format}`)]
    const table = {
      files,
      format: 'iceberg',
      properties: { 'write.format.default': format },
    } as const
    for (const options of [{}, STAGED]) {
      await expect(sign(table, VECTORS, options)).rejects.toMatchObject({
        code: 'UNSUPPORTED_FEATURE',
        message: `the table holds ${format} files, and only Parquet files are shared`,
      })
    }
  },
)

it('looks for log files of a Hudi table that does not announce them', async () => {
  const files = [dataFile('a'), dataFile('b', { logFiles: [{ path: 'log', size: 1 }] })]
  const signing = sign({ files, format: 'hudi' }, VECTORS)
  await expect(signing).rejects.toMatchObject({ context: { files: 1 } })
})

it('rewrites no single file beside files whose columns the recipient maps', async () => {
  const files = [dataFile('a'), dataFile('b', { logFiles: [{ path: 'log', size: 1 }] })]
  const table = { files, format: 'hudi', features: ['columnMapping', 'mergeLogs'] } as const
  const mapping = { features: new Set(['columnMapping']), inlineVectorBytes: 0 }
  await expect(sign(table, mapping, STAGED)).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
})

it.each<[string, Partial<DataFile>]>([
  [
    'position deletes',
    { deletes: [{ kind: 'position-delete', path: 'd', fileFormat: 'parquet', size: 1 }] },
  ],
  ['log files', { logFiles: [{ path: 'log', size: 1 }] }],
])(
  'refuses %s that nobody resolves, even to a recipient that applies vectors',
  async (_, given) => {
    const table = {
      files: [dataFile('a'), dataFile('b', given)],
      format: 'iceberg',
      features: ['deletionVectors', 'mergeLogs'],
    } as const
    await expect(sign(table, VECTORS)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringMatching(/^1 file .*staging/),
    })
  },
)

it.each(['columnMapping', 'initialDefaults', 'typeWidening'])(
  'refuses or rewrites every file of a table that uses %s',
  async feature => {
    const table = { files: [dataFile('a')], features: [feature] }
    await expect(sign(table)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      context: { feature, files: 1 },
    })
    const [rewritten] = await sign(table, PLAIN, STAGED)
    expect(rewritten?.file.path).toBe('file:///staging/a')
    const accepts = { features: new Set([feature]), inlineVectorBytes: 0 }
    const [passed] = await sign(table, accepts)
    expect(passed?.file.path).toBe(`${LOCATION}/a`)
  },
)

it('does not sign a file outside the table', async () => {
  const files = [dataFile('file:///etc/passwd')]
  await expect(sign({ files })).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
})

it('does not sign a vector outside the table', async () => {
  const outside = { ...vector('x'), bitmap: { path: 'file:///etc/shadow', offset: 1, length: 1 } }
  const files = [dataFile('a', { deletes: [outside as never] })]
  await expect(sign({ files }, VECTORS)).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
})

it('says so where no signer covers a file', async () => {
  const signers = [scriptedSigner('s3:')]
  await expect(sign({ files: [dataFile('a')] }, PLAIN, { signers })).rejects.toMatchObject({
    code: 'INTERNAL',
    context: { path: `${LOCATION}/a` },
  })
})

it('signs a large table a batch at a time, as far as it is read', async () => {
  const signer = scriptedSigner()
  const files = Array.from({ length: 5000 }, (_, index) => dataFile(`f${index}`))
  const engine = createEngine({ readers: [scriptedReader({ files })], signers: [signer] })
  const signed = engine.signedFiles(snapshotOf({ location: LOCATION }, { files }), {
    accepts: PLAIN,
  })
  for await (const batch of signed) {
    expect(batch).toHaveLength(256)
    break
  }
  expect(signer.batches).toEqual([256])
})

it('counts what it signs for the embedder', async () => {
  const counts: Record<string, number> = {}
  const observer = {
    count(name: string, value: number) {
      counts[name] = (counts[name] ?? 0) + value
    },
  }
  const files = [dataFile('a'), dataFile('b', { deletes: [vector('dv.bin')] })]
  await sign({ files }, PLAIN, { ...STAGED, observer })
  expect(counts).toEqual({ 'files.rewritten': 1, 'files.signed': 2 })
})
