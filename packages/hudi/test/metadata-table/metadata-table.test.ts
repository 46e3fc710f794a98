import { readdirSync, readFileSync } from 'node:fs'
import { memoryStore } from '@spillway/storage'
import { type HudiCommit, hudiTableObjects, readTarGz, spreadOf } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import type { Listing } from '../../src/file-groups/listing.js'
import { listStorage } from '../../src/file-groups/listing.js'
import { hudiReader } from '../../src/index.js'
import { listMetadata } from '../../src/metadata-table/metadata-listing.js'
import { openMetadataTable } from '../../src/metadata-table/metadata-table.js'
import { loadTableState } from '../../src/timeline/table-state.js'
import { liveFiles, noCache, repository } from '../support/real-tables.js'

const ROOT = 'memory:///t'
const golden = `${repository}test/fixtures/hudi/`
/** All but those whose version nobody reads. */
const archives = ['v6', 'v8', 'v9'].flatMap(version =>
  readdirSync(golden + version)
    .filter(name => !name.startsWith('cow_version_'))
    .map(name => `${version}/${name}`),
)

async function opened(objects: Iterable<readonly [string, Uint8Array | string]>) {
  const store = memoryStore({ objects })
  const { root, config, timeline } = await loadTableState(store, { location: ROOT })
  const metadata = await openMetadataTable({ store, root, config, timeline })
  return { store, config, metadata }
}

async function filesOf(listing: Listing): Promise<readonly string[]> {
  const files = await listing.files(listing.partitions)
  return [...files]
    .flatMap(([partition, list]) => list.map(({ name }) => `${partition}/${name}`))
    .filter(name => !name.endsWith('.hoodie_partition_metadata'))
    .sort()
}

describe('metadata tables that Hudi wrote', () => {
  it.each(archives)('%s: lists what lies in storage, or has none', async archive => {
    const objects = readTarGz(readFileSync(golden + archive))
    const { store, config, metadata } = await opened(
      [...objects].map(([path, bytes]) => [`${ROOT}/${path}`, bytes] as const),
    )
    expect(metadata !== undefined).toBe(config.metadataPartitions.has('files'))
    if (metadata === undefined) return
    expect(await filesOf(await listMetadata(metadata))).toEqual(
      await filesOf(await listStorage(store, ROOT)),
    )
  })
})

describe('metadata tables that lost a file', () => {
  async function sliceNames(objects: readonly (readonly [string, Uint8Array])[]) {
    const store = memoryStore({ objects })
    const snapshot = await hudiReader({ store, cache: noCache }).snapshot({ location: ROOT })
    const files = await liveFiles(snapshot)
    return files.map(({ path, logFiles }) => [path, ...logFiles.map(log => log.path)])
  }

  it.each(spreadOf(archives, 40))('%s: leave out nothing', async archive => {
    const objects = readTarGz(readFileSync(golden + archive))
    const all = [...objects].map(([path, bytes]) => [`${ROOT}/${path}`, bytes] as const)
    const expected = await sliceNames(all)
    const parts = all
      .map(([path]) => path)
      .filter(path => /\/metadata\/files\/\.?files-/.test(path))
    for (const path of parts) {
      const without = all.filter(([each]) => each !== path)
      expect(await sliceNames(without), `${path} gone`).toEqual(expected)
      expect(await sliceNames([...without, [path, new Uint8Array()]]), `${path} empty`).toEqual(
        expected,
      )
      // A base file of another index is whole, and says nothing of files.
      const other = all.find(([each]) => /\/metadata\/(?!files\/)[^/]+\/.*\.hfile$/.test(each))
      if (!path.endsWith('.hfile') || other === undefined) continue
      expect(await sliceNames([...without, [path, other[1]]]), `${path} swapped`).toEqual(expected)
    }
  })
})

