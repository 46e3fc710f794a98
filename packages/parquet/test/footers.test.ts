import {
  and,
  type BatchCache,
  eq,
  type Field,
  gtEq,
  type ObjectStore,
  type Predicate,
  type Snapshot,
} from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { keepingCache, parquetFooterFile, parquetPlain } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { planScan } from '../../planner/src/index.js'
import { parquetTableReader } from '../src/index.js'

const LOCATION = 's3://bucket/events'
const ID: Field = { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true }

/** A file of one column whose ids begin with `from`. */
function idFile(from: number): Uint8Array {
  const bound = (id: number) => parquetPlain(BigInt(id), 'long')
  const stats = { nullCount: 0, min: bound(from), max: bound(from + 9) }
  return parquetFooterFile([ID], [{ rowCount: 10, columns: new Map([[1, stats]]) }])
}

/** Names of the files that are read, in order, and how many bytes each time. */
function recorded(store: ObjectStore) {
  const reads: string[] = []
  let bytes = 0
  const recording: ObjectStore = {
    ...store,
    async get(path, options) {
      reads.push(path.slice(LOCATION.length + 1))
      const found = await store.get(path, options)
      bytes += found?.bytes.length ?? 0
      return found
    },
  }
  return { store: recording, reads, bytes: () => bytes }
}

const forgetting: BatchCache = { get: (_, load) => load(new AbortController().signal) }

function folder(files: Readonly<Record<string, Uint8Array>>) {
  const store = memoryStore()
  const put = (name: string, bytes: Uint8Array) => store.put(`${LOCATION}/${name}`, bytes)
  return {
    store,
    put,
    ready: Promise.all(Object.entries(files).map(([name, each]) => put(name, each))),
  }
}

const DAYS = {
  'day=1/a.parquet': idFile(0),
  'day=1/b.parquet': idFile(10),
  'day=2/c.parquet': idFile(20),
}

async function open(cache: BatchCache) {
  const { store, put, ready } = folder(DAYS)
  await ready
  const { store: recording, reads, bytes } = recorded(store)
  const reader = parquetTableReader({ store: recording, cache })
  const snapshot = await reader.snapshot({ location: LOCATION })
  return { reader, snapshot, reads, bytes, put }
}

async function kept(snapshot: Snapshot, predicate: Predicate): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { files, selection } of planScan(snapshot, { predicate })) {
    for (const { recordedPath } of await files.files(selection)) found.push(recordedPath)
  }
  return found
}

it('reads each footer once, whatever is asked after', async () => {
  const { snapshot, reads } = await open(keepingCache())
  expect(reads.sort()).toEqual(Object.keys(DAYS))
  expect(await kept(snapshot, gtEq('id', 10))).toEqual(['day=1/b.parquet', 'day=2/c.parquet'])
  expect(await kept(snapshot, eq('day', 2))).toEqual(['day=2/c.parquet'])
  expect(reads).toHaveLength(3)
})

it('reads only the footers of files that are new', async () => {
  const { reader, snapshot, reads, put } = await open(keepingCache())
  await put('day=2/d.parquet', idFile(30))
  reads.length = 0
  const next = await reader.snapshot({ location: LOCATION }, { previous: snapshot })
  expect(reads).toEqual(['day=2/d.parquet'])
  expect(next.totals?.files).toBe(4)
})

it('reads again the footers that the cache let go, of the files that folders leave over', async () => {
  const { snapshot, reads } = await open(forgetting)
  reads.length = 0
  const predicate = and(eq('day', 2), gtEq('id', 0))
  expect(await kept(snapshot, predicate)).toEqual(['day=2/c.parquet'])
  expect(reads).toEqual(['day=2/c.parquet'])
  reads.length = 0
  expect(await kept(snapshot, eq('day', 1))).toHaveLength(2)
  expect(reads).toEqual([])
})

it('asks for about as much of a file as the footers before it were long', async () => {
  const many = Array.from({ length: 200 }, (_, i) => {
    const bytes = new Uint8Array(100_000 + idFile(i).length)
    bytes.set(idFile(i), 100_000)
    return [`${String(i).padStart(3, '0')}.parquet`, bytes] as const
  })
  const { store, ready } = folder(Object.fromEntries(many))
  await ready
  const { store: recording, bytes } = recorded(store)
  const reader = parquetTableReader({ store: recording, cache: keepingCache() })
  expect((await reader.snapshot({ location: LOCATION })).totals?.files).toBe(200)
  // The first reads of 32 at a time are of 64 KiB each.
  expect(bytes()).toBeLessThan(33 * 65_536 + 200 * 2000)
})

it('keeps batches that a new file does not fall into', async () => {
  const names = Array.from({ length: 5000 }, (_, i) => `${String(i).padStart(5, '0')}.parquet`)
  const { store, put, ready } = folder(
    Object.fromEntries(names.map((name, i) => [name, idFile(i)])),
  )
  await ready
  const keys = new Set<string>()
  const inner = keepingCache()
  const cache: BatchCache = {
    get(key, load, signal) {
      keys.add(key)
      return inner.get(key, load, signal)
    },
  }
  const reader = parquetTableReader({ store, cache })
  const previous = await reader.snapshot({ location: LOCATION })
  const before = keys.size
  expect(before).toBeGreaterThan(1)
  await put('02500x.parquet', idFile(9))
  const next = await reader.snapshot({ location: LOCATION }, { previous })
  await kept(next, gtEq('id', 0))
  expect(keys.size - before).toBeLessThanOrEqual(2)
})
