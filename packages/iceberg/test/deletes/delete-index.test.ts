import { isTableError } from '@spillway/core'
import type { ManifestEntry } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { mayHoldPath, pathRootOf } from '../../src/deletes/delete-path.js'
import {
  dataFile,
  filesOf,
  LOCATION,
  openTable,
  recordingStore,
  type SmallManifest,
  smallTable,
} from '../support/small-table.js'

/** The id of `file_path` in position delete files (spec, "Reserved Field IDs"). */
const FILE_PATH_ID = 2147483546

function vector(target: string, more: Partial<ManifestEntry> = {}): ManifestEntry {
  return {
    content: 1,
    format: 'PUFFIN',
    path: `${LOCATION}/data/vectors.puffin`,
    partition: [1],
    recordCount: 3,
    size: 500,
    referencedFile: `${LOCATION}/data/${target}`,
    contentOffset: 4,
    contentSize: 50,
    ...more,
  }
}

function positions(name: string, more: Partial<ManifestEntry> = {}): ManifestEntry {
  const path = `${LOCATION}/data/${name}`
  return { content: 1, path, partition: [1], recordCount: 2, size: 50, ...more }
}

/** Bounds of the paths that a position delete file names, below the table. */
function paths(lower: string, upper: string): Pick<ManifestEntry, 'lower' | 'upper'> {
  const bound = (path: string) =>
    new Map([[FILE_PATH_ID, new TextEncoder().encode(`${LOCATION}/${path}`)]])
  return { lower: bound(lower), upper: bound(upper) }
}

function equality(name: string, more: Partial<ManifestEntry> = {}): ManifestEntry {
  return { ...positions(name, more), content: 2, equalityIds: [1] }
}

const A = { entries: [dataFile('a.parquet', 1)] }

/** Kinds and names of the deletes of the table's only data file. */
async function deletesOf(manifests: readonly SmallManifest[]): Promise<readonly string[]> {
  const files = await filesOf(await openTable(await smallTable(manifests)))
  return files[0]!.deletes.map(each => {
    const name = each.kind === 'deletion-vector' ? each.id : each.path
    return `${each.kind} ${name.slice(name.lastIndexOf('/') + 1)}`
  })
}

const deletes = (entry: ManifestEntry, more: Partial<SmallManifest> = {}): SmallManifest => ({
  content: 'deletes',
  entries: [entry],
  ...more,
})

describe('which deletes apply (iceberg spec, "Scan Planning")', () => {
  it.each<[string, SmallManifest, readonly string[]]>([
    ['a vector of the file', deletes(vector('a.parquet')), ['deletion-vector vectors.puffin@4']],
    ['no vector of another file', deletes(vector('b.parquet')), []],
    [
      'a vector of its own commit',
      deletes(vector('a.parquet'), { sequenceNumber: 1 }),
      ['deletion-vector vectors.puffin@4'],
    ],
    ['no vector older than the file', deletes(vector('a.parquet', { sequenceNumber: 0 })), []],
    ['no vector of another partition', deletes(vector('a.parquet', { partition: [2] })), []],
    ['no vector of another spec', deletes(vector('a.parquet'), { specId: 0 }), []],
    [
      'a vector whose path has another scheme',
      deletes(vector('', { referencedFile: 's3a://other/table/data/a.parquet' })),
      ['deletion-vector vectors.puffin@4'],
    ],
    [
      'position deletes of the partition',
      deletes(positions('p.parquet')),
      ['position-delete p.parquet'],
    ],
    [
      'position deletes of its own commit',
      deletes(positions('p.parquet'), { sequenceNumber: 1 }),
      ['position-delete p.parquet'],
    ],
    [
      'no position deletes of another partition',
      deletes(positions('p.parquet', { partition: [2] })),
      [],
    ],
    [
      'no position deletes of no partition',
      deletes(positions('p.parquet', { partition: [null] })),
      [],
    ],
    [
      'no position deletes of an unpartitioned spec',
      deletes(positions('p.parquet'), { specId: 0 }),
      [],
    ],
    [
      'position deletes of the file alone',
      deletes(positions('p.parquet', { referencedFile: `${LOCATION}/data/a.parquet` })),
      ['position-delete p.parquet'],
    ],
    [
      'no position deletes of another file',
      deletes(positions('p.parquet', { referencedFile: `${LOCATION}/data/b.parquet` })),
      [],
    ],
    [
      'position deletes whose bounds are its path',
      deletes(positions('p.parquet', paths('data/a.parquet', 'data/a.parquet'))),
      ['position-delete p.parquet'],
    ],
    [
      'no position deletes whose bounds are another path',
      deletes(positions('p.parquet', paths('data/b.parquet', 'data/b.parquet'))),
      [],
    ],
    [
      'no position deletes whose bounds are its path in another partition',
      deletes(
        positions('p.parquet', { ...paths('data/a.parquet', 'data/a.parquet'), partition: [2] }),
      ),
      [],
    ],
    [
      'position deletes of paths around its own',
      deletes(positions('p.parquet', paths('data/a', 'data/b'))),
      ['position-delete p.parquet'],
    ],
    [
      'no position deletes of paths after its own',
      deletes(positions('p.parquet', paths('data/b', 'data/c'))),
      [],
    ],
    [
      'equality deletes of the partition',
      deletes(equality('e.parquet')),
      ['equality-delete e.parquet'],
    ],
    [
      'no equality deletes of its own commit',
      deletes(equality('e.parquet'), { sequenceNumber: 1 }),
      [],
    ],
    [
      'no equality deletes of another partition',
      deletes(equality('e.parquet', { partition: [2] })),
      [],
    ],
    [
      'equality deletes of an unpartitioned spec',
      deletes(equality('e.parquet'), { specId: 0 }),
      ['equality-delete e.parquet'],
    ],
    ['no deleted delete file', deletes(equality('e.parquet', { status: 2 })), []],
  ])('are %s', async (_what, manifest, found) => {
    expect(await deletesOf([A, manifest])).toEqual(found)
  })

  it('drops position deletes where there is a vector, and keeps equality deletes', async () => {
    const entries = [vector('a.parquet'), positions('p.parquet'), equality('e.parquet')]
    const found = await deletesOf([A, { content: 'deletes', entries }])
    expect([...found].sort()).toEqual([
      'deletion-vector vectors.puffin@4',
      'equality-delete e.parquet',
    ])
  })

  it('says where the bitmap lies within the blob, and how many rows it has', async () => {
    const table = await smallTable([A, deletes(vector('a.parquet'))])
    const [file] = await filesOf(await openTable(table))
    expect(file!.deletes[0]).toMatchObject({
      bitmap: { path: `${LOCATION}/data/vectors.puffin`, offset: 8, length: 42 },
      cardinality: 3,
    })
  })

  it.each<[string, SmallManifest, RegExp]>([
    [
      'two vectors of one file',
      { content: 'deletes', entries: [vector('a.parquet'), vector('a.parquet')] },
      /2 deletion vectors/,
    ],
    [
      'a vector without its place',
      deletes(vector('a.parquet', { contentSize: 0 })),
      /place of a deletion vector/,
    ],
    [
      'a vector of fewer rows than none',
      deletes(vector('a.parquet', { recordCount: -3 })),
      /number of rows that a deletion vector/,
    ],
    [
      'a vector of no file',
      deletes({ ...vector('a.parquet'), referencedFile: '' }),
      /without its data file/,
    ],
    [
      'equality deletes without columns',
      deletes({ ...equality('e.parquet'), equalityIds: [] }),
      /without equality_ids/,
    ],
    [
      'a data file among deletes',
      deletes(dataFile('b.parquet', 1)),
      /a data file in a delete manifest/,
    ],
    ['a delete file among data', { entries: [positions('p.parquet')] }, /a delete file/],
  ])('refuses %s', async (_what, manifest, message) => {
    const reading = deletesOf([A, manifest])
    await expect(reading).rejects.toThrow(message)
    await expect(reading).rejects.toSatisfy(
      error => isTableError(error) && error.code === 'TABLE_CORRUPT',
    )
  })
})

