import { atOnce, type Field, Lane } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { icebergBytes, icebergManifest, turnsDuring } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { InflatedBlocks } from '../src/manifest/inflated-blocks.js'
import { loadManifest } from '../src/manifest/load-manifest.js'
import { ManifestView } from '../src/manifest/manifest-view.js'
import { TupleTable } from '../src/manifest/tuple-table.js'
import { partitionStatistics } from '../src/partition/partition-bounds.js'
import { specLayout } from '../src/partition/spec-layout.js'
import { dataFile, LOCATION, openTable, smallTable } from './support/small-table.js'

const PARTITIONS = 60_000
const name: Field = { id: 2, name: 'name', physicalName: 'name', type: 'string', nullable: true }
const spec = {
  id: 1,
  fields: [{ id: 1000, name: 'name', sourceIds: [2], transform: { kind: 'identity' } as const }],
}

/** A manifest of a file in each of very many partitions, read. */
async function viewOfMany(): Promise<ManifestView> {
  const store = memoryStore()
  const path = `${LOCATION}/metadata/m0.avro`
  const entries = Array.from({ length: PARTITIONS }, (_, i) => ({
    path: `${LOCATION}/data/f${i}.parquet`,
    partition: [`customer ${i}`],
    recordCount: 1,
    size: 1,
  }))
  const partition = [{ id: 1000, name: 'name', type: 'string' as const }]
  await store.put(path, icebergManifest({ specId: 1, partition, entries }))
  const manifest = await loadManifest({
    store,
    blocks: new InflatedBlocks(64 << 20),
    path,
    inherited: { sequenceNumber: 1 },
    scans: new Lane(),
    expected: {},
  })
  const byId = new Map([[2, name]])
  return new ManifestView(manifest, specLayout(spec, { current: byId, known: byId }))
}

describe('a manifest of very many partitions', () => {
  it('has its values, their bounds and their keys made while others go on', async () => {
    const view = await viewOfMany()
    const { turns } = await turnsDuring(async () => {
      await view.makePartitions()
      await view.makeTupleKeys()
    })
    expect(turns).toBeGreaterThan(5)
    const last = PARTITIONS - 1
    expect(view.tuples()[last]).toEqual([`customer ${last}`])
    expect(view.tupleKeys()[last]).toBe(`s"customer ${last}"`)
    const [bounds] = view.stats.columns.get(2)!
    expect(bounds?.lower).toMatchObject({ kind: 'dictionary', codes: { length: PARTITIONS } })
  })

  it('has them once it has been loaded', async () => {
    const entries = [dataFile('a.parquet', 1), dataFile('b.parquet', 2)]
    const snapshot = await openTable(await smallTable([{ entries }]))
    const { batch } = await snapshot.files.handles[0]!.load()
    const { manifest, layout } = batch as ManifestView
    const again = () => {
      throw new Error('made again')
    }
    expect(manifest.derived(`tuples ${layout.key}`, again)).toEqual([[1], [2]])
    expect(manifest.derived(`partitions ${layout.key}`, again)).toHaveProperty('size', 1)
  })
})

it('bounds of very many partitions are made in steps', () => {
  const ranges = {
    length: 100_000,
    at: (row: number) => ({ lower: `${row}`, upper: `${row}`, holds: 1 }),
  }
  let steps = 0
  for (const work = partitionStatistics(spec.fields[0]!, name, ranges); !work.next().done; ) steps++
  expect(steps).toBeGreaterThan(20)
  expect(atOnce(partitionStatistics(spec.fields[0]!, name, ranges))?.holds.length).toBe(100_000)
})

it.each([0, 50_000])('tuples keep their numbers however many come, of %i expected', rows => {
  const table = new TupleTable(rows)
  const bytes = new Uint8Array(Int32Array.from({ length: 50_000 }, (_, i) => i).buffer)
  const codes = () =>
    Array.from({ length: 50_000 }, (_, i) => table.codeOf(bytes, 4 * i, 4 * i + 4))
  const first = codes()
  expect(first).toEqual(Array.from({ length: 50_000 }, (_, i) => i))
  expect(codes()).toEqual(first)
  expect(table.codeOf(bytes, 0, 3)).toBe(50_000)
  expect([table.size, table.bytesOf(49_999), table.bytesOf(50_000)]).toEqual([50_001, 4, 3])
})

it('manifests of very many specs are summarised by the first of them alone', async () => {
  const count = 3000
  const specs = Array.from({ length: count }, (_, id) => ({
    id,
    fields: [{ id: 1000, name: 'part', sourceId: 2, transform: 'identity' }],
  }))
  const five = icebergBytes(5, 'int')
  const summary = [{ containsNull: false, lower: five, upper: five }]
  const manifests = specs.map(({ id }) => ({
    ...{ path: `${LOCATION}/metadata/m${id}.avro`, length: 1, specId: id, partitions: summary },
    ...{ addedFiles: 1, existingFiles: 0 },
  }))
  const snapshot = await openTable(await smallTable([], { specs, manifests }))
  const pieces = snapshot.files.summaries.columns.get(2)!
  expect(pieces.length).toBe(Math.floor(2 ** 22 / count))
  // Those of other specs may hold anything.
  expect([pieces[0]!.holds![0], pieces[0]!.holds![1]]).toEqual([1, 7])
})
