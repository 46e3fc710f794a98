import type { ChangeRange, ChangeSet, DataFile } from '@spillway/core'
import { hudiReader } from '@spillway/hudi'
import { duckDb, rowJson, tableRows } from '@spillway/rows'
import { localStore } from '@spillway/storage'
import { keepingCache, spreadOf } from '@spillway/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { cells, exact, type Golden, type Rows, titled, unpackedTables } from './hudi-tables.js'

const store = localStore()
const reader = hudiReader({ store, cache: keepingCache() })
const duckdb = duckDb()
const { locationOf, remove } = unpackedTables()

afterAll(async () => {
  await duckdb.close()
  remove()
})

type Change = ChangeSet['changes'][number]

/** The rows of one side of a change, as the recipient of its file would read them; null in columns it has not yet. */
async function rowsOf({ file, snapshot }: Change, latest: readonly string[]) {
  const columns = latest.filter(name => snapshot!.schema.find([name]) !== undefined)
  const only = async function* (): AsyncGenerator<readonly DataFile[]> {
    yield [file]
  }
  const found = tableRows({ store, duckdb, files: only }).rows(snapshot!, { columns })
  const rows: string[] = []
  for await (const block of found.rows) {
    for (const row of block) {
      const read = rowJson(row, found.fields)
      rows.push(
        cells(latest.map(name => (columns.includes(name) ? read[columns.indexOf(name)] : null))),
      )
    }
  }
  return rows
}

/** A bag of rows: text to how often it is there. */
type Bag = Map<string, number>

function add(bag: Bag, rows: readonly string[], sign: 1 | -1): void {
  for (const row of rows) {
    const count = (bag.get(row) ?? 0) + sign
    if (count === 0) bag.delete(row)
    else bag.set(row, count)
  }
}

const sorted = (bag: Bag) => [...bag].sort(([a], [b]) => (a < b ? -1 : 1))

async function setsOf(table: Golden, range: Pick<ChangeRange, 'kind'> & Partial<ChangeRange>) {
  const { instants } = table
  const [first, last] = [instants[0]!, instants[instants.length - 1]!]
  const sets: ChangeSet[] = []
  const whole = {
    startVersion: BigInt(first.completion),
    endVersion: BigInt(last.completion),
    ...range,
  }
  for await (const set of reader.changes!({ location: await locationOf(table) }, whole)) {
    sets.push(set)
  }
  return sets
}

/** Rows that each write took away and added, by version. */
async function feedOf(table: Golden, kind: ChangeRange['kind'] = 'feed') {
  const columns = table.snapshot.columns.map(({ name }) => name)
  const feed: { version: string; removed: string[]; added: string[] }[] = []
  for (const { version, changes } of await setsOf(table, { kind })) {
    const removed: string[] = []
    const added: string[] = []
    for (const change of changes) {
      const rows = await rowsOf(change, columns)
      if (change.action === 'remove') removed.push(...rows)
      else added.push(...rows)
    }
    feed.push({ version: String(version), removed: removed.sort(), added: added.sort() })
  }
  return feed
}

/** Rows of a version under the latest columns; those of columns that it did not have are null. */
function rowsUnder({ columns, rows }: Rows, latest: Rows): readonly string[] {
  const places = latest.columns.map(({ name }) => columns.findIndex(column => column.name === name))
  return rows.map(row => cells(places.map(place => (place < 0 ? null : row[place]))))
}

/** Columns that were called something else, or were of another type, and cleaned files: those have tests of their own. */
const ODD =
  /schema_on_read|widen|promote|archived|metadata_compacted|savepoint_clean|_types|soft_delete_sev/
const WITHOUT_META = /virtual_keys/
const followed = exact.filter(
  ({ name, versions }) =>
    !ODD.test(name) &&
    !WITHOUT_META.test(name) &&
    Object.values(versions).every(({ error }) => error === undefined),
)

describe('changes of golden Hudi tables', () => {
  it.each(titled(spreadOf(followed, 3)))(
    '%s: leads from every version to the next, row by row',
    async (_, table) => {
      for (const kind of ['feed', 'files'] as const) {
        const bag: Bag = new Map()
        for (const { version, removed, added } of await feedOf(table, kind)) {
          add(bag, removed, -1)
          add(bag, added, 1)
          const wanted: Bag = new Map()
          add(wanted, rowsUnder(table.versions[version] ?? table.snapshot, table.snapshot), 1)
          expect([version, sorted(bag)]).toEqual([version, sorted(wanted)])
        }
      }
    },
  )

  it.each(
    titled(exact.filter(({ name }) => /archived|metadata_compacted|savepoint_clean/.test(name))),
  )(
    '%s: leads from one version to the next, or says that a cleaner was there',
    async (_, table) => {
      const columns = table.snapshot.columns.map(({ name }) => name)
      const known = Object.entries({
        ...table.versions,
        [table.instants[table.instants.length - 1]!.completion]: table.snapshot,
      })
      for (const [i, [version, now]] of known.entries()) {
        const before = known[i - 1]?.[1]
        const range = { startVersion: BigInt(version), endVersion: BigInt(version) }
        const sets = await setsOf(table, { kind: 'feed', ...range }).catch(error => error.code)
        if (sets === 'INVALID_REQUEST') continue
        expect(sets.length).toBe(1)
        // Spark answers versions before a cleaner with older slices, or not at all: only pairs that it knows are compared.
        if (before === undefined || before.error !== undefined || now.error !== undefined) continue
        const bag: Bag = new Map()
        add(bag, rowsUnder(before, table.snapshot), 1)
        for (const change of sets[0]!.changes) {
          add(bag, await rowsOf(change, columns), change.action === 'add' ? 1 : -1)
        }
        const wanted: Bag = new Map()
        add(wanted, rowsUnder(now, table.snapshot), 1)
        expect(sorted(bag)).toEqual(sorted(wanted))
      }
    },
  )

  const named = (name: string) => exact.filter(table => table.name === name)
  const ids = (rows: readonly string[]) => rows.map(row => JSON.parse(row)[0]).join('')

  it.each(titled(named('cow_changes')))(
    '%s: names the rows that changed and no others',
    async (_, table) => {
      const feed = await feedOf(table)
      expect(feed.map(({ removed, added }) => `-${ids(removed)} +${ids(added)}`)).toEqual([
        '- +abcdehi',
        '-a +af',
        '-ch +',
        '- +g',
        '- +',
        '-b +b',
        '-di +z',
      ])
    },
  )

  it.each(titled(named('mor_changes')))(
    '%s: names the rows that logs changed and no others',
    async (_, table) => {
      const feed = await feedOf(table)
      const changes = feed.map(({ removed, added }) => `-${ids(removed)} +${ids(added)}`)
      // When the compaction comes differs between versions of Hudi.
      expect(changes.filter(change => change === '- +').length).toBe(1)
      expect(changes.filter(change => change !== '- +')).toEqual([
        '- +abcdeh',
        '-a +an',
        '-ac +',
        '-d +ad',
        '-dh +dh',
        '-d +z',
        '-z +z',
      ])
    },
  )
})
