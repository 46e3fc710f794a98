import {
  crc32,
  createSchema,
  type DataFile,
  eq,
  type RowResolver,
  type Snapshot,
  TableError,
} from '@spillway/core'
import { vectorBytes } from '@spillway/encoding'
import { memoryStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { createEngine, type EngineOptions, type SignedFile } from '../../src/index.js'
import {
  dataFile,
  LOCATION,
  scriptedReader,
  scriptedSigner,
  snapshotOf,
  type TableOptions,
  vector,
} from '../support/table.js'

const PLAIN = { features: new Set<string>(), inlineVectorBytes: 0 }
const VECTORS = { features: new Set(['deletionVectors']), inlineVectorBytes: 64 }

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
  async splitByValue(_, file, [field]) {
    // Two values, told apart by their names.
    return ['x', 'y'].map(value => ({
      ...file,
      constants: new Map([[field!.id, value]]),
      deletes: [vector(`v-${value}`)],
    }))
  },
  async splitSlice(_, file) {
    return { changed: { ...file, path: `file:///staging/new-${file.recordedPath}`, logFiles: [] } }
  },
  async toVectorFile(given) {
    const { id, bitmap } = given
    const length = bitmap.length
    return { ...given, bitmap: { path: `file:///staging/${id}.bin`, offset: 5, length } }
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

it('leaves out files without rows: where there is no other, the official client cannot tell the columns', async () => {
  const files = await sign({ files: [dataFile('a', { recordCount: 0 }), dataFile('b')] })
  expect(files.map(({ url }) => url)).toEqual([expect.stringContaining('%2Fb')])
  expect(await sign({ files: [dataFile('a', { recordCount: 0 })] })).toEqual([])
})

it('refuses a grant that files of an older spec cannot decide before the first batch', async () => {
  const parts = [{ id: 1000, name: 'id', transform: { kind: 'identity' as const }, sourceIds: [1] }]
  const table: TableOptions = {
    // More than one batch of the stream, and the last file is the one.
    files: Array.from({ length: 80 }, (_, i) =>
      dataFile(`f${i}`, i === 79 ? { specId: 0 } : { specId: 1, partition: [7n] }),
    ),
    more: {
      partitionSpecs: new Map([
        [0, { id: 0, fields: [] }],
        [1, { id: 1, fields: parts }],
      ]),
    },
  }
  const engine = createEngine({ readers: [scriptedReader(table)], signers: [scriptedSigner()] })
  const snapshot = snapshotOf({ location: LOCATION }, table)
  let batches = 0
  const asked = async () => {
    for await (const _ of engine.signedFiles(snapshot, { accepts: PLAIN, grant: eq('id', 7n) }))
      batches++
  }
  await expect(asked()).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
    context: { reason: 'id is not a partition column of every file' },
  })
  expect(batches).toBe(0)
})

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
  const bitmap = vectorBytes([1, 5])
  const store = memoryStore()
  await store.put(`${LOCATION}/dv.bin`, framed(bitmap))
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

/** As both formats store it, behind one byte of something else. */
function framed(bitmap: Uint8Array): Uint8Array {
  const frame = new DataView(new ArrayBuffer(8))
  frame.setUint32(0, bitmap.length)
  frame.setUint32(4, crc32(bitmap))
  const [before, behind] = [0, 4].map(at => new Uint8Array(frame.buffer, at, 4))
  return Uint8Array.of(9, ...before!, ...bitmap, ...behind!, 9)
}

it.each([
  ['another byte', (bytes: Uint8Array) => bytes.fill(77, 20, 21), /checksum/],
  ['another length', (bytes: Uint8Array) => bytes.fill(35, 4, 5), /36 bytes, its header says 35/],
  ['less of it', (bytes: Uint8Array) => bytes.subarray(0, 30), /dv.bin/],
])('refuses an Iceberg vector with %s before the first byte', async (_, damage, message) => {
  const store = memoryStore()
  await store.put(`${LOCATION}/dv.bin`, damage(framed(new Uint8Array(36).fill(3))))
  const table = {
    files: [dataFile('a', { deletes: [vector('dv.bin')] })],
    format: 'iceberg',
    features: ['deletionVectors'],
  } as const
  await expect(sign(table, VECTORS, { store })).rejects.toMatchObject({
    code: 'TABLE_CORRUPT',
    message: expect.stringMatching(message),
  })
})

