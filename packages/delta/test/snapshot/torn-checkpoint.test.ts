import type { SnapshotRef, WritableStore } from '@spillway/core'
import {
  deltaAdd,
  deltaMetadata,
  deltaProtocol,
  deltaRemove,
  deltaVersion,
} from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { allFiles } from '../support/all-files.js'
import { goldenLog } from '../support/golden-log.js'
import {
  counted,
  failure,
  ID_AND_DAY,
  LOCATION,
  openTable,
  readerOf,
} from '../support/open-table.js'

const LOG = `${LOCATION}/_delta_log/`
const utf8 = new TextEncoder()

/** The log of a golden table in memory, and the names of what its checkpoint is made of. */
async function logOf(name: string) {
  const { store } = openTable()
  const names: string[] = []
  for (const [path, bytes] of goldenLog(name)) {
    await store.put(path, bytes)
    const file = path.slice(path.lastIndexOf('/') + 1)
    if (/checkpoint\.|^[0-9a-f-]{36}/.test(file)) names.push(file)
  }
  return { store, names: names.sort() }
}

type Tear = (bytes: Uint8Array) => Uint8Array

const TEARS: Readonly<Record<string, Tear>> = {
  truncated: bytes => bytes.slice(0, bytes.length >> 1),
  'short of its last byte': bytes => bytes.slice(0, -1),
  garbage: bytes => bytes.map((_, i) => (i * 37) & 0xff),
  'garbage between its magic': bytes =>
    bytes.map((byte, i) => (i < 4 || i >= bytes.length - 8 ? byte : (i * 37) & 0xff)),
  empty: () => new Uint8Array(0),
}

async function tear(store: WritableStore, name: string, how: Tear): Promise<void> {
  for await (const { path } of store.list(LOG)) {
    if (!path.endsWith(name)) continue
    const found = await store.get(path)
    await store.put(path, how(found!.bytes))
  }
}

async function filesOf(store: WritableStore, at: SnapshotRef = { kind: 'latest' }) {
  const { reader, source } = readerOf(store)
  const snapshot = await reader.snapshot(source, { at })
  const files = await allFiles(snapshot)
  return [
    snapshot.version,
    files.map(file => [file.recordedPath, file.partition, file.size]).sort(),
  ]
}

const TABLES = [
  'checkpoint-classic',
  'checkpoint-multipart',
  'checkpoint-v2-json',
  'checkpoint-v2-parquet',
]

describe.each(TABLES)('a torn checkpoint of %s', name => {
  it.each(Object.entries(TEARS))('is passed over where it is %s', async (_, how) => {
    const whole = await logOf(name)
    const latest = await filesOf(whole.store)
    const [version] = latest as [bigint]
    for (const torn of whole.names) {
      const { store } = await logOf(name)
      await tear(store, torn, how)
      expect(await filesOf(store)).toEqual(latest)
      expect(await filesOf(store, { kind: 'version', version })).toEqual(latest)
      expect(await filesOf(store, { kind: 'version', version: 1n })).toEqual(
        await filesOf(whole.store, { kind: 'version', version: 1n }),
      )
    }
  })

  it('is why the table cannot be read once its commits are gone', async () => {
    const { store, names } = await logOf(name)
    await store.delete(`${LOG}${deltaVersion(0)}.json`)
    for (const torn of names) await tear(store, torn, TEARS.truncated!)
    const { reader, source } = readerOf(store)
    expect((await failure(reader.snapshot(source))).code).toBe('TABLE_CORRUPT')
  })
})

