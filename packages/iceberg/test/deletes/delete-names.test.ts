import type { DataFile, TableSource } from '@spillway/core'
import { keepingCache, type ManifestEntry } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { icebergReader } from '../../src/index.js'
import {
  filesOf,
  LOCATION,
  recordingStore,
  type SmallManifest,
  smallTable,
} from '../support/small-table.js'

const data = (path: string): ManifestEntry => ({ path, partition: [1], recordCount: 9, size: 9 })

const deleting: ManifestEntry = {
  ...data(`${LOCATION}/data/deletes.parquet`),
  content: 1,
}

interface Case {
  readonly files: readonly string[]
  /** Paths that a position delete file of the partition holds. */
  readonly named: readonly string[]
  readonly rebase?: TableSource['rebase']
  readonly more?: readonly SmallManifest[]
}

async function open({ files, rebase, more = [] }: Omit<Case, 'named'>) {
  const manifests = files.map(path => ({ entries: [data(path)] }))
  const deletes = { content: 'deletes', entries: [deleting] } as const
  const { store, reads } = recordingStore(await smallTable([...manifests, deletes, ...more]))
  const reader = icebergReader({ store, cache: keepingCache() })
  const snapshot = await reader.snapshot({ location: LOCATION, ...(rebase && { rebase }) })
  return { snapshot, reads }
}

/** Which of the first file's rows a reader that has only it finds deleted: the paths that mean it. */
async function meaning(each: Case): Promise<readonly string[]> {
  const { snapshot } = await open(each)
  const [first] = await filesOf(snapshot)
  return [...(await match(first!, each.named)).keys()]
}

function match(file: DataFile, named: readonly string[]) {
  const found = file.deletes.find(({ kind }) => kind === 'position-delete')
  if (found?.kind !== 'position-delete') throw new Error('no position delete applies')
  return found.match!(named, [file])
}

const at = (name: string) => `${LOCATION}/${name}`

