import { type ObjectStore, type ReadBudgets, withBudgets } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { deltaAdd, deltaMetadata, deltaTable } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { allFiles } from './support/all-files.js'
import { failure, ID_AND_DAY, LOCATION, openTable, readerOf } from './support/open-table.js'

const COMMIT = `${LOCATION}/_delta_log/00000000000000000001.json`

/** `store`, whose answers about `path` are cut to `lengths`, one after the other, the last for ever. */
function cutting(store: ObjectStore, path: string, lengths: readonly number[]) {
  let asked = 0
  const cut: ObjectStore = {
    ...store,
    async get(name, options) {
      const found = await store.get(name, options)
      if (name !== path || found === undefined) return found
      // Whoever never ends must fail here and not hang.
      if (++asked > 50) throw new Error('asked for ever')
      const length = lengths[Math.min(asked, lengths.length) - 1]!
      return { ...found, bytes: found.bytes.subarray(0, length) }
    },
  }
  return { store: cut, asked: () => asked }
}

async function tableOfTwo() {
  const { store, table } = openTable()
  await table.create(ID_AND_DAY)
  await table.commit(deltaAdd('a.parquet', { partitionValues: { day: '2026-01-01' } }))
  return { store, table }
}

describe('a commit of another length than it was listed with', () => {
  it.each([0, 1, 20])('that answers %d bytes is asked for twice, then refused', async length => {
    const { store } = await tableOfTwo()
    const { store: cut, asked } = cutting(store, COMMIT, [length])
    const { reader, source } = readerOf(cut)
    const { code, message } = await failure(reader.snapshot(source))
    expect([code, message]).toEqual([
      'TABLE_CORRUPT',
      expect.stringMatching(new RegExp(`bytes as the object was listed, found ${length}, twice`)),
    ])
    expect(asked()).toBe(2)
  })

  it('is read where the second answer is whole', async () => {
    const { store } = await tableOfTwo()
    const { reader, source } = readerOf(cutting(store, COMMIT, [0, Number.POSITIVE_INFINITY]).store)
    expect((await allFiles(await reader.snapshot(source))).map(({ path }) => path)).toEqual([
      `${LOCATION}/a.parquet`,
    ])
  })

  it('is refused for its changes and its time too', async () => {
    const { store } = await tableOfTwo()
    const { reader, source } = readerOf(cutting(store, COMMIT, [0]).store)
    const changes = async () => {
      const range = { kind: 'files', startVersion: 1n, endVersion: 1n } as const
      for await (const _ of reader.changes!(source, range));
    }
    expect((await failure(changes())).message).toMatch(/found 0, twice/)
  })
})

async function openedWith(budgets: Partial<ReadBudgets>, store: ObjectStore): Promise<string> {
  const { reader, source } = readerOf(withBudgets(store, budgets))
  const { code, message } = await failure(reader.snapshot(source).then(allFiles))
  return `${code}: ${message}`
}

describe('a Delta table', () => {
  it.each([10_000, 100_000])('of %d columns', async columns => {
    const { store, table } = openTable()
    const fields = Array.from({ length: columns }, (_, i) => ({ name: `c${i}`, type: 'long' }))
    await table.create({ fields })
    expect(await openedWith({}, store)).toMatch(
      columns > 32_768
        ? /^UNSUPPORTED_FEATURE: the schema of 100000 columns: at most 32768 are read; limits\.columns raises that/
        : /^none/,
    )
    expect(await openedWith({ columns: 200_000 }, store)).toMatch(/^none/)
  })

  it('whose lists and maps are columns too', async () => {
    const { store, table } = openTable()
    const list = { type: 'array', elementType: 'long', containsNull: true }
    const map = { type: 'map', keyType: 'string', valueType: list, valueContainsNull: true }
    await table.create({ fields: [{ name: 'm', type: map }] })
    expect(await openedWith({ columns: 3 }, store)).toMatch(/the schema of 4 columns/)
    expect(await openedWith({ columns: 4 }, store)).toMatch(/^none/)
  })

  it('with a line of more bytes than the limit', async () => {
    const { store, table } = await tableOfTwo()
    const tags = { long: 'x'.repeat(17 * 1024 * 1024) }
    await table.commit(deltaAdd('b.parquet', { partitionValues: { day: null }, tags }))
    // Files of up to 16 MiB are read at once: what is held of a longer one is its line.
    expect(await openedWith({ lineBytes: 1024 * 1024 }, store)).toMatch(
      /^UNSUPPORTED_FEATURE: the action on line 1 of \d+ bytes: at most 1048576 are read; limits\.lineBytes raises that/,
    )
    expect(await openedWith({}, store)).toMatch(/^none/)
  })

  it('whose schema nests a million levels', async () => {
    const store = memoryStore()
    const table = deltaTable(store, LOCATION)
    const schemaString = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`
    const { metaData } = deltaMetadata({ fields: [] }) as { metaData: Record<string, unknown> }
    await table.commit(
      { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
      { metaData: { ...metaData, schemaString } },
    )
    expect(await openedWith({}, store)).toMatch(
      /^UNSUPPORTED_FEATURE: a document of \d+ levels: at most 500 are read; limits\.documentDepth/,
    )
  })

  it('whose row id has a million digits', async () => {
    const { store, table } = await tableOfTwo()
    const add = JSON.stringify(
      deltaAdd('b.parquet', { partitionValues: { day: null }, baseRowId: 7 }),
    )
    const line = add.replace('"baseRowId":7', `"baseRowId":${'7'.repeat(1_000_000)}`)
    await table.writeLog('00000000000000000002.json', line)
    expect(await openedWith({}, store)).toMatch(/^TABLE_CORRUPT: line 1 .* expected a whole number/)
  })
})