it.each(['orc', 'avro'] as const)(
  'refuses %s files before the first file, with staging or without',
  async format => {
    // Named as Hive names files, and in a table that has long gone back to Parquet.
    const files = [dataFile('a.parquet'), dataFile('000000_0', { fileFormat: format })]
    const table = { files, format: 'iceberg' } as const
    for (const options of [{}, STAGED]) {
      await expect(sign(table, VECTORS, options)).rejects.toMatchObject({
        code: 'UNSUPPORTED_FEATURE',
        message: `the table holds ${format} files, and only Parquet files are shared`,
      })
    }
  },
)

const NO_STAGING: RowResolver = {
  toDeletionVector: resolver.toDeletionVector,
  splitByValue: resolver.splitByValue,
  splitSlice: async () => undefined,
}
const equality: DataFile['deletes'][number] = {
  kind: 'equality-delete',
  path: `${LOCATION}/e.parquet`,
  fileFormat: 'parquet',
  size: 1,
  fieldIds: [1],
}

it('needs no staging for deletes that become a vector inside the line', async () => {
  const table = {
    files: [dataFile('a', { deletes: [equality] }), dataFile('b')],
    format: 'iceberg',
    features: ['deletionVectors'],
  } as const
  const files = await sign(table, VECTORS, { rowResolver: NO_STAGING })
  expect(files.map(({ vector }) => vector?.vector.id)).toEqual(['v-a', undefined])
  await expect(sign(table, PLAIN, { rowResolver: NO_STAGING })).rejects.toMatchObject({
    message: expect.stringMatching(/^1 file .*readerfeatures=deletionvectors.*staging/),
  })
})

it.each([
  ['metadata tells', { recordCount: 9_000_000 }],
  ['only resolving tells', { recordCount: undefined }],
])('refuses vectors too long for a line before the first file, as far as %s', async (_, given) => {
  let resolved = 0
  const long: RowResolver = {
    ...NO_STAGING,
    async toDeletionVector() {
      resolved++
      const bitmap = new Uint8Array(52_429)
      return { kind: 'deletion-vector', id: 'long', bitmap, cardinality: 1 }
    },
  }
  const accepts = { ...VECTORS, inlineVectorBytes: 52_428 }
  const long_ = dataFile('a', { deletes: [equality], ...given } as never)
  const short = dataFile('short', { deletes: [equality] })
  const table = {
    files: [short, long_],
    format: 'iceberg',
    features: ['deletionVectors'],
  } as const
  await expect(sign(table, accepts, { rowResolver: long })).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
    message: expect.stringMatching(/^1 file .*longer than the 52428 bytes.*staging/),
  })
  // Ten rows make no long vector: nobody resolved the other file to know that.
  expect(resolved).toBe(1)
  const rowResolver = { ...resolver, toDeletionVector: long.toDeletionVector }
  const [stored] = await sign({ ...table, files: [long_] }, accepts, { ...STAGED, rowResolver })
  expect(stored).toMatchObject({
    file: { path: `${LOCATION}/a` },
    vector: { url: `https://signed/${encodeURIComponent('file:///staging/long.bin')}` },
  })
})

it('starts no further rewrite once one has failed, and ends when those under way have', async () => {
  const files = Array.from({ length: 30 }, (_, i) =>
    dataFile(`f${i}`, { deletes: [vector(`v${i}`)] }),
  )
  const started: string[] = []
  let ended = 0
  const failing: RowResolver = {
    ...resolver,
    async toCompleteFile(snapshot, file, signal) {
      started.push(file.recordedPath)
      if (file.recordedPath === 'f1') throw new Error('the disk is full')
      await new Promise(resolve => setTimeout(resolve, 5))
      ended++
      return resolver.toCompleteFile!(snapshot, file, signal)
    },
  }
  await expect(sign({ files }, PLAIN, { ...STAGED, rowResolver: failing })).rejects.toThrow('full')
  expect(started).toEqual(['f0', 'f1', 'f2', 'f3'])
  expect(ended).toBe(3)
})

