import { Lane } from '@spillway/encoding'
import type { ManifestEntry } from '@spillway/testkit'
import { turnsDuring } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { deleteDetails } from '../src/delete-manifest.js'
import { InflatedBlocks } from '../src/inflated-blocks.js'
import { loadManifest, type Manifest } from '../src/manifest.js'
import { ManifestView } from '../src/manifest-view.js'
import { OpenedDeletes, type OpenedOptions } from '../src/opened-deletes.js'
import { PathTable } from '../src/path-table.js'
import { baseNameBytes } from '../src/paths.js'
import { specLayout } from '../src/spec-layout.js'
import { dataFile, filesOf, LOCATION, openTable, smallTable } from './support/small-table.js'

const DELETES = 60_000
const utf8 = new TextEncoder()

function positions(i: number): ManifestEntry {
  return {
    content: 1,
    path: `${LOCATION}/data/d${i}.parquet`,
    partition: [1],
    recordCount: 1,
    size: 50,
    referencedFile: `${LOCATION}/data/b${i % 50_000}.parquet`,
  }
}

const manifests = [
  { entries: [dataFile('b7.parquet', 1)] },
  {
    content: 'deletes' as const,
    entries: Array.from({ length: DELETES }, (_, i) => positions(i)),
    written: { codec: 'deflate' as const },
  },
]

async function deleteManifest(): Promise<Manifest> {
  return loadManifest({
    store: await smallTable(manifests),
    blocks: new InflatedBlocks(64 << 20),
    path: `${LOCATION}/metadata/m1.avro`,
    inherited: { sequenceNumber: 2 },
    scans: new Lane(),
    expected: {},
  })
}

describe('a manifest of very many delete files', () => {
  it('is read once for all who want it, and lets others go on', async () => {
    const manifest = await deleteManifest()
    const { turns, value } = await turnsDuring(() =>
      Promise.all([deleteDetails(manifest), deleteDetails(manifest)]),
    )
    // Two turns were all while it was read in one piece.
    expect(turns).toBeGreaterThan(5)
    expect(value[0]).toBe(value[1])
    expect(await deleteDetails(manifest)).toBe(value[0])
    const name = baseNameBytes(utf8.encode(`${LOCATION}/data/b7.parquet`))
    expect([...value[0].byName.rowsOf(name)]).toEqual([7, 50_007])
  })

  it('finds paths and opens its deletes in steps', async () => {
    const manifest = await deleteManifest()
    const details = await deleteDetails(manifest)
    let steps = 0
    for (const work = PathTable.inSteps(details.name); !work.next().done; ) steps++
    expect(steps).toBeGreaterThan(3)
    const spec = { id: 0, fields: [] }
    const view = new ManifestView(
      manifest,
      specLayout(spec, { current: new Map(), known: new Map() }),
    )
    const options = { names: {}, pathRoot: undefined } as unknown as OpenedOptions
    await expect(OpenedDeletes.open(view, details, options)).resolves.toBeInstanceOf(OpenedDeletes)
  })

  it('is known for one without another look at all of them', async () => {
    expect((await deleteManifest()).columns.holdsDeletes).toBe(true)
    const [handle] = (await openTable(await smallTable(manifests))).files.handles
    const { batch } = await handle!.load()
    expect((batch as ManifestView).manifest.columns.holdsDeletes).toBe(false)
  })

  it('deletes from the files that it names', async () => {
    const files = await filesOf(await openTable(await smallTable(manifests)))
    const names = files.map(({ deletes }) => deletes.map(each => 'path' in each && each.path))
    expect(names).toEqual([[7, 50_007].map(i => `${LOCATION}/data/d${i}.parquet`)])
  })

  it('that is broken is refused each time it is asked', async () => {
    const broken = [manifests[0]!, { ...manifests[1]!, entries: [dataFile('x.parquet', 1)] }]
    const snapshot = await openTable(await smallTable(broken))
    for (const _ of [1, 2]) {
      await expect(filesOf(snapshot)).rejects.toThrow('a data file in a delete manifest')
    }
  })
})
