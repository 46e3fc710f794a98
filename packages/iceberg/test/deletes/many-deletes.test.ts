import { Lane } from '@spillway/core'
import type { ManifestEntry } from '@spillway/testkit'
import { quickOr, turnsDuring } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { deleteDetails } from '../../src/deletes/delete-manifest.js'
import { OpenedDeletes, type OpenedOptions } from '../../src/deletes/opened-deletes.js'
import { InflatedBlocks } from '../../src/manifest/inflated-blocks.js'
import { loadManifest } from '../../src/manifest/load-manifest.js'
import type { Manifest } from '../../src/manifest/manifest.js'
import { ManifestView } from '../../src/manifest/manifest-view.js'
import { specLayout } from '../../src/partition/spec-layout.js'
import { PathTable } from '../../src/paths/path-table.js'
import { baseNameBytes } from '../../src/paths/paths.js'
import { dataFile, filesOf, LOCATION, openTable, smallTable } from '../support/small-table.js'

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

describe('very many delete files of one partition', () => {
  const EQUALITY = quickOr(20_000, 60_000)
  const equality = (i: number): ManifestEntry => ({
    content: 2,
    path: `${LOCATION}/data/e${i}.parquet`,
    partition: [1],
    recordCount: 1,
    size: 50,
    equalityIds: [1],
  })
  const bounded = (i: number): ManifestEntry => ({
    content: 1,
    path: `${LOCATION}/data/p${i}.parquet`,
    partition: [1],
    recordCount: 1,
    size: 50,
    lower: new Map([[2147483546, utf8.encode(`${LOCATION}/data/a`)]]),
    upper: new Map([[2147483546, utf8.encode(`${LOCATION}/data/z`)]]),
  })

  it.each([
    ['by equality', equality],
    ['by position, of several files', bounded],
  ])('%s are looked through in steps for each data file', async (_, entry) => {
    const entries = Array.from({ length: EQUALITY }, (_, i) => entry(i))
    const deletes = { content: 'deletes' as const, entries }
    const small = await smallTable([{ entries: [dataFile('b.parquet', 1)] }, deletes])
    const at = (name: string, sequenceNumber: number) =>
      loadManifest({
        store: small,
        blocks: new InflatedBlocks(64 << 20),
        path: `${LOCATION}/metadata/${name}.avro`,
        inherited: { sequenceNumber },
        scans: new Lane(),
        expected: {},
      })
    const [data, own] = await Promise.all([at('m0', 1), at('m1', 2)])
    const part = { id: 2, name: 'part', physicalName: 'part', type: 'int', nullable: true } as const
    const identity = { id: 1000, name: 'part', sourceIds: [2], transform: { kind: 'identity' } }
    const byId = new Map([[2, part]])
    const layout = specLayout(
      { id: 1, fields: [identity as never] },
      { current: byId, known: byId },
    )
    const options = { names: {}, pathRoot: undefined } as unknown as OpenedOptions
    const view = new ManifestView(own, layout)
    const opened = await OpenedDeletes.open(view, await deleteDetails(own), options)
    const work = opened.matching(new ManifestView(data, layout), 0, new Set())
    let steps = 0
    for (let next = work.next(); ; next = work.next()) {
      if (next.done) {
        expect(next.value.length).toBe(EQUALITY)
        break
      }
      steps++
    }
    expect(steps).toBeGreaterThan(10)
  })
})

it('deletes of very many files are looked for, and counted, while others go on', async () => {
  const files = Array.from({ length: 40_000 }, (_, i) => dataFile(`b${i}.parquet`, 1))
  const snapshot = await openTable(await smallTable([{ entries: files }, manifests[1]!]))
  const loaded = await snapshot.files.handles[0]!.load()
  await loaded.deletedCounts!(loaded.live.subarray(0, 1))
  const { turns, value } = await turnsDuring(() => loaded.deletedCounts!(loaded.live))
  // Two while all rows were looked at at once.
  expect(turns).toBeGreaterThan(5)
  expect(value.filter(count => Number.isNaN(count)).length).toBe(40_000)
})
