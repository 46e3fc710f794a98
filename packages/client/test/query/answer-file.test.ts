import { afterEach, describe, expect, it } from 'vitest'
import { type AnswerFile, createSharingClient, parseTableName } from '../../src/index.js'
import { startServer, type TestServer } from '../support/server.js'

let server: TestServer
afterEach(() => server.close())

const table = parseTableName('lake.sales.orders')

/** Column `day` is called `col-1` by the files, and `place.city` is `col-2.col-3`; `a` and `b` have changed names. */
const SCHEMA = {
  type: 'struct',
  fields: [
    column('day', 'date', 'col-1'),
    column('place', { type: 'struct', fields: [column('city', 'string', 'col-3')] }, 'col-2'),
    column('a', 'long', 'b'),
    column('b', 'integer', 'a'),
    column('price', 'decimal(30,2)', 'col-4'),
    column('ratio', 'double', 'col-5'),
  ],
}

function column(name: string, type: unknown, physical: string) {
  const metadata = { 'delta.columnMapping.physicalName': physical, 'delta.columnMapping.id': 1 }
  return { name, type, nullable: true, metadata }
}

const PROTOCOL = { deltaProtocol: { minReaderVersion: 2, minWriterVersion: 5 } }

function metaData(members: object = {}) {
  const schemaString = JSON.stringify(SCHEMA)
  return {
    deltaMetadata: { id: 'm', schemaString, partitionColumns: ['day', 'a', 'b'], ...members },
  }
}

function add(members: object, name = 'add') {
  const single = { path: 'https://h/f?sig=1', size: 573, partitionValues: VALUES, ...members }
  return { file: { id: 'f', deltaSingleAction: { [name]: single } } }
}

const VALUES = { 'col-1': '2026-01-03', b: '7', a: '8' }

async function serve(lines: readonly (object | string)[], headers = {}): Promise<void> {
  server = await startServer((_request, response) => {
    const text = lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line)))
    response.writeHead(200, { 'delta-table-version': '3', ...headers }).end(text.join('\n'))
  })
}

function client() {
  const profile = { shareCredentialsVersion: 1, endpoint: server.url, bearerToken: 't' } as const
  return createSharingClient(profile, { retry: { retries: 0 } })
}

