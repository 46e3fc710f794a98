import {
  BytesBuilder,
  type DataFile,
  type DeleteFile,
  type TableSource,
  tableRoots,
} from '@spillway/core'
import { expect, it } from 'vitest'
import { createEngine } from '../../src/index.js'
import { unprovenRows } from '../../src/roots/path-kernels.js'
import {
  dataFile,
  LOCATION,
  scriptedReader,
  scriptedSigner,
  snapshotOf,
  type TableOptions,
} from '../support/table.js'

const ACCEPTS = { features: new Set(['deletionVectors']), inlineVectorBytes: 64 }
const ELSEWHERE = 'file:///archive/orders'

/** How many files were signed before the answer ended, and how it did. */
async function signed(table: TableOptions, source: Partial<TableSource> = {}) {
  const opened: string[] = []
  const engine = createEngine({
    readers: [scriptedReader(table)],
    signers: [scriptedSigner()],
    fileShapes: {
      async of(files) {
        opened.push(...files.map(({ path }) => path))
        return files.map(() => ({ columns: [], hasFieldIds: false }))
      },
    },
  })
  const snapshot = snapshotOf({ location: LOCATION, ...source }, table)
  let files = 0
  try {
    for await (const batch of engine.signedFiles(snapshot, { accepts: ACCEPTS })) {
      files += batch.length
    }
  } catch (error) {
    return { files, opened, error: error as Error }
  }
  return { files, opened, error: undefined }
}

const many = (count: number, name: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => dataFile(name(index)))

it('refuses before the first file, however late the outside one comes, with the line to add', async () => {
  const outside = [dataFile(`${ELSEWHERE}/day=1/x`), dataFile(`${ELSEWHERE}/day=2/y`)]
  const { files, error } = await signed({ files: [...many(5000, i => `f${i}`), ...outside] })
  expect(files).toBe(0)
  expect(error).toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
    context: { files: 2, path: `${ELSEWHERE}/day=1/x` },
    message: expect.stringContaining('auxiliaryLocations: [file:///archive/orders/]'),
  })
})

it('keeps the locations that are listed already in the line to add', async () => {
  const table = { files: [dataFile('s3://a/x'), dataFile('s3://b/my t/y')] }
  const { error } = await signed(table, { auxiliaryLocations: ['s3://a'] })
  expect(error?.message).toContain('auxiliaryLocations: [s3://a, "s3://b/my t/"]')
})

it('sends them once they are listed', async () => {
  const table = { files: [dataFile('a'), dataFile(`${ELSEWHERE}/x`)] }
  expect(await signed(table, { auxiliaryLocations: [ELSEWHERE] })).toMatchObject({ files: 2 })
})

it.each<readonly [string, Partial<DataFile>]>([
  ['a vector', { deletes: [vectorAt(`${ELSEWHERE}/dv.bin`)] }],
  ['a position delete', { deletes: [{ ...deleteAt(`${ELSEWHERE}/d`) }] }],
  ['a log', { logFiles: [{ path: `${ELSEWHERE}/l.log`, size: 1 }] }],
])('refuses %s that lies outside', async (_, given) => {
  const { files, error } = await signed({
    files: [...many(100, i => `f${i}`), dataFile('z', given)],
  })
  expect(files).toBe(0)
  expect(error?.message).toContain('auxiliaryLocations: [file:///archive/orders/]')
})

it('opens nothing that lies outside', async () => {
  const table = { files: [dataFile('a'), dataFile(`${ELSEWHERE}/x`)] }
  const { opened, error } = await signed({ ...table, more: { shapesFrom: 'footers' } })
  expect(opened).toEqual([])
  expect(error?.message).toContain('auxiliaryLocations')
})

it('does not take two configurations of one table for the same snapshot', async () => {
  const reader = scriptedReader({ files: [] })
  const engine = createEngine({ readers: [reader], signers: [] })
  const open = { location: LOCATION, auxiliaryLocations: [ELSEWHERE] }
  expect((await engine.snapshot(open)).source).toBe(open)
  expect((await engine.snapshot({ location: LOCATION })).source.auxiliaryLocations).toBeUndefined()
  const redacted = { location: LOCATION, redactDropped: 'refuse' } as const
  expect((await engine.snapshot(redacted)).source).toBe(redacted)
})

it('finds the rows that only resolving tells of, among all spellings', async () => {
  const paths = [
    's3://b/t/a',
    's3a://b/t/b',
    's3://b/t2/c',
    's3://b/t/.hidden/d',
    's3://b/t/../e',
    's3://b/t/%2e%2e/f',
    's3n://c/u/g',
    's3://b/t/x/..',
    's3://b/t/\0',
    's3://b/t/day=1%2F2/h',
    's3://b/t/day=1%3A2/i',
    'day=1/j',
    'run:1/k',
    'l',
    '../m',
    'day=%2e%2e/n',
    '/o',
    'hdfs://old/t/p',
    'a/./q',
    'a/.r',
    'day=%3A/s',
    's3://b/t3/t',
  ]
  const path = new BytesBuilder()
  for (const each of paths) path.append(each)
  const more = {
    auxiliaryLocations: ['s3://c/u'],
    rebase: [{ from: 'hdfs://old/t/', to: 's3://b/t' }],
  }
  const roots = tableRoots({ location: 's3://b/t', ...more })
  const unproven = await unprovenRows({ path: path.finish(), length: paths.length }, roots)
  expect(Array.from(unproven, row => paths[row])).toEqual([
    's3://b/t2/c',
    's3://b/t/.hidden/d',
    's3://b/t/../e',
    's3://b/t/%2e%2e/f',
    's3://b/t/x/..',
    's3://b/t/\0',
    's3://b/t/day=1%2F2/h',
    'run:1/k',
    '../m',
    'day=%2e%2e/n',
    '/o',
    'a/./q',
    'a/.r',
    's3://b/t3/t',
  ])
})

function vectorAt(path: string): DeleteFile {
  return {
    kind: 'deletion-vector',
    id: 'v',
    bitmap: { path, offset: 1, length: 9 },
    cardinality: 1,
  }
}

function deleteAt(path: string): DeleteFile {
  return { kind: 'position-delete', path, fileFormat: 'parquet', size: 1 }
}
