import { fileURLToPath } from 'node:url'
import { localStore, memoryStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { parquetTableReader } from '../src/index.js'

const hive = fileURLToPath(new URL('../../../test/fixtures/parquet-tables/hive/', import.meta.url))
const LOCATION = 's3://bucket/t'
const FIRST = `${LOCATION}/day=2026-01-01/country=de/part-0.parquet`
const cache = {
  get: (_: string, load: (signal: AbortSignal) => Promise<never>) =>
    load(new AbortController().signal),
}

/** A folder of Hive partitions in memory. */
async function folder() {
  const store = memoryStore({})
  const disk = localStore()
  for await (const { path } of disk.list(hive)) {
    await store.put(`${LOCATION}/${path.slice(hive.length)}`, (await disk.get(path))!.bytes)
  }
  return store
}

async function filesOf(store: Awaited<ReturnType<typeof folder>>) {
  const snapshot = await parquetTableReader({ store, cache }).snapshot({ location: LOCATION })
  const paths: string[] = []
  for (const handle of snapshot.files.handles) {
    const loaded = await handle.load()
    paths.push(...(await loaded.files(loaded.live)).map(file => file.path))
  }
  return paths
}

describe('a folder', () => {
  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['an empty file', () => new Uint8Array()],
    ['a file without its last byte', bytes => bytes.slice(0, -1)],
    ['a file without its footer', bytes => bytes.slice(0, 40)],
    ['half a file', bytes => bytes.slice(0, bytes.length >> 1)],
    ['the footer of a file alone', bytes => bytes.slice(bytes.length >> 1)],
    ['a page of a proxy', () => Buffer.from('<html>Sign in</html>')],
  ])('with %s is refused', async (_, damage) => {
    const store = await folder()
    await store.put(FIRST, damage((await store.get(FIRST))!.bytes))
    await expect(filesOf(store)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      context: expect.objectContaining({ path: FIRST }),
    })
  })

  it('does not read what writers and other tools leave', async () => {
    const store = await folder()
    const before = await filesOf(store)
    expect(before.length).toBe(4)
    for (const name of [
      '_SUCCESS',
      '_temporary/0/part-7.parquet',
      '.part-0.parquet.crc',
      '_committed_17',
      'day=2026-01-01/_SUCCESS',
      'day=2026-01-01/country=de/.part-8.parquet',
    ]) {
      await store.put(`${LOCATION}/${name}`, new Uint8Array())
    }
    expect(await filesOf(store)).toEqual(before)
  })
})
