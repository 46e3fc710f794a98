import { eq, type Predicate, type Snapshot } from '@spillway/core'
import { readAvroFile } from '@spillway/encoding'
import { memoryStore } from '@spillway/storage'
import { icebergManifestList, keepingCache, spreadOf } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { planScan } from '../../planner/src/plan.js'
import { icebergReader } from '../src/index.js'
import { loadManifestList } from '../src/manifest/manifest-list.js'
import {
  dataFile,
  filesOf,
  LOCATION,
  openTable,
  recordingStore,
  smallTable,
} from './support/small-table.js'

async function plannedPaths(snapshot: Snapshot, predicate: Predicate): Promise<readonly string[]> {
  const paths: string[] = []
  for await (const { files, selection } of planScan(snapshot, { predicate })) {
    for (const file of await files.files(selection)) paths.push(file.path)
  }
  return paths.map(path => path.slice(path.lastIndexOf('/') + 1))
}

/** Bytes of a file that are damaged, one in each try, in the quick tier. */
const PLACES = 150

const threeParts = [1, 2, 3].map(part => ({
  entries: [dataFile(`p${part}.parquet`, part), dataFile(`q${part}.parquet`, part)],
}))

describe('icebergReader', () => {
  it('never opens a manifest whose summary excludes the predicate', async () => {
    const { store, reads } = recordingStore(await smallTable(threeParts))
    const paths = await plannedPaths(await openTable(store), eq('part', 2))
    expect(paths).toEqual(['p2.parquet', 'q2.parquet'])
    expect(reads.filter(name => name.startsWith('m'))).toEqual(['m1.avro'])
  })

  it('takes a table whose metadata file was named for its own, and says where that is missing', async () => {
    const reader = icebergReader({ store: await smallTable(threeParts), cache: keepingCache() })
    const source = { location: LOCATION, metadataFile: `${LOCATION}/metadata/v9.metadata.json` }
    expect(await reader.detect(source)).toBe(true)
    await expect(reader.snapshot(source)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: /v9\.metadata\.json was not found/,
    })
  })

  it('never opens a manifest that has no live file', async () => {
    const gone = { entries: [{ ...dataFile('gone.parquet', 2), status: 2 as const }] }
    const { store, reads } = recordingStore(await smallTable([gone, ...threeParts]))
    expect(await filesOf(await openTable(store))).toHaveLength(6)
    expect(reads).not.toContain('m0.avro')
  })

  it('reads a manifest once for all snapshots that list it', async () => {
    const { store, reads } = recordingStore(await smallTable(threeParts))
    const cache = keepingCache()
    for (let i = 0; i < 3; i++) {
      const reader = icebergReader({ store, cache })
      await filesOf(await reader.snapshot({ location: LOCATION }))
    }
    expect(reads.filter(name => /^m\d/.test(name))).toEqual(['m0.avro', 'm1.avro', 'm2.avro'])
  })

  it('gives the previous snapshot while the metadata file is the same', async () => {
    const store = await smallTable(threeParts)
    const reader = icebergReader({ store, cache: keepingCache() })
    const previous = await reader.snapshot({ location: LOCATION })
    expect(await reader.snapshot({ location: LOCATION }, { previous })).toBe(previous)
    const at = { kind: 'version', version: 9n } as const
    expect(await reader.snapshot({ location: LOCATION }, { previous, at })).not.toBe(previous)
  })

  it('reads a metadata file again only when it is another object', async () => {
    const inner = await smallTable(threeParts)
    const { store, reads } = recordingStore(inner)
    const reader = icebergReader({ store, cache: keepingCache() })
    const source = { location: LOCATION }
    const previous = await reader.snapshot(source)
    await reader.resolve(source, { kind: 'latest' })
    expect(await reader.snapshot(source, { previous })).toBe(previous)
    const path = `${LOCATION}/metadata/v1.metadata.json`
    expect(reads.filter(name => name === 'v1.metadata.json')).toHaveLength(1)
    const text = new TextDecoder().decode((await inner.get(path))!.bytes)
    const other = text.replace('-8000-000000000001', '-8000-00000000000a')
    await inner.put(path, new TextEncoder().encode(other))
    expect((await reader.snapshot(source, { previous })).tableId).toMatch(/00a$/)
  })

  it('inherits sequence numbers and first row ids from the manifest list', async () => {
    const entries = [
      dataFile('a.parquet', 1),
      { ...dataFile('b.parquet', 1), status: 0 as const, sequenceNumber: 1, firstRowId: 500 },
      { ...dataFile('c.parquet', 1), recordCount: 7 },
      dataFile('d.parquet', 1),
    ]
    const store = await smallTable([{ entries, sequenceNumber: 6, listed: { firstRowId: 100 } }])
    const files = await filesOf(await openTable(store))
    expect(files.map(file => [file.sequenceNumber, file.firstRowId])).toEqual([
      [6n, 100n],
      [1n, 500n],
      [6n, 110n],
      [6n, 117n],
    ])
  })

  it('refuses an existing entry without a sequence number', async () => {
    const entries = [{ ...dataFile('a.parquet', 1), status: 0 as const }]
    const reading = openTable(await smallTable([{ entries }])).then(filesOf)
    await expect(reading).rejects.toThrow(/existing entry has no sequence number/)
  })

  it('refuses a manifest without the partition field of its spec, where null would be a value', async () => {
    const partition = [{ id: 999, name: 'part', type: 'int' as const }]
    const table = await smallTable([{ entries: [dataFile('a', 1)], written: { partition } }])
    await expect(openTable(table).then(filesOf)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringMatching(/expected the partition value .* found part \(999\)/),
    })
  })

  it('refuses data in a manifest that its list calls one of deletes', async () => {
    const table = await smallTable([
      { entries: [dataFile('a', 1)] },
      { entries: [dataFile('b', 1)], listed: { content: 'deletes' } },
    ])
    await expect(openTable(table).then(filesOf)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringContaining('a data file in a delete manifest'),
    })
  })

  it.each([
    ['s3://bucket/moved/', '', 's3://bucket/table/data/a.parquet'],
    ['s3://bucket/moved', 's3://elsewhere/x', 's3://elsewhere/x/data/a.parquet'],
  ])('reads paths recorded under %s at %s', async (from, to, path) => {
    const entries = [{ ...dataFile('a', 1), path: 's3://bucket/moved/data/a.parquet' }]
    const store = await smallTable([{ entries }])
    const reader = icebergReader({ store, cache: keepingCache() })
    const snapshot = await reader.snapshot({ location: LOCATION, rebase: [{ from, to }] })
    const [file] = await filesOf(snapshot)
    expect(file).toMatchObject({ path, recordedPath: 's3://bucket/moved/data/a.parquet' })
  })

  it('does not open files of this machine for a table that lies elsewhere', async () => {
    const store = await smallTable([
      { entries: [dataFile('a', 1)], listed: { path: '/etc/passwd' } },
    ])
    await expect(openTable(store).then(filesOf)).rejects.toThrow(/rebase rule/)
  })

  it('says the live files where summary and manifests agree', async () => {
    const summary = {
      'total-data-files': '6',
      'total-files-size': '600',
      'total-delete-files': '0',
    }
    const { totals } = await openTable(await smallTable(threeParts, { summary }))
    expect(totals).toEqual({ files: 6, bytes: 600 })
  })

  it.each(['7', '5', '0', '999999', '-1', 'many'])(
    'reads what the manifests list where the summary says that there are %s',
    async files => {
      const summary = {
        'total-data-files': files,
        'total-records': '1000',
        'total-files-size': '12',
        'total-delete-files': '0',
      }
      const snapshot = await openTable(await smallTable(threeParts, { summary }))
      expect(await filesOf(snapshot)).toHaveLength(6)
      expect(snapshot.totals).toBeUndefined()
    },
  )

  it.each([
    ['too high', { addedFiles: 9, addedRows: 900 }],
    ['too low', { addedFiles: 1, addedRows: 1 }],
    ['none', { addedFiles: 0, addedRows: 0, deletedFiles: 0 }],
    ['of another kind', { addedFiles: 0, addedRows: 0, existingFiles: 5 }],
  ])('reads every file of manifests whose counts are %s', async (_what, counts) => {
    const wrong = threeParts.map(part => ({ ...part, listed: counts }))
    const summary = { 'total-data-files': '6' }
    const snapshot = await openTable(await smallTable(wrong, { summary }))
    expect(await filesOf(snapshot)).toHaveLength(6)
  })

  it('reads a manifest that is shorter than its list says, and lists all that it counts', async () => {
    const wrong = threeParts.map(part => ({ ...part, listed: { length: 99999 } }))
    expect(await filesOf(await openTable(await smallTable(wrong)))).toHaveLength(6)
  })
})

