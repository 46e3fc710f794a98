import {
  DEFAULT_BUDGETS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  readValue,
  type Snapshot,
} from '@spillway/core'
import {
  deltaAdd,
  deltaMetadata,
  deltaProtocol,
  deltaRemove,
  deltaVersion,
} from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { LogFileReader } from '../src/actions/read-log.js'
import { allFiles, liveRecords } from './support/all-files.js'
import { failure, ID_AND_DAY, LOCATION, openTable } from './support/open-table.js'

const LOG = `${LOCATION}/_delta_log/`

async function paths(snapshot: Snapshot): Promise<string[]> {
  return (await allFiles(snapshot)).map(file => file.recordedPath).sort()
}

const vector = (pathOrInlineDv: string, cardinality = 1) => ({
  storageType: 'u',
  pathOrInlineDv,
  offset: 1,
  sizeInBytes: 36,
  cardinality,
})
const V1 = vector('ab^-aqEH.-t@S}K{vb[*k^', 2)
const V2 = vector('cd^-aqEH.-t@S}K{vb[*k^', 3)

describe('replaying a log', () => {
  it('says what the table says about itself', async () => {
    const { reader, source, table, clock } = openTable()
    await table.create({ ...ID_AND_DAY, configuration: { 'delta.appendOnly': 'true' } })
    clock.now = 5_000
    await table.commit(deltaAdd('a', { size: 7 }))
    const snapshot = await reader.snapshot(source)
    expect({
      ...snapshot,
      schema: snapshot.schema.fields.map(field => [field.id, field.name, field.type]),
      files: snapshot.files.handles.length,
      deltaActions: Object.keys(snapshot.deltaActions ?? {}),
    }).toEqual({
      format: 'delta',
      source,
      tableId: '00000000-0000-4000-8000-0000000000aa',
      version: 1n,
      timestamp: 5_000,
      schema: [
        [1, 'id', 'long'],
        [2, 'day', 'date'],
      ],
      partitionSpecs: new Map([
        [
          0,
          {
            id: 0,
            fields: [{ id: 1000, sourceIds: [2], name: 'day', transform: { kind: 'identity' } }],
          },
        ],
      ]),
      properties: new Map([['delta.appendOnly', 'true']]),
      features: new Set(),
      native: { format: 'delta' },
      columnMatching: { by: 'name' },
      deletes: 'delta-vectors',
      changeFeed: 'none',
      partitionValues: 'metadata',
      modificationTimes: 'file',
      featuresInUse: new Set(),
      deltaActions: ['protocol', 'metaData'],
      files: 1,
      totals: { files: 1, bytes: 7 },
    })
  })

  it('keeps the documents as they were written, byte for byte', async () => {
    const { reader, source, table } = openTable()
    const protocol = '{ "minReaderVersion" : 1,"minWriterVersion":2 , "x":9007199254740993}'
    const metaData =
      '{"id":"t", "format":{"provider":"parquet"},"schemaString":"{\\"type\\":\\"struct\\",\\"fields\\":[]}","extra":1.10}'
    await table.writeLog(
      `${deltaVersion(0)}.json`,
      `{"protocol":${protocol}}\r\n\r\n{"metaData":${metaData}}\n`,
    )
    const { deltaActions } = await reader.snapshot(source)
    expect(deltaActions).toEqual({ protocol, metaData })
  })

  it('gives files in full, with their raw statistics', async () => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    const stats =
      '{"numRecords":10 ,"minValues":{"id":9007199254740993},"maxValues":{"id":9007199254740995},"nullCount":{"id":1}}'
    await table.commit(
      deltaAdd('day=2024-01-02/a%20b', {
        size: 10,
        modificationTime: 77,
        partitionValues: { day: '2024-01-02' },
        stats,
        deletionVector: V1,
        tags: { ZCUBE: 'x' },
        baseRowId: 40,
      }),
    )
    const [file] = await allFiles(await reader.snapshot(source))
    expect({ ...file, bounds: new Map(file?.bounds) }).toEqual({
      path: `${LOCATION}/day=2024-01-02/a b`,
      recordedPath: 'day=2024-01-02/a%20b',
      fileFormat: 'parquet',
      size: 10,
      modificationTime: 77,
      recordCount: 10,
      specId: 0,
      partition: [19724],
      firstRowId: 40n,
      deletes: [
        {
          kind: 'deletion-vector',
          id: 'uab^-aqEH.-t@S}K{vb[*k^@1',
          bitmap: {
            path: `${LOCATION}/ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin`,
            offset: 5,
            length: 36,
          },
          cardinality: 2,
        },
      ],
      logFiles: [],
      bounds: new Map([[1, { lower: 9007199254740993n, upper: 9007199254740995n, nullCount: 1 }]]),
      delta: {
        partitionValues: new Map([['day', '2024-01-02']]),
        stats,
        tags: new Map([['ZCUBE', 'x']]),
        baseRowId: 40n,
      },
    })
  })

  it.each<[string, readonly object[][], readonly string[]]>([
    ['an add again', [[deltaAdd('a')], [deltaRemove('a')], [deltaAdd('a')]], ['a']],
    ['a remove', [[deltaAdd('a'), deltaAdd('b')], [deltaRemove('a')]], ['b']],
    ['a remove of what was never there', [[deltaAdd('a')], [deltaRemove('b')]], ['a']],
    ['an add twice', [[deltaAdd('a', { size: 1 })], [deltaAdd('a', { size: 2 })]], ['a']],
    [
      'a new vector of one file in one commit, add first',
      [[deltaAdd('a')], [deltaAdd('a', { deletionVector: V1 }), deltaRemove('a')]],
      ['a'],
    ],
    [
      'a vector replaced by another',
      [
        [deltaAdd('a', { deletionVector: V1 })],
        [deltaRemove('a', { deletionVector: V1 }), deltaAdd('a', { deletionVector: V2 })],
      ],
      ['a'],
    ],
    [
      'a remove under another vector, which is another file',
      [[deltaAdd('a', { deletionVector: V1 })], [deltaRemove('a', { deletionVector: V2 })]],
      ['a'],
    ],
    ['a path encoded differently', [[deltaAdd('a%20b')], [deltaRemove('a b')]], []],
    [
      'a path encoded twice, which is another',
      [[deltaAdd('a%2520b')], [deltaRemove('a%20b')]],
      ['a%2520b'],
    ],
    [
      'three spellings of one absolute path',
      [
        [deltaAdd('file:/x/a'), deltaAdd('/x/b')],
        [deltaRemove('file:///x/a'), deltaRemove('/x/b')],
      ],
      [],
    ],
    [
      'an absolute path that names a relative one, which no writer takes for it',
      [[deltaAdd('a')], [deltaRemove(`${LOCATION}/a`)]],
      ['a'],
    ],
    [
      'unknown actions and fields',
      [[deltaAdd('a'), { teleport: { path: 'a' } }, { txn: { appId: 'x', version: 1 } }]],
      ['a'],
    ],
    ['nulls for absent actions', [[{ add: null, remove: null, ...deltaAdd('a') }]], ['a']],
  ])('%s', async (_, commits, live) => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    for (const actions of commits) await table.commit(...(actions as never[]))
    expect(await paths(await reader.snapshot(source))).toEqual(live)
  })

  it('subtracts vectors from record counts', async () => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(
      deltaAdd('a', { stats: { numRecords: 10 }, deletionVector: V1 }),
      deltaAdd('b', { stats: { numRecords: 5 } }),
    )
    const snapshot = await reader.snapshot(source)
    expect([await liveRecords(snapshot), [...snapshot.features]]).toEqual([13, ['deletionVectors']])
  })

  it('takes the last protocol and metaData', async () => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(
      deltaMetadata({ fields: [{ name: 'x', type: 'string' }] }),
      deltaProtocol(['timestampNtz']),
    )
    const snapshot = await reader.snapshot(source)
    expect([snapshot.schema.fields.map(field => field.name), [...snapshot.features]]).toEqual([
      ['x'],
      ['timestampNtz'],
    ])
  })

  it('reads a JSON checkpoint of version 2, and commits after it over it', async () => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(deltaAdd('a'))
    await table.checkpoint([
      deltaProtocol(),
      deltaMetadata(ID_AND_DAY),
      deltaAdd('a'),
      deltaAdd('b'),
      deltaRemove('z'),
    ])
    await table.commit(deltaRemove('a'), deltaAdd('c'))
    expect(await paths(await reader.snapshot(source))).toEqual(['b', 'c'])
  })

  it('reads long commits in ranges, actions across their borders included', async () => {
    const { store, table } = openTable()
    await table.create(ID_AND_DAY)
    const adds = Array.from({ length: 200 }, (_, i) =>
      deltaAdd(`file-${i}`, { stats: { numRecords: i } }),
    )
    await table.commit(...adds)
    const file = (await store.head(`${LOG}${deltaVersion(1)}.json`))!
    for (const chunkBytes of [100, 333, 4096]) {
      const read: string[] = []
      const sink = {
        file: (action: { path: Uint8Array }) => read.push(new TextDecoder().decode(action.path)),
      }
      await new LogFileReader(store, { chunkBytes }).read(file, {
        file: action => void sink.file(action),
      })
      expect(read).toEqual(adds.map((_, i) => `file-${i}`))
    }
  })
})