describe('a path that a position delete holds', () => {
  it.each<[string, Case, readonly string[]]>([
    [
      'means the file that is recorded so',
      { files: [at('data/a')], named: [at('data/a'), at('data/b')] },
      [at('data/a')],
    ],
    [
      'means no file that only ends alike, where there is one recorded so',
      { files: [at('h/p=1/0'), 's3://aux/h/p=1/0'], named: ['s3://aux/h/p=1/0'] },
      [],
    ],
    [
      'means a file by another name of its scheme',
      { files: ['s3://b/x/a'], named: ['s3a://b/x/a', 's3n://b/x/a'] },
      ['s3a://b/x/a', 's3n://b/x/a'],
    ],
    [
      'means a file of this machine in every spelling',
      { files: ['file:/x/a'], named: ['/x/a', 'file:///x/a', 'FILE://localhost/x/a'] },
      ['/x/a', 'file:///x/a', 'FILE://localhost/x/a'],
    ],
    [
      'means a file of the default file system',
      { files: ['/x/a'], named: ['hdfs://namenode:8020/x/a', 'hdfs:/x/a'] },
      ['hdfs://namenode:8020/x/a', 'hdfs:/x/a'],
    ],
    [
      'means a file of Azure by either of its endpoints',
      {
        files: ['abfss://c@a.dfs.core.windows.net/x/a'],
        named: ['wasbs://c@a.blob.core.windows.net/x/a'],
      },
      ['wasbs://c@a.blob.core.windows.net/x/a'],
    ],
    [
      'means no file of the same spelling, where another is recorded just so',
      { files: ['s3://b/x/a', 's3a://b/x/a'], named: ['s3a://b/x/a'] },
      [],
    ],
    [
      'means the file that rebase rules lead to',
      {
        files: ['s3://new/t/data/a'],
        named: ['hdfs://old/wh/data/a'],
        rebase: [
          { from: 's3://new/t/', to: '' },
          { from: 'hdfs://old/wh/', to: '' },
        ],
      },
      ['hdfs://old/wh/data/a'],
    ],
    [
      'means a file of a table that was moved as a whole',
      { files: [at('data/a')], named: ['hdfs://old/wh/t/data/a', 'hdfs://old/wh/t/data/b'] },
      ['hdfs://old/wh/t/data/a'],
    ],
    [
      'means a file that is gone, where none ends alike',
      { files: [at('data/a')], named: [at('data/b'), '/old/data/c', at('x/a')] },
      [],
    ],
    [
      'means a file of the table that is gone, whatever last name others have',
      { files: [at('p=1/0')], named: [at('p=2/0')] },
      [],
    ],
  ])('%s', async (_what, each, expected) => {
    expect(await meaning(each)).toEqual(expected)
  })

  const range = (lower: string, upper: string) => {
    const bound = (path: string) => new Map([[2147483546, new TextEncoder().encode(path)]])
    return { ...deleting, lower: bound(lower), upper: bound(upper) }
  }
  const deletes = (entry: ManifestEntry): SmallManifest => ({
    content: 'deletes',
    entries: [entry],
  })

  it.each<[string, Case]>([
    ['two files end alike', { files: [at('h/0'), 's3://aux/h/0'], named: ['/old/h/0'] }],
    ['a file outside the table ends alike', { files: ['s3://aux/h/0'], named: ['/old/h/0'] }],
    ['the file it was moved to is outside', { files: ['s3://aux/h/0'], named: [at('h/0')] }],
    [
      'not all files lie below the table',
      { files: [at('h/0'), 's3://aux/other'], named: ['/old/h/0'] },
    ],
    [
      'another delete was written after the move',
      {
        files: [at('h/0')],
        named: ['/old/h/0'],
        more: [deletes(range(at('h/a'), at('h/b')))],
      },
    ],
    [
      'its folder was one of the table',
      {
        files: [at('h/0')],
        named: ['/old/h/0'],
        more: [{ entries: [{ ...data('/old/h/1'), status: 2 }] }],
      },
    ],
  ])('is refused with both paths where %s', async (_what, each) => {
    const ask = meaning(each)
    await expect(ask).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
    await expect(ask).rejects.toThrow(each.named[0])
    await expect(ask).rejects.toThrow(each.files[0])
  })

  it('is looked for in other manifests only where no file is recorded so and one ends alike', async () => {
    const { snapshot, reads } = await open({ files: [at('h/0'), at('h/1'), 's3://aux/h/0'] })
    const [file] = await (await snapshot.files.handles[0]!.load()).files(Uint32Array.of(0))
    await match(file!, [at('h/0'), at('h/1'), '/old/x'])
    expect(reads.filter(name => /^m[12]/.test(name))).toEqual([])
    await match(file!, ['s3://aux/h/0'])
    expect(reads.filter(name => /^m[12]/.test(name))).toEqual(['m1.avro', 'm2.avro'])
  })

  it('means every listing of a file that is listed twice', async () => {
    const { snapshot } = await open({ files: [at('data/a'), at('data/a')] })
    const files = await filesOf(snapshot)
    const [found] = files[0]!.deletes
    if (found?.kind !== 'position-delete') throw new Error('no position delete applies')
    const matched = await found.match!([at('data/a'), 's3a://bucket/table/data/a'], files)
    expect([...matched.values()]).toEqual([
      [0, 1],
      [0, 1],
    ])
  })
})

describe('the data file that a delete is for', () => {
  const puffin = (referencedFile: string): ManifestEntry => ({
    ...deleting,
    path: at('data/v.puffin'),
    format: 'PUFFIN',
    referencedFile,
    contentOffset: 4,
    contentSize: 50,
  })
  const bounded = (path: string): ManifestEntry => {
    const bound = new Map([[2147483546, new TextEncoder().encode(path)]])
    return { ...deleting, lower: bound, upper: bound }
  }

  it.each([
    ['a deletion vector', puffin],
    ['a position delete that says so', (path: string) => ({ ...deleting, referencedFile: path })],
    ['a position delete whose bounds say so', bounded],
  ])('is found the same way: %s', async (_what, entry) => {
    const applied = async (files: readonly string[], named: string) => {
      const manifests = [
        ...files.map(path => ({ entries: [data(path)] })),
        { content: 'deletes', entries: [entry(named)] } as const,
      ]
      const reader = icebergReader({ store: await smallTable(manifests), cache: keepingCache() })
      const found = await filesOf(await reader.snapshot({ location: LOCATION }))
      return found.map(file => file.deletes.length)
    }
    const twins = [at('h/p=1/0'), 's3://aux/h/p=1/0']
    expect(await applied(twins, twins[1]!)).toEqual([0, 1])
    expect(await applied(twins, 's3a://aux/h/p=1/0')).toEqual([0, 1])
    expect(await applied([at('h/p=1/0')], 'hdfs://old/t/h/p=1/0')).toEqual([1])
    expect(await applied([at('h/p=1/0')], at('h/p=2/0'))).toEqual([0])
    await expect(applied(twins, 's3://third/h/p=1/0')).rejects.toThrow(/cannot be told/)
  })
})