describe('loadManifestList', () => {
  const manifests = Array.from({ length: 400 }, (_, i) => ({
    path: `${LOCATION}/metadata/${String(i).padStart(40, '0')}.avro`,
    length: 1000,
  }))

  const sizes = { blockBytes: 16_000 }
  /** The length of a list of `count` manifests up to the end of its block `index`, and a sync marker of 16 bytes. */
  const upTo = (count: number, index: number) =>
    readAvroFile(icebergManifestList(manifests.slice(0, count), sizes)).blocks.at(index)!.end + 16

  it.each([
    ['ends in a block that is not full', 400, upTo(400, -1), false],
    ['has one block that is not full', 40, upTo(40, -1), false],
    ['was cut after a full block', 400, upTo(400, -2), true],
    ['was cut after its first block', 400, upTo(400, 0), true],
    ['was cut after its header', 0, icebergManifestList([], sizes).length, true],
  ])('says of one that %s whether something may be missing', async (_what, count, end, cut) => {
    const store = memoryStore()
    const bytes = icebergManifestList(manifests.slice(0, count), sizes)
    await store.put('s3://b/l.avro', bytes.subarray(0, end))
    expect((await loadManifestList(store, 's3://b/l.avro')).mayBeCut).toBe(cut)
  })
})

describe('a damaged table', () => {
  const summary = { 'total-data-files': '6' }

  it('cut at any byte of a manifest or manifest list is refused', async () => {
    const cut = threeParts.map(part => ({ ...part, written: { blockBytes: 1 } }))
    for (const name of ['m0.avro', 'snap-1.avro']) {
      const store = await smallTable(cut, { summary })
      const path = `${LOCATION}/metadata/${name}`
      const whole = (await store.get(path))!.bytes
      for (const end of spreadOf(whole.keys(), PLACES)) {
        await store.put(path, whole.subarray(0, end))
        await expect(openTable(store).then(filesOf)).rejects.toMatchObject({
          code: 'TABLE_CORRUPT',
        })
      }
    }
  })

  it('with any bit of a manifest or its list changed is refused or has all its files', async () => {
    const changed = threeParts.map(part => ({ ...part, written: { codec: 'deflate' as const } }))
    for (const name of ['m0.avro', 'snap-1.avro']) {
      const store = await smallTable(changed, { summary })
      const path = `${LOCATION}/metadata/${name}`
      const whole = (await store.get(path))!.bytes
      for (const at of spreadOf(whole.keys(), PLACES)) {
        const bytes = whole.slice()
        bytes[at]! ^= 1 << (at % 8)
        await store.put(path, bytes)
        const found = await openTable(store)
          .then(filesOf)
          .then(
            files => files.length >= 6,
            error => error.code,
          )
        expect([true, 'TABLE_CORRUPT', 'UNSUPPORTED_FEATURE', 'INVALID_REQUEST']).toContain(found)
      }
    }
  })
})