describe('a log that cannot be read', () => {
  it.each<
    [string, (table: ReturnType<typeof openTable>['table']) => Promise<unknown>, string, RegExp]
  >([
    ['an empty folder', async () => undefined, 'NOT_FOUND', /no Delta table/],
    [
      'no protocol',
      table => table.commit(deltaMetadata(ID_AND_DAY)),
      'TABLE_CORRUPT',
      /version 0 has no protocol/,
    ],
    [
      'no metaData',
      table => table.commit(deltaProtocol()),
      'TABLE_CORRUPT',
      /version 0 has no metaData/,
    ],
    [
      'a torn last commit',
      async table => {
        await table.create(ID_AND_DAY)
        const text = JSON.stringify(deltaAdd('a'))
        await table.writeLog(`${deltaVersion(1)}.json`, `${text}\n${text.slice(0, 30)}`)
      },
      'TABLE_CORRUPT',
      /line 2 .* ends in the middle/,
    ],
    [
      'a commit that is not JSON',
      async table => {
        await table.create(ID_AND_DAY)
        await table.writeLog(`${deltaVersion(1)}.json`, 'PAR1')
      },
      'TABLE_CORRUPT',
      /line 1 of a log file is not JSON/,
    ],
    [
      'a gap',
      async table => {
        await table.create(ID_AND_DAY)
        await table.writeLog(`${deltaVersion(2)}.json`, '')
      },
      'TABLE_CORRUPT',
      /commit 1 is missing/,
    ],
    [
      'an add without a size',
      async table => {
        await table.create(ID_AND_DAY)
        await table.commit({ add: { path: 'a', partitionValues: {} } })
      },
      'TABLE_CORRUPT',
      /has no size/,
    ],
    [
      'an add without a path',
      async table => {
        await table.create(ID_AND_DAY)
        await table.commit({ add: { size: 1 } })
      },
      'TABLE_CORRUPT',
      /without a path/,
    ],
    [
      'two file actions in one',
      async table => {
        await table.create(ID_AND_DAY)
        await table.commit({ ...deltaAdd('a'), ...deltaRemove('b') })
      },
      'TABLE_CORRUPT',
      /two file actions/,
    ],
    [
      'an unknown reader feature',
      table => table.create({ ...ID_AND_DAY, readerFeatures: ['teleportation'] }),
      'UNSUPPORTED_FEATURE',
      /teleportation/,
    ],
    [
      'data that is not Parquet',
      table =>
        table.commit(deltaProtocol(), {
          metaData: { id: 'x', format: { provider: 'orc' }, schemaString: '{}' },
        }),
      'UNSUPPORTED_FEATURE',
      /orc/,
    ],
    [
      'a partition column that is not in the schema',
      table => table.create({ ...ID_AND_DAY, partitionColumns: ['nowhere'] }),
      'TABLE_CORRUPT',
      /nowhere/,
    ],
  ])('%s', async (_, prepare, code, message) => {
    const { reader, source, table } = openTable()
    await prepare(table)
    const failed = await failure(reader.snapshot(source))
    expect([failed.code, failed.message]).toEqual([code, expect.stringMatching(message)])
  })

  it('refuses a metadata action that damage ran together with a file, though a later one replaced it', async () => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    const merged = '{"metaData":{"id":"x","format""{\\"numRecords\\": 1}"}}'
    await table.writeLog(`${deltaVersion(1)}.json`, merged)
    await table.writeLog(`${deltaVersion(2)}.json`, JSON.stringify(deltaMetadata(ID_AND_DAY)))
    const failed = await failure(reader.snapshot(source).then(allFiles))
    expect([failed.code, failed.message]).toEqual([
      'TABLE_CORRUPT',
      expect.stringMatching(/not JSON/),
    ])
  })

  it('refuses an endless line after reading a part of it', async () => {
    const { store } = openTable()
    let asked = 0
    const endless = {
      ...store,
      budgets: { ...DEFAULT_BUDGETS, lineBytes: 1 << 20 },
      get: async (
        path: string,
        options?: { range?: { start: number; end: number } | { suffix: number } },
      ) => {
        const range = options?.range as { start: number; end: number }
        asked += range.end - range.start
        const bytes = new Uint8Array(range.end - range.start).fill(0x61)
        if (range.start === 0) bytes.set(new TextEncoder().encode('{"add":{"path":"'))
        return { bytes, meta: { path, size: 3e9, lastModified: 0 } }
      },
    }
    const reader = new LogFileReader(endless, { chunkBytes: 1 << 18 })
    const file = { path: `${LOG}x.json`, size: 3e9, lastModified: 0 }
    const failed = await failure(reader.read(file, { file: () => undefined }))
    expect([failed.code, failed.message]).toEqual([
      'UNSUPPORTED_FEATURE',
      `the action on line 1 of ${5 << 18} bytes: at most 1048576 are read; limits.lineBytes raises that (${LOG}x.json)`,
    ])
    expect(asked).toBeLessThan(2 << 20)
  })

  it.each([
    [{ kind: 'version', version: 9n } as const, /the latest version is 0/],
    [{ kind: 'version', version: -1n } as const, /latest version is 0/],
    [{ kind: 'branch', name: 'main' } as const, /no branches or tags/],
    [{ kind: 'snapshotId', id: 1n } as const, /no snapshot ids/],
  ])('has nothing at %o', async (at, message) => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    const failed = await failure(reader.snapshot(source, { at }))
    expect([failed.code, failed.message]).toEqual([
      'INVALID_REQUEST',
      expect.stringMatching(message),
    ])
  })

  it('is no Delta table where there is no log', async () => {
    const { reader, source, table } = openTable()
    const before = await reader.detect(source)
    await table.create(ID_AND_DAY)
    expect([before, await reader.detect(source)]).toEqual([false, true])
  })
})

