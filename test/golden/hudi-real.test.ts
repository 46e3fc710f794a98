import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  type ChangeSet,
  type DataFile,
  eq,
  type Predicate,
  type Snapshot,
  type TableSource,
} from '@spillway/core'
import { hudiReader } from '@spillway/hudi'
import { planScan } from '@spillway/planner'
import { duckDb, rowJson, tableRows } from '@spillway/rows'
import { localStore } from '@spillway/storage'
import { keepingCache, spreadOf } from '@spillway/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { cells } from './hudi-tables.js'

interface Case {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  readonly rebase?: readonly { readonly from: string; readonly to: string }[]
}

const folder = fileURLToPath(new URL('../fixtures/real/hudi/', import.meta.url))
const cases = readdirSync(folder).map(
  name => JSON.parse(readFileSync(`${folder}${name}/expect.json`, 'utf8')) as Case,
)
const titled = (list: readonly Case[]) => list.map(each => [each.name, each] as const)

const store = localStore()
const reader = hudiReader({ store, cache: keepingCache() })
const duckdb = duckDb()
afterAll(() => duckdb.close())

function sourceOf({ name, rebase }: Case): TableSource {
  return {
    location: `file://${folder}${name}/table`,
    ...(rebase && {
      rebase: rebase.map(({ from, to }) => ({ from, to: `file://${folder}${name}/${to}` })),
    }),
  }
}

async function* planned(snapshot: Snapshot, where?: Predicate) {
  for await (const { files, selection } of planScan(snapshot, where ? { predicate: where } : {})) {
    yield files.files(selection)
  }
}

async function rowsOf(
  snapshot: Snapshot,
  files: Parameters<typeof tableRows>[0]['files'] = planned,
): Promise<readonly string[]> {
  const found = tableRows({ store, duckdb, files }).rows(snapshot)
  const rows: string[] = []
  for await (const block of found.rows) {
    for (const row of block) rows.push(text(rowJson(row, found.fields)))
  }
  return rows.sort()
}

/** 64-bit integers are text in our rows, and numbers in the files of expectations. */
function text(row: unknown): string {
  return cells(JSON.parse(JSON.stringify(row, (_, v) => (typeof v === 'number' ? String(v) : v))))
}

/** Its reader changes the first row of a key that is there twice, and its compaction all of them. */
const REWRITTEN = 'dups-compacted-v6'

describe('tables that Hudi bootstrapped, with duplicate keys, or without a schema in their commits', () => {
  it.each(titled(spreadOf(cases, 20)))(
    '%s: has the rows that Hudi of its version reads',
    async (_, table) => {
      const snapshot = await reader.snapshot(sourceOf(table))
      expect(snapshot.schema.fields.map(({ name }) => name)).toEqual(table.columns)
      expect(await rowsOf(snapshot)).toEqual(table.rows.map(text).sort())
    },
  )

  it.each(titled(spreadOf(cases, 5)))(
    '%s: its changes lead from version to version',
    async (_, table) => {
      const source = sourceOf(table)
      const versions = await reader.versions!(source)
      for (const kind of ['files', 'feed'] as const) {
        const range = {
          startVersion: versions[0]!,
          endVersion: versions[versions.length - 1]!,
          kind,
        }
        const bag = new Map<string, number>()
        for await (const { version, changes } of reader.changes!(source, range)) {
          for (const change of changes) await apply(change, bag)
          const at = await reader.snapshot(source, { at: { kind: 'version', version } })
          // What Hudi itself changed by compacting is in no write's metadata.
          if (table.name === REWRITTEN && version === range.endVersion) continue
          expect([version, spread(bag, table)]).toEqual([version, padded(await rowsOf(at), table)])
        }
      }
    },
  )
})

describe('bootstrapped tables', () => {
  it('are pruned by the footers of their source files, and by folders', async () => {
    const table = cases.find(({ name }) => name === 'boot-nested-v6')!
    const snapshot = await reader.snapshot(sourceOf(table))
    const kept = async (name: string, value: string) => {
      let count = 0
      for await (const { selection } of planScan(snapshot, { predicate: eq(name, value) })) {
        count += selection.length
      }
      return count
    }
    expect([
      await kept('id', 'e'),
      await kept('id', 'zz'),
      await kept('region', 'us'),
      await kept('day', '2'),
    ]).toEqual([1, 0, 2, 2])
  })
})

async function apply(
  { action, file, snapshot }: ChangeSet['changes'][number],
  bag: Map<string, number>,
): Promise<void> {
  const only = async function* (): AsyncGenerator<readonly DataFile[]> {
    yield [file]
  }
  for (const row of await rowsOf(snapshot!, only)) {
    bag.set(row, (bag.get(row) ?? 0) + (action === 'add' ? 1 : -1))
  }
}

function spread(bag: ReadonlyMap<string, number>, table: Case): readonly string[] {
  const rows = [...bag].flatMap(([row, count]) => Array<string>(Math.max(0, count)).fill(row))
  return padded(rows, table)
}

/** Rows of before a column was there have null in it. */
function padded(rows: readonly string[], { columns }: Case): readonly string[] {
  return rows
    .map(row => {
      const values = JSON.parse(row) as readonly unknown[]
      return JSON.stringify([...values, ...Array(columns.length - values.length).fill(null)])
    })
    .sort()
}
