import { eq, isNull, type Predicate, type Snapshot, type SnapshotRef } from '@spillway/core'
import { hudiReader } from '@spillway/hudi'
import { planScan } from '@spillway/planner'
import { duckDb, rowJson, tableRows } from '@spillway/rows'
import { localStore } from '@spillway/storage'
import { keepingCache, spreadOf } from '@spillway/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import {
  cells,
  exact,
  expected,
  type Golden,
  PARTIAL,
  type Rows,
  tables,
  titled,
  unpackedTables,
} from './hudi-tables.js'

const store = localStore()
const reader = hudiReader({ store, cache: keepingCache() })
const duckdb = duckDb()
const rows = tableRows({ store, duckdb, files: plannedFiles })
const { locationOf, remove } = unpackedTables()

afterAll(async () => {
  await duckdb.close()
  remove()
})

async function* plannedFiles(snapshot: Snapshot, where?: Predicate) {
  for await (const { files, selection } of planScan(snapshot, where ? { predicate: where } : {})) {
    yield files.files(selection)
  }
}

async function read(
  table: Golden,
  wanted: Rows,
  options: { readonly at?: SnapshotRef; readonly view?: 'read-optimized' } = {},
): Promise<readonly string[]> {
  const { at, view } = options
  const source = { location: await locationOf(table), ...(view && { view }) }
  const snapshot = await reader.snapshot(source, at === undefined ? {} : { at })
  const columns = wanted.columns.map(({ name }) => name)
  const found = rows.rows(snapshot, { columns })
  const read: string[] = []
  for await (const block of found.rows) {
    for (const row of block) read.push(cells(rowJson(row, found.fields)))
  }
  return read.sort()
}

describe('golden Hudi tables', () => {
  it.each(titled(spreadOf(exact, 10)))(
    '%s: has the rows of the snapshot query of Spark',
    async (_, table) => {
      expect(await read(table, table.snapshot)).toEqual(expected(table.snapshot))
    },
  )

  it.each(
    titled(
      spreadOf(
        tables.filter(table => table.readOptimized?.error === undefined && table.readOptimized),
        6,
      ),
    ),
  )('%s: has the rows of the read-optimized query of Spark', async (_, table) => {
    const wanted = table.readOptimized!
    expect(await read(table, wanted, { view: 'read-optimized' })).toEqual(expected(wanted))
  })

  it.each(titled(spreadOf(exact, 3)))(
    '%s: finds every row by the values of its columns',
    async (_, table) => {
      const snapshot = await reader.snapshot({ location: await locationOf(table) })
      const { columns, rows: all } = table.snapshot
      const found: Record<string, bigint> = {}
      const wanted: Record<string, bigint> = {}
      for (const [i, { name, type }] of columns.entries()) {
        if (!['string', 'double', 'boolean'].includes(type)) continue
        for (const value of new Set(all.map(row => row[i] as string | number | boolean | null))) {
          const where = value === null ? isNull(name) : eq(name, value)
          found[`${name} ${value}`] = await rows.count(snapshot, where)
          wanted[`${name} ${value}`] = BigInt(all.filter(row => row[i] === value).length)
        }
      }
      expect(found).toEqual(wanted)
    },
  )

  const versions = exact.flatMap(table =>
    Object.entries(table.versions).map(
      ([version, wanted]) => [table.archive, version, { table, wanted }] as const,
    ),
  )
  it.each(spreadOf(versions, 6))(
    '%s: has the rows of version %s, or refuses it',
    async (archive, version, { table, wanted }) => {
      const reading = read(table, wanted.error === undefined ? wanted : table.snapshot, {
        at: { kind: 'version', version: BigInt(version) },
      })
      // Where a cleaner took files away Spark answers with older slices, or fails; renamed columns read as null there.
      if (wanted.error !== undefined || /savepoint_clean|archived/.test(archive)) {
        const outcome = await reading.catch(error => error.code)
        // What the generator had written by then.
        const whole = /metadata_compacted/.test(archive) ? 16 : 5
        expect(outcome === 'INVALID_REQUEST' || outcome.length === whole).toBe(true)
      } else if (/schema_on_read/.test(archive)) {
        expect((await reading).length).toBe(wanted.rows.length)
      } else expect(await reading).toEqual(expected(wanted))
    },
  )

  it.each(titled(PARTIAL))(
    '%s: refuses to merge columns of one row from several records',
    async (_, table) => {
      await expect(read(table, table.readOptimized!)).rejects.toMatchObject({
        code: 'UNSUPPORTED_FEATURE',
        message: expect.stringMatching(/PartialUpdateAvroPayload|partial updates/),
      })
    },
  )

  it.each([
    ['cow_promote_types', ['typeWidening']],
    ['mor_promote_types', ['typeWidening']],
    ['cow_schema_on_read', ['schemaOnRead']],
    ['cow_schema_on_read_types', ['schemaOnRead', 'typeWidening']],
    ['mor_add_column', []],
  ])('%s: says what readers must know of its older files', async (name, features) => {
    for (const table of tables.filter(each => each.name === name)) {
      const snapshot = await reader.snapshot({ location: await locationOf(table) })
      expect([table.archive, [...snapshot.features].sort()]).toEqual([table.archive, features])
    }
  })

  it.each(titled(tables.filter(({ refused }) => refused !== undefined)))(
    '%s: is refused by the name of what it is',
    async (_, table) => {
      const source = { location: await locationOf(table) }
      await expect(reader.snapshot(source)).rejects.toMatchObject({
        code: 'UNSUPPORTED_FEATURE',
        message: expect.stringContaining(table.refused!),
      })
    },
  )
})