it('sends a slice with logs as its base less a vector and a small file', async () => {
  const base = dataFile('b', { logFiles: [{ path: `${LOCATION}/log`, size: 1 }] })
  const table = { files: [dataFile('a'), base], format: 'hudi' } as const
  const split: RowResolver = {
    ...resolver,
    async splitByValue(_, file, [field]) {
      // Two values, told apart by their names.
      return ['x', 'y'].map(value => ({
        ...file,
        constants: new Map([[field!.id, value]]),
        deletes: [vector(`v-${value}`)],
      }))
    },
    async splitSlice(_, file) {
      const plain = { ...file, logFiles: [], recordCount: 10 }
      const changed = { ...plain, path: 'file:///staging/new', recordedPath: 'new', size: 5 }
      return {
        base: { file: plain, vector: (await resolver.toDeletionVector(_, file)) as never },
        changed,
      }
    },
  }
  const counts: Record<string, number> = {}
  const observer = {
    count(name: string, value: number) {
      counts[name] = value
    },
  }
  const files = await sign(table, VECTORS, { ...STAGED, rowResolver: split, observer })
  expect(
    files.map(({ file, vector }) => [file.recordedPath, file.size, vector?.vector.id]),
  ).toEqual([
    ['a', 100, undefined],
    ['b', 100, 'v-b'],
    ['new', 5, undefined],
  ])
  expect(counts).toEqual({ 'files.rewritten': 1, 'files.vectors': 1, 'files.signed': 3 })
  const [, whole] = await sign(table, PLAIN, { ...STAGED, rowResolver: split })
  expect(whole).toMatchObject({ file: { path: 'file:///staging/b' } })
})

it('sends nothing of a slice whose every row is gone', async () => {
  const table = {
    files: [dataFile('b', { logFiles: [{ path: `${LOCATION}/log`, size: 1 }] })],
    format: 'hudi',
  } as const
  const none = { ...resolver, splitSlice: async () => ({}) }
  expect(await sign(table, VECTORS, { ...STAGED, rowResolver: none })).toEqual([])
})

describe('log files, before the first file', () => {
  const slice = (name: string) =>
    dataFile(name, { logFiles: [{ path: `${LOCATION}/${name}.log`, size: 1 }] })
  const files = [
    ...Array.from({ length: 300 }, (_, i) => dataFile(`f${i}`)),
    slice('x'),
    slice('y'),
  ]
  const merged = (inspectLogs: NonNullable<Snapshot['inspectLogs']>) =>
    ({ files, format: 'hudi', more: { async *mergedLogs() {}, inspectLogs } }) as const

  it('are refused where their headers tell that they cannot be merged', async () => {
    const table = merged(async ({ recordedPath }) => {
      if (recordedPath === 'x') return { mayAddRows: true }
      throw new TableError('UNSUPPORTED_FEATURE', 'partial updates')
    })
    for (const accepts of [PLAIN, VECTORS]) {
      await expect(sign(table, accepts, STAGED)).rejects.toMatchObject({
        message: 'partial updates',
      })
    }
  })

  it('are refused and counted where they change rows and nothing can be written', async () => {
    const table = merged(async () => ({ mayAddRows: true }))
    const signing = sign(table, VECTORS, { rowResolver: NO_STAGING })
    await expect(signing).rejects.toMatchObject({
      message: expect.stringMatching(/^2 files .*staging/),
      context: { files: 2 },
    })
  })

  it('are no reason to refuse where the files are not granted', async () => {
    const table = merged(async () => {
      throw new TableError('UNSUPPORTED_FEATURE', 'partial updates')
    })
    const engine = createEngine({
      readers: [scriptedReader(table)],
      signers: [scriptedSigner()],
      ...STAGED,
    })
    const snapshot = snapshotOf({ location: LOCATION }, table)
    const grant = { kind: 'alwaysFalse' } as const
    for await (const _ of engine.signedFiles(snapshot, { accepts: VECTORS, grant }))
      throw new Error('granted nothing')
  })
})

it('plans once, however a refusal is looked for', async () => {
  let loads = 0
  const table = {
    files: [dataFile('a'), dataFile('b', { deletes: [equality] })],
    format: 'iceberg',
    features: ['deletionVectors'],
    onLoad: () => void loads++,
  } as const
  expect(await sign(table, VECTORS, { rowResolver: NO_STAGING })).toHaveLength(2)
  expect(loads).toBe(1)
})

it('looks for log files of a Hudi table that does not announce them', async () => {
  const files = [dataFile('a'), dataFile('b', { logFiles: [{ path: `${LOCATION}/log`, size: 1 }] })]
  const signing = sign({ files, format: 'hudi' }, VECTORS)
  await expect(signing).rejects.toMatchObject({ context: { files: 1 } })
})

