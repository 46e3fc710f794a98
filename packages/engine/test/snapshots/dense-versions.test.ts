import { expect, it } from 'vitest'
import { denseVersions } from '../../src/snapshots/dense-versions.js'
import { dataFile, LOCATION, scriptedReader } from '../support/table.js'

const INSTANTS = [20260101000000000n, 20260102000000000n, 20260103000000000n]
const SOURCE = { location: LOCATION }

function setUp() {
  const reader = scriptedReader({ files: [dataFile('a')], version: INSTANTS[2]! })
  const lists = { read: 0, versions: INSTANTS }
  const dense = denseVersions({
    ...reader,
    async versions() {
      lists.read++
      return lists.versions
    },
    async *changes(_, range) {
      for (const version of lists.versions) {
        if (version < range.startVersion || version > range.endVersion) continue
        yield { version, timestamp: 0, changes: [] }
      }
    },
  })
  return { reader, dense, lists }
}

it('leaves a reader that counts its commits as it is', () => {
  const reader = scriptedReader({ files: [] })
  expect(denseVersions(reader)).toBe(reader)
})

it('counts instants from 1, in both directions', async () => {
  const { dense, reader } = setUp()
  expect((await dense.resolve(SOURCE, { kind: 'latest' })).version).toBe(3n)
  const snapshot = await dense.snapshot(SOURCE, { at: { kind: 'version', version: 2n } })
  expect(snapshot.version).toBe(2n)
  expect(reader.calls.at(-1)).toBe('snapshot version 20260102000000000')
})

it('reads the list again only for a version it does not know', async () => {
  const { dense, lists, reader } = setUp()
  await dense.resolve(SOURCE, { kind: 'latest' })
  await dense.snapshot(SOURCE)
  expect(lists.read).toBe(1)
  lists.versions = [...INSTANTS, 20260104000000000n]
  reader.table = { ...reader.table, version: 20260104000000000n }
  expect((await dense.resolve(SOURCE, { kind: 'latest' })).version).toBe(4n)
  expect(lists.read).toBe(2)
})

it('refuses a number that no version has', async () => {
  const { dense } = setUp()
  const at = { kind: 'version', version: 4n } as const
  await expect(dense.snapshot(SOURCE, { at })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

it('hands a reader its own earlier snapshot, and the same snapshot out again', async () => {
  const { reader } = setUp()
  const seen: unknown[] = []
  const kept = await reader.snapshot(SOURCE)
  const dense = denseVersions({
    ...reader,
    versions: async () => INSTANTS,
    async snapshot(_, options) {
      seen.push(options?.previous)
      return kept
    },
  })
  const first = await dense.snapshot(SOURCE)
  expect(await dense.snapshot(SOURCE, { previous: first })).toBe(first)
  expect(seen).toEqual([undefined, kept])
})

it('numbers a range of changes', async () => {
  const { dense } = setUp()
  const versions: bigint[] = []
  const range = { startVersion: 2n, endVersion: 3n, kind: 'feed' } as const
  for await (const set of dense.changes!(SOURCE, range)) versions.push(set.version)
  expect(versions).toEqual([2n, 3n])
})

it('a table that was never written to is at version 0', async () => {
  const { reader } = setUp()
  const empty = denseVersions({
    ...reader,
    versions: async () => [],
    resolve: async () => ({ version: 0n, timestamp: 0 }),
  })
  expect((await empty.resolve(SOURCE, { kind: 'latest' })).version).toBe(0n)
})
