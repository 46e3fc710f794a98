import { readdirSync, readFileSync } from 'node:fs'
import { memoryStore } from '@spillway/storage'
import { type HudiCommit, hudiTableObjects, readTarGz } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import type { Listing } from '../src/listing.js'
import { listStorage } from '../src/listing.js'
import { listMetadata } from '../src/metadata-listing.js'
import { openMetadataTable } from '../src/metadata-table.js'
import { loadTableState } from '../src/table-state.js'
import { repository } from './support.js'

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
})