describe('statistics through a snapshot', () => {
  it('follows names, not numbers, when the schema changes between snapshots', async () => {
    const { reader, source, table } = openTable()
    const long = (name: string) => ({ name, type: 'long' })
    await table.create({ fields: [long('a'), long('b')] })
    await table.commit(
      deltaAdd('f', {
        stats: { numRecords: 1, minValues: { a: 1, b: 2 }, maxValues: { a: 1, b: 2 } },
      }),
    )
    const first = await reader.snapshot(source)
    expect(await lowerBounds(first)).toEqual({ a: 1n, b: 2n })
    await table.commit(deltaMetadata({ fields: [long('new'), long('b'), long('a')] }))
    const second = await reader.snapshot(source, { previous: first })
    expect(await lowerBounds(second)).toEqual({ new: undefined, b: 2n, a: 1n })
    expect(await lowerBounds(first)).toEqual({ a: 1n, b: 2n })
  })

  it('reads a widened column at its new type', async () => {
    const { reader, source, table } = openTable()
    await table.create({ fields: [{ name: 'a', type: 'integer' }] })
    await table.commit(
      deltaAdd('f', { stats: { numRecords: 1, minValues: { a: 1 }, maxValues: { a: 1 } } }),
    )
    const first = await reader.snapshot(source)
    expect(await lowerBounds(first)).toEqual({ a: 1 })
    await table.commit(deltaMetadata({ fields: [{ name: 'a', type: 'long' }] }))
    expect(await lowerBounds(await reader.snapshot(source, { previous: first }))).toEqual({ a: 1n })
  })

  it('finds statistics and partitions under physical names', async () => {
    const { reader, source, table } = openTable()
    const mapped = (name: string, id: number, type = 'long') => ({
      name,
      type,
      metadata: { 'delta.columnMapping.id': id, 'delta.columnMapping.physicalName': `col-${id}` },
    })
    await table.create({
      fields: [mapped('a', 4), mapped('p', 9, 'string')],
      partitionColumns: ['p'],
      readerFeatures: ['columnMapping'],
      configuration: { 'delta.columnMapping.mode': 'name' },
    })
    await table.commit(
      deltaAdd('f', {
        partitionValues: { 'col-9': 'x' },
        stats: { numRecords: 1, minValues: { 'col-4': 5 }, maxValues: { 'col-4': 5 } },
      }),
    )
    const snapshot = await reader.snapshot(source)
    const [file] = await allFiles(snapshot)
    expect([await lowerBounds(snapshot), file?.partition, [...snapshot.features]]).toEqual([
      { a: 5n, p: 'x' },
      ['x'],
      ['columnMapping'],
    ])
  })

  it('proves nothing by the spelling of a partition that is padded', async () => {
    const { reader, source, table } = openTable()
    await table.create({
      fields: [{ name: 'p', type: 'string', metadata: { __CHAR_VARCHAR_TYPE_STRING: 'char(5)' } }],
      partitionColumns: ['p'],
    })
    await table.commit(deltaAdd('f', { partitionValues: { p: 'a' } }))
    const { batch } = await (await reader.snapshot(source)).files.handles[0]!.load()
    expect(batch.stats.columns.get(1)).toEqual([{ holds: Uint8Array.of(HOLDS_VALUES) }])
  })

  it('knows that a VOID column holds nulls and nothing else', async () => {
    const { reader, source, table } = openTable()
    await table.create({ fields: [{ name: 'v', type: 'void' }] })
    await table.commit(deltaAdd('f'))
    const snapshot = await reader.snapshot(source)
    const { batch, live } = await snapshot.files.handles[0]!.load()
    const path = snapshot.schema.find(['v'])!
    const stats = await batch.readStats([path], live)
    expect(stats.columns.get(path[0].id)?.[0]?.holds).toEqual(Uint8Array.of(HOLDS_NULLS))
  })
})

/** The lower bound of each column of a table of one file. */
async function lowerBounds(snapshot: Snapshot): Promise<Record<string, unknown>> {
  const { batch, live } = await snapshot.files.handles[0]!.load()
  const fields = snapshot.schema.fields
  const stats = await batch.readStats(
    fields.map(field => [field] as const),
    live,
  )
  return Object.fromEntries(
    fields.map(({ id, name, type }) => {
      const lower = stats.columns.get(id)?.[0]?.lower
      return [name, (lower && readValue(lower, live[0]!, type)) ?? undefined]
    }),
  )
}
