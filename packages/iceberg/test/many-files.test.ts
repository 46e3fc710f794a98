import { atOnce, Lane, type Steps } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import {
  icebergBytes,
  icebergManifest,
  keepingCache,
  type ManifestEntry,
  turnsDuring,
} from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { PathClaims } from '../src/changes/path-claims.js'
import { DeleteNames } from '../src/deletes/delete-names.js'
import { LiveNames } from '../src/deletes/live-names.js'
import { icebergReader } from '../src/index.js'
import { InflatedBlocks } from '../src/manifest/inflated-blocks.js'
import { loadManifest } from '../src/manifest/load-manifest.js'
import type { Manifest } from '../src/manifest/manifest.js'
import { ManifestView } from '../src/manifest/manifest-view.js'
import { longBlocks } from '../src/manifest/metric-columns.js'
import { RowBounds } from '../src/manifest/row-bounds.js'
import { specLayout } from '../src/partition/spec-layout.js'
import { historyTable } from './support/history-table.js'
import { dataFile, filesOf, LOCATION, openTable, smallTable } from './support/small-table.js'

const FILES = 60_000
const LAYOUT = specLayout({ id: 0, fields: [] }, { current: new Map(), known: new Map() })

interface Written {
  readonly codec?: 'null' | 'deflate'
  readonly blockBytes?: number
}

async function manifestOf(
  entries: readonly ManifestEntry[],
  { codec = 'null', blockBytes }: Written = {},
): Promise<Manifest> {
  const store = memoryStore()
  const path = `${LOCATION}/metadata/m0.avro`
  const bytes = icebergManifest({ entries, codec, ...(blockBytes && { blockBytes }) })
  await store.put(path, bytes)
  return loadManifest({
    store,
    blocks: new InflatedBlocks(64 << 20),
    path,
    inherited: { sequenceNumber: 1 },
    scans: new Lane(),
    expected: {},
  })
}

/** In folders of their own, so that names alone are alike. */
const entries = (count: number, name: (i: number) => string): ManifestEntry[] =>
  Array.from({ length: count }, (_, i) => ({
    path: `${LOCATION}/data/${i}/${name(i)}`,
    recordCount: 10,
    size: 100,
    lower: new Map([[1, icebergBytes(BigInt(i), 'long')]]),
  }))

function stepsOf(work: Steps<unknown>): number {
  let steps = 0
  while (!work.next().done) steps++
  return steps
}

describe('files of a very long manifest', () => {
  it('are claimed in steps', async () => {
    const view = new ManifestView(await manifestOf(entries(FILES, i => `f${i}`)), LAYOUT)
    expect(stepsOf(PathClaims.inSteps([view, view]))).toBeGreaterThan(10)
    const claims = atOnce(PathClaims.inSteps([view, view]))
    expect([claims.claim(view, 7), claims.claim(view, 7), claims.claim(view, 7)]).toEqual([
      { manifest: 0, row: 7 },
      { manifest: 1, row: 7 },
      undefined,
    ])
    expect(stepsOf(claims.unclaimed(1))).toBeGreaterThan(10)
    const left = atOnce(claims.unclaimed(1))
    expect([left.length, left[6], left[7]]).toEqual([FILES - 1, 6, 8])
  })

  it('are described while others go on', async () => {
    const all = Array.from({ length: FILES }, (_, i) => dataFile(`f${i}.parquet`, 1))
    const snapshot = await openTable(await smallTable([{ entries: all }]))
    await snapshot.files.handles[0]!.load()
    const { turns, value } = await turnsDuring(() => filesOf(snapshot))
    expect(turns).toBeGreaterThan(5)
    expect(value.length).toBe(FILES)
  })

  it('are told as changes while others go on', async () => {
    const all = Array.from({ length: FILES }, (_, i) => dataFile(`f${i}.parquet`, 1))
    const store = await historyTable({
      manifests: { a: { entries: all }, b: { entries: all.slice(1) } },
      snapshots: [
        { id: 1, lists: ['a'] },
        { id: 2, lists: ['b'] },
      ],
    })
    const reader = icebergReader({ store, cache: keepingCache() })
    const changesFrom = async (startVersion: bigint) => {
      const counts: number[] = []
      const range = { kind: 'files', startVersion, endVersion: 2n } as const
      for await (const { changes } of reader.changes!({ location: LOCATION }, range)) {
        counts.push(changes.length)
      }
      return counts
    }
    // Manifests are read the first time.
    expect(await changesFrom(1n)).toEqual([FILES, 1])
    expect((await turnsDuring(() => changesFrom(1n))).turns).toBeGreaterThan(10)
    expect((await turnsDuring(() => changesFrom(2n))).turns).toBeGreaterThan(5)
  })

  it('that are all called alike are found by their names in steps', async () => {
    const view = new ManifestView(await manifestOf(entries(FILES, () => 'part-0')), LAYOUT)
    expect(stepsOf(LiveNames.inSteps([view]))).toBeGreaterThan(10)
    const live = atOnce(LiveNames.inSteps([view]))
    expect(stepsOf(live.recordedAs('part-0'))).toBeGreaterThan(10)
    const names = new DeleteNames({
      resolve: path => path,
      tableLocation: LOCATION,
      live: async () => live,
      deletes: async () => [],
      everListed: async () => false,
    })
    const { turns } = await turnsDuring(() => names.learn(['s3://elsewhere/part-0']))
    expect(turns).toBeGreaterThan(5)
    expect(names.means('s3://elsewhere/part-0', `${LOCATION}/data/7/part-0`)).toBe(false)
  })
})

describe('bounds of files', () => {
  const count = 1000
  const leaf = [{ id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true }] as const
  const rows = Uint32Array.from({ length: count }, (_, i) => i)

  it('are decoded a few at a time', async () => {
    const manifest = await manifestOf(
      entries(count, i => `f${i}`),
      { blockBytes: 1 },
    )
    const source = await manifest.source()
    let inflated = 0
    const inflate: typeof source.inflate = block => {
      inflated++
      return source.inflate(block)
    }
    const options = { source: { ...source, inflate }, long: [], rows, leaves: [leaf] }
    const bounds = new RowBounds(options)
    expect(bounds.of(999).get(1)).toEqual({ lower: 999n })
    expect(bounds.of(998).get(1)).toEqual({ lower: 998n })
    expect(inflated).toBeLessThan(20)
  })

  it('are found in blocks that were inflated before, where those are long', async () => {
    const all = entries(20_000, i => `${i * 7919}-${i * 104_729}`)
    const written = { codec: 'deflate', blockBytes: 4_000_000 } as const
    const source = await (await manifestOf(all, written)).source()
    expect(source.file.blocks.length).toBe(1)
    const [block] = await longBlocks(source, rows)
    expect(block?.length).toBeGreaterThan(1_000_000)
    expect(await longBlocks(source, rows.subarray(0, 0))).toEqual([])
    const short = await (
      await manifestOf(
        entries(count, () => 'f'),
        { codec: 'deflate' },
      )
    ).source()
    expect(await longBlocks(short, rows)).toEqual([])
  })
})