async function filesOf(lines: readonly (object | string)[]): Promise<AnswerFile[]> {
  await serve(lines)
  return collect((await client().query(table)).files())
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function fileOf(line: object | string): Promise<AnswerFile> {
  const [file] = await filesOf([{ protocol: PROTOCOL }, { metaData: metaData() }, line])
  return file!
}

describe('files of an answer', () => {
  it('are the same in both formats', async () => {
    const stats = '{"numRecords":10,"minValues":{"id":1}}'
    const fields = [
      { name: 'id', type: 'long' },
      { name: 'day', type: 'date' },
    ]
    const facts = { id: 'm', schemaString: JSON.stringify({ fields }), partitionColumns: ['day'] }
    const named = { id: 'f', version: 3, timestamp: 5, expirationTimestamp: 9 }
    const known = { partitionValues: { day: '2026-01-03' }, size: 573, stats }
    const parquet = await filesOf([
      { protocol: { minReaderVersion: 1 } },
      { metaData: facts },
      { file: { url: 'https://h/f', ...named, ...known } },
    ])
    await server.close()
    const delta = await filesOf([
      { protocol: { deltaProtocol: { minReaderVersion: 1 } } },
      { metaData: { deltaMetadata: facts } },
      { file: { ...named, deltaSingleAction: { add: { path: 'https://h/f', ...known } } } },
    ])
    expect(delta).toEqual(parquet)
    expect(delta).toEqual([
      {
        change: 'add',
        id: 'f',
        url: 'https://h/f',
        size: 573,
        expiresAt: 9,
        version: 3n,
        timestamp: 5,
        partitionValues: { day: '2026-01-03' },
        statistics: {
          numRecords: 10,
          tightBounds: false,
          minValues: { id: 1n },
          maxValues: {},
          nullCount: {},
        },
        rowCount: 10,
        deletionVector: undefined,
      },
    ])
  })

  it('have partition values by the names that the table has now, also where two names were exchanged', async () => {
    const { partitionValues } = await fileOf(add({}))
    expect(partitionValues).toEqual({ day: '2026-01-03', a: '7', b: '8' })
  })

  it.each([
    ['null', { 'col-1': null, a: '8', b: '7' }],
    ['an empty text', { 'col-1': '', a: '8', b: '7' }],
    ['a folder’s name for null', { 'col-1': '__HIVE_DEFAULT_PARTITION__', a: '8', b: '7' }],
    ['nothing', { a: '8', b: '7' }],
  ])('have null where the wire has %s', async (_name, partitionValues) => {
    const file = await fileOf(add({ partitionValues }))
    expect(file.partitionValues).toEqual({ day: null, a: '7', b: '8' })
  })

  it('are read where a server spells partition values by the table’s names in delta format', async () => {
    const schemaString = JSON.stringify({ fields: [column('day', 'date', 'col-1')] })
    const [file] = await filesOf([
      { protocol: PROTOCOL },
      { metaData: metaData({ schemaString, partitionColumns: ['day'] }) },
      add({ partitionValues: { day: '2026-01-03' } }),
    ])
    expect(file!.partitionValues).toEqual({ day: '2026-01-03' })
  })

  it('keep a column whose name objects have of their own', async () => {
    const fields = ['__proto__', 'constructor'].map(name => ({ name, type: 'string' }))
    const [file] = await filesOf([
      { protocol: { deltaProtocol: { minReaderVersion: 1 } } },
      {
        metaData: metaData({
          schemaString: JSON.stringify({ fields }),
          partitionColumns: ['__proto__', 'constructor'],
        }),
      },
      '{"file":{"id":"f","deltaSingleAction":{"add":{"path":"https://h/f","size":1,"partitionValues":{"__proto__":"x"}}}}}',
    ])
    expect(Object.entries(file!.partitionValues)).toEqual([
      ['__proto__', 'x'],
      ['constructor', null],
    ])
  })

  it('have statistics by the table’s names and types, without a digit lost', async () => {
    const stats =
      '{"numRecords":3,"tightBounds":true,' +
      '"minValues":{"col-2":{"col-3":"Bern"},"b":9007199254740993,"a":4,"col-4":12345678901234567890123.4,"col-5":0.1},' +
      '"maxValues":{"col-2":{"col-3":"Zug"},"b":9007199254740993,"a":"nine","col-4":12345678901234567890123.45,"col-5":"Infinity"},' +
      '"nullCount":{"col-2":{"col-3":1},"b":0,"a":-1}}'
    const { statistics } = await fileOf(add({ stats }))
    expect(statistics).toEqual({
      numRecords: 3,
      tightBounds: true,
      minValues: {
        place: { city: 'Bern' },
        a: 9007199254740993n,
        b: 4,
        price: '12345678901234567890123.40',
        ratio: 0.1,
      },
      maxValues: {
        place: { city: 'Zug' },
        a: 9007199254740993n,
        price: '12345678901234567890123.45',
        ratio: Number.POSITIVE_INFINITY,
      },
      nullCount: { place: { city: 1 }, a: 0 },
    })
  })

  it.each([[undefined], ['{"numRecords":'], ['[]'], ['{"numRecords":"many"}']])(
    'have no row count where statistics are %s',
    async stats => {
      const { rowCount } = await fileOf(add({ stats }))
      expect(rowCount).toBeUndefined()
    },
  )

  it('have deletion vectors by URL, and count the rows that are left', async () => {
    const file = await fileOf({
      file: {
        id: 'f',
        deletionVectorFileId: 'v',
        deltaSingleAction: {
          add: {
            path: 'https://h/f',
            size: 573,
            partitionValues: VALUES,
            stats: '{"numRecords":10}',
            deletionVector: {
              storageType: 'p',
              pathOrInlineDv: 'https://h/v?sig=1',
              offset: 1,
              sizeInBytes: 36,
              cardinality: 2,
            },
          },
        },
      },
    })
    expect([file.rowCount, file.deletionVector]).toEqual([
      8,
      {
        kind: 'url',
        id: 'v',
        url: 'https://h/v?sig=1',
        offset: 1,
        sizeInBytes: 36,
        cardinality: 2,
      },
    ])
  })

  it('have the bytes of a vector that is in the line, without what fills its last word', async () => {
    // "HelloWorld" is the text of 8 bytes in the specification of Z85.
    const deletionVector = { storageType: 'i', pathOrInlineDv: 'HelloWorld' }
    const file = await fileOf(
      add({ deletionVector: { ...deletionVector, sizeInBytes: 6, cardinality: 1 } }),
    )
    expect(file.deletionVector).toEqual({
      kind: 'inline',
      bytes: Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59),
      sizeInBytes: 6,
      cardinality: 1,
    })
  })

  it.each([
    ['a size that is left out', { size: undefined }],
    ['a negative size', { size: -1 }],
    ['a vector beside the log', { deletionVector: vector('u', 'ab^-aqEH.-t@S}K{vb[*k^') }],
    ['a vector that is no text of its kind', { deletionVector: vector('i', 'Hello"orld') }],
    ['a vector shorter than it says', { deletionVector: vector('i', 'Hello') }],
  ])('are refused with %s', async (_name, members) => {
    await expect(fileOf(add(members))).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })

  it('are what versions added, removed and changed, by the names of each version', async () => {
    const before = { fields: [{ ...column('old', 'date', 'col-1') }] }
    const schemaString = JSON.stringify(before)
    const later = JSON.stringify({ fields: [column('day', 'date', 'col-1')] })
    const single = { partitionValues: { 'col-1': '2026-01-03' } }
    await serve([
      { protocol: PROTOCOL },
      { metaData: metaData({ schemaString, partitionColumns: ['old'] }) },
      add(single),
      { metaData: metaData({ schemaString: later, partitionColumns: ['day'] }) },
      add(single, 'remove'),
      add(single, 'cdc'),
    ])
    const answer = await client().query(table, { startingVersion: 0n })
    const files = await collect(answer.files())
    expect(files.map(({ change, partitionValues }) => [change, partitionValues])).toEqual([
      ['add', { old: '2026-01-03' }],
      ['remove', { day: '2026-01-03' }],
      ['cdf', { day: '2026-01-03' }],
    ])
  })

  it('are read once, as files or as lines', async () => {
    await serve([{ protocol: PROTOCOL }, { metaData: metaData() }, add({})])
    const answer = await client().query(table)
    for await (const file of answer.files()) expect(file.id).toBe('f')
    const again = collect(answer.files())
    await expect(again).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('end with an error where the answer breaks off, and let go of it when the loop is left', async () => {
    const promised = {
      'delta-sharing-capabilities': 'responseformat=delta;includeendstreamaction=true',
    }
    await serve([{ protocol: PROTOCOL }, { metaData: metaData() }, add({})], promised)
    const answer = await client().query(table)
    const all = collect(answer.files())
    await expect(all).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    for await (const _ of (await client().query(table)).files()) break
    await expect.poll(() => server.waiting()).toBe(0)
  })
})

function vector(storageType: string, pathOrInlineDv: string) {
  return { storageType, pathOrInlineDv, sizeInBytes: 8, cardinality: 1 }
}