describe('a metadata table', () => {
  const SCHEMA = '{"type":"record","name":"r","fields":[{"name":"id","type":"long"}]}'
  const commit = (day: number, name: string): HudiCommit => ({
    begin: `2026010${day}000000000`,
    completion: `2026010${day}000001000`,
    action: 'commit',
    files: [
      {
        partition: '',
        fileId: name,
        name: `${name}_0-1-1_2026010${day}000000000.parquet`,
        size: 7,
      },
    ],
  })
  const table = (properties: Readonly<Record<string, string>> = {}) =>
    hudiTableObjects({
      root: ROOT,
      tableType: 'COPY_ON_WRITE',
      schema: SCHEMA,
      properties,
      commits: [commit(1, 'a'), commit(2, 'b'), commit(3, 'c')],
    })

  it('lists base and logs together', async () => {
    const { metadata } = await opened(table())
    expect((await filesOf(await listMetadata(metadata!))).length).toBe(3)
  })

  it('is not used when it lacks a completed write', async () => {
    const objects = table().filter(([path]) => !/metadata.*20260103.*deltacommit/.test(path))
    expect((await opened(objects)).metadata).toBeUndefined()
  })

  it('does not show what an unfinished write put there', async () => {
    const unfinished = table().filter(
      ([path]) => !/timeline\/20260103000000000_/.test(path) || path.includes('metadata'),
    )
    const { metadata } = await opened(unfinished)
    expect(await filesOf(await listMetadata(metadata!))).toEqual([
      '/a_0-1-1_20260101000000000.parquet',
      '/b_0-1-1_20260102000000000.parquet',
    ])
  })

  it.each([
    ['an index in flight', { 'hoodie.table.metadata.partitions.inflight': 'files' }],
    ['an index that is not declared', { 'hoodie.table.metadata.partitions': 'column_stats' }],
  ])('is not asked for %s', async (_, properties) => {
    const { metadata } = await opened(table(properties))
    expect([metadata?.has('files'), metadata?.has('column_stats')]).toEqual([false, true])
  })

  it('is not there when it was declared and never made', async () => {
    const objects = table().filter(([path]) => !path.includes('/metadata/'))
    expect((await opened(objects)).metadata).toBeUndefined()
  })

  describe('of which a log', () => {
    const logs = table().filter(([path]) => path.includes('/metadata/files/.files'))
    const other = hudiTableObjects({
      root: ROOT,
      tableType: 'COPY_ON_WRITE',
      schema: SCHEMA,
      properties: {},
      commits: [commit(1, 'x'), commit(2, 'y'), commit(3, 'z')],
    }).filter(([path]) => path.includes('/metadata/files/.files'))

    async function live(
      objects: Iterable<readonly [string, Uint8Array | string]>,
      lost: readonly string[] = [],
    ) {
      const store = memoryStore({ objects })
      for (const name of ['a', 'b', 'c'].map((name, i) => commit(i + 1, name).files[0]!.name)) {
        if (!lost.includes(name)) await store.put(`${ROOT}/${name}`, new Uint8Array(7))
      }
      const snapshot = await hudiReader({ store, cache: noCache }).snapshot({ location: ROOT })
      return (await liveFiles(snapshot)).map(({ path }) =>
        path.slice(ROOT.length + 1, ROOT.length + 2),
      )
    }

    const changes: (readonly [
      string,
      (bytes: Uint8Array | string, i: number) => Uint8Array | string | undefined,
    ])[] = [
      ['is gone', () => undefined],
      ['is empty', () => new Uint8Array()],
      ["is another table's", (_, i) => other[i]![1]],
      ['is another of its own', (_, i) => logs[(i + 1) % logs.length]![1]],
    ]
    it.each(changes)('%s lists what the folders have', async (_, change) => {
      expect(logs.length).toBeGreaterThan(1)
      for (const [i, [path]] of logs.entries()) {
        const objects = table().flatMap(([each, bytes]) => {
          const left = each === path ? change(bytes, i) : bytes
          return left === undefined ? [] : [[each, left] as const]
        })
        expect(await live(objects)).toEqual(['a', 'b', 'c'])
      }
    })

    it('and a file itself is gone is refused', async () => {
      const objects = table().filter(([path]) => path !== logs[0]![0])
      await expect(live(objects, [commit(1, 'a').files[0]!.name])).rejects.toMatchObject({
        code: 'TABLE_CORRUPT',
      })
    })
  })
})