describe('deletedCounts', () => {
  it.each<[string, readonly SmallManifest[], readonly number[] | undefined]>([
    ['absent without delete manifests', [A], undefined],
    [
      'absent when all deletes are older',
      [
        { ...A, sequenceNumber: 5, listed: { minSequenceNumber: 5 } },
        deletes(vector('a.parquet'), { sequenceNumber: 2 }),
      ],
      undefined,
    ],
    ['a vector says how many', [A, deletes(vector('a.parquet'))], [3]],
    ['nothing applies', [A, deletes(vector('b.parquet'))], [0]],
    ['position deletes may name a row twice', [A, deletes(positions('p.parquet'))], [Number.NaN]],
    ['equality deletes only tell when read', [A, deletes(equality('e.parquet'))], [Number.NaN]],
  ])('%s', async (_what, manifests, counts) => {
    const snapshot = await openTable(await smallTable(manifests))
    const { live, deletedCounts } = await snapshot.files.handles[0]!.load()
    const found = await deletedCounts?.(live)
    expect(found && [...found]).toEqual(counts)
  })
})

describe('delete manifests', () => {
  it.each<[string, SmallManifest, boolean]>([
    ['of the partition', deletes(positions('p.parquet')), true],
    ['of another partition', deletes(positions('p.parquet', { partition: [2] })), false],
    ['of no partition', deletes(positions('p.parquet', { partition: [null] })), false],
    ['older than the file', deletes(positions('p.parquet'), { sequenceNumber: 0 }), false],
    ['of an unpartitioned spec', deletes(equality('e.parquet'), { specId: 0 }), true],
    [
      'without a summary',
      deletes(positions('p.parquet', { partition: [2] }), { listed: { partitions: [] } }),
      true,
    ],
  ])('are opened only when they can touch the rows asked: %s', async (_what, manifest, opened) => {
    const { store, reads } = recordingStore(await smallTable([A, manifest]))
    await filesOf(await openTable(store))
    expect(reads.includes('m1.avro')).toBe(opened)
  })
})

describe('mayHoldPath', () => {
  const at = (name: string) => `${LOCATION}/data/${name}`
  const root = `${LOCATION}/`

  it.each([
    ['no bounds', { lower: '', upper: '' }, at('a'), true],
    ['its own path', { lower: at('a'), upper: at('a') }, at('a'), true],
    ['a range below the table', { lower: at('b'), upper: at('d') }, at('a'), false],
    ['a range that holds it', { lower: at('a'), upper: at('d') }, at('b'), true],
    ['a range from before a move', { lower: '/old/b', upper: '/old/d' }, at('a'), true],
    ['a range from before a move on', { lower: '/old/b', upper: at('d') }, at('x'), true],
    ['doubled slashes', { lower: at('/b'), upper: at('/d') }, at('x'), true],
  ])('%s: %o', (_what, bounds, path, expected) => {
    expect(mayHoldPath(bounds, path, root)).toBe(expected)
  })

  it('rules nothing out where folders of the table are rebased apart', () => {
    const source = { location: '/x', rebase: [{ from: at('old/'), to: at('new/') }] }
    const bounds = { lower: at('old/a'), upper: at('old/b') }
    expect(mayHoldPath(bounds, at('new/a'), pathRootOf(LOCATION, source))).toBe(true)
  })
})