it('rewrites no single file beside files whose columns the recipient maps', async () => {
  const files = [dataFile('a'), dataFile('b', { logFiles: [{ path: `${LOCATION}/log`, size: 1 }] })]
  const table = { files, format: 'hudi', features: ['columnMapping', 'mergeLogs'] } as const
  const mapping = { features: new Set(['columnMapping']), inlineVectorBytes: 0 }
  await expect(sign(table, mapping, STAGED)).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
})

it.each<[string, Partial<DataFile>]>([
  [
    'position deletes',
    {
      deletes: [{ kind: 'position-delete', path: `${LOCATION}/d`, fileFormat: 'parquet', size: 1 }],
    },
  ],
  ['log files', { logFiles: [{ path: `${LOCATION}/log`, size: 1 }] }],
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

it('refuses or rewrites fixed-length bytes for a reader that refuses them', async () => {
  const type = { kind: 'fixed', length: 4 } as const
  const f = { id: 1, name: 'f', physicalName: 'f', type, nullable: true }
  const table = { files: [dataFile('a')], more: { schema: createSchema([f]) } }
  const refusing = { ...PLAIN, fixedBinary: false }
  await expect(sign(table, refusing)).rejects.toMatchObject({ context: { feature: 'fixedBinary' } })
  const [rewritten] = await sign(table, refusing, STAGED)
  expect(rewritten?.file.path).toBe('file:///staging/a')
  expect((await sign(table))[0]?.file.path).toBe(`${LOCATION}/a`)
})

it('does not sign a file outside the table', async () => {
  const files = [dataFile('file:///etc/passwd')]
  await expect(sign({ files })).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
})

it('does not sign a vector outside the table', async () => {
  const outside = { ...vector('x'), bitmap: { path: 'file:///etc/shadow', offset: 1, length: 1 } }
  const files = [dataFile('a', { deletes: [outside as never] })]
  await expect(sign({ files }, VECTORS)).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
})

it('says so where no signer covers a file', async () => {
  const signers = [scriptedSigner('s3:')]
  await expect(sign({ files: [dataFile('a')] }, PLAIN, { signers })).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
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
    expect(batch).toHaveLength(32)
    break
  }
  expect(signer.batches).toEqual([32])
})

it('signs more at a time while files need nothing but a URL', async () => {
  const signer = scriptedSigner()
  const named = (index: number) =>
    dataFile(`f${index}`, index === 200 ? { deletes: [vector('dv.bin')] } : {})
  const files = Array.from({ length: 600 }, (_, index) => named(index))
  const sent = await sign({ files }, VECTORS, { signers: [signer] })
  expect(sent.map(({ file }) => file.recordedPath)).toEqual(files.map(each => each.recordedPath))
  // The third batch has the vector besides: behind it they begin small again.
  expect(signer.batches).toEqual([32, 128, 129, 32, 128, 128, 24])
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

describe('a file that is listed twice', () => {
  const file = dataFile('a.parquet')
  const deleted = { ...file, deletes: [vector('a.bin')] }

  it('is sent twice, the second time numbered', async () => {
    const table = { format: 'iceberg', files: [file, dataFile('b.parquet'), file] } as const
    const sent = await sign(table)
    expect(sent.map(each => [each.file.recordedPath, each.listing])).toEqual([
      ['a.parquet', undefined],
      ['b.parquet', undefined],
      ['a.parquet', 2],
    ])
    expect(sent[2]!.url).toBe(sent[0]!.url)
  })

  it('is numbered where it is rewritten too', async () => {
    const sent = await sign({ format: 'iceberg', files: [deleted, deleted] }, PLAIN, {
      rowResolver: resolver,
      stagingLocations: ['file:///staging'],
    })
    expect(sent.map(({ listing }) => listing)).toEqual([undefined, 2])
    expect(sent[0]!.file.path).toContain('staging')
  })

  it('is numbered on from the page before', async () => {
    const table = { format: 'iceberg', files: [file, file, file] } as const
    const engine = createEngine({
      readers: [scriptedReader(table)],
      signers: [scriptedSigner()],
      clock: () => 1000,
    })
    const snapshot = snapshotOf({ location: LOCATION }, table)
    const page = { maxFiles: 2, after: { key: 0n, path: 'a.parquet', listings: 1 } }
    const numbers: unknown[] = []
    for await (const batch of engine.signedFiles(snapshot, { accepts: PLAIN, page })) {
      numbers.push(...batch.map(({ listing }) => listing))
    }
    expect(numbers).toEqual([2, 3])
  })
})