describe('a checkpoint that cannot be read', () => {
  const missing = [
    deltaProtocol(),
    deltaMetadata(ID_AND_DAY),
    { sidecar: { path: 'gone.parquet', sizeInBytes: 9, modificationTime: 1 } },
  ]

  async function withOlder() {
    const opened = openTable()
    await opened.table.create(ID_AND_DAY)
    await opened.table.commit(deltaAdd('a'))
    await opened.table.checkpoint([deltaProtocol(), deltaMetadata(ID_AND_DAY), deltaAdd('a')])
    await opened.table.commit(deltaAdd('b'))
    await opened.store.delete(`${LOG}${deltaVersion(0)}.json`)
    return opened
  }

  it('gives way to an older one and the commits since, also for the versions after it', async () => {
    const opened = await withOlder()
    await opened.table.checkpoint(missing)
    await opened.table.commit(deltaAdd('c'), deltaRemove('a'))
    expect(await filesOf(opened.store)).toEqual([
      3n,
      [
        ['b', [null], 100],
        ['c', [null], 100],
      ],
    ])
    expect(await filesOf(opened.store, { kind: 'version', version: 2n })).toEqual([
      2n,
      [
        ['a', [null], 100],
        ['b', [null], 100],
      ],
    ])
    const time = { kind: 'timestamp', timestamp: 2e15, direction: 'before' } as const
    expect((await filesOf(opened.store, time))[0]).toBe(3n)
  })

  it('is not opened again by the refreshes that follow', async () => {
    const opened = await withOlder()
    const { store, calls } = counted(opened.store)
    const { reader, source } = readerOf(store)
    const cold = await reader.snapshot(source)
    await opened.table.checkpoint(missing)
    const known = await readerOf(store).reader.snapshot(source)
    const previous = await reader.snapshot(source, { previous: cold })
    await opened.table.commit(deltaAdd('c'))
    calls.length = 0
    const next = await reader.snapshot(source, { previous })
    expect([known.version, next.version]).toEqual([2n, 3n])
    expect(calls).toEqual(['list from 00000000000000000002.', 'get 00000000000000000003.json'])
  })

  it('is named, with what is wrong with it, where nothing else makes the version', async () => {
    const { reader, source, table, store } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(deltaAdd('a'))
    await table.writeLog(`${deltaVersion(1)}.checkpoint.parquet`, 'no Parquet, of some length')
    await store.delete(`${LOG}${deltaVersion(0)}.json`)
    expect(await failure(reader.snapshot(source))).toEqual({
      code: 'TABLE_CORRUPT',
      message: expect.stringMatching(/checkpoint.parquet.*PAR1/),
    })
  })

  it('without protocol and metadata is one', async () => {
    const { store, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(deltaAdd('a'))
    await table.checkpoint([deltaAdd('a')])
    expect((await filesOf(store))[0]).toBe(1n)
  })

  it('hides no store that fails', async () => {
    const { store, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.checkpoint([deltaProtocol(), deltaMetadata(ID_AND_DAY)])
    const failing: WritableStore = {
      ...store,
      get: async (path, options) => {
        if (path.includes('.checkpoint.')) throw new Error('the network is down')
        return store.get(path, options)
      },
      head: store.head,
      list: store.list,
      listPrefixes: store.listPrefixes,
      put: store.put,
      delete: store.delete,
    }
    const { reader, source } = readerOf(failing)
    expect((await failure(reader.snapshot(source))).message).toBe('the network is down')
  })
})

describe('_last_checkpoint', () => {
  it.each([
    ['{"version":'],
    ['{"version":-1,"size":3}'],
    ['{"version":"2"}'],
    ['{"version":900000,"size":3}'],
    ['{"version":9007199254740993,"size":3}'],
    ['{"version":1,"size":3,"checksum":"0"}'],
    ['[]'],
    [''],
    ['\u0000\u0001\u0002'],
  ])('is a hint: %j means that the log is listed', async text => {
    const { store, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(deltaAdd('a'))
    await table.checkpoint([deltaProtocol(), deltaMetadata(ID_AND_DAY), deltaAdd('a')])
    await store.put(`${LOG}_last_checkpoint`, utf8.encode(text))
    expect(await filesOf(store)).toEqual([1n, [['a', [null], 100]]])
  })

  it('that names a checkpoint which is gone leads past a later one to what is there', async () => {
    const { store, table } = openTable()
    await table.create(ID_AND_DAY)
    const checkpoint = () => table.checkpoint([deltaProtocol(), deltaMetadata(ID_AND_DAY)])
    for (let version = 1; version <= 130; version++) {
      await table.commit(deltaRemove(`f${version}`))
      if (version === 130) await checkpoint()
    }
    await store.put(`${LOG}_last_checkpoint`, utf8.encode('{"version":110,"size":2}'))
    expect(await filesOf(store, { kind: 'version', version: 120n })).toEqual([120n, []])
  })
})
