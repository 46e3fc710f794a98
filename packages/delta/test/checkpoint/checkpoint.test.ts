import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  type ColumnStats,
  compareValues,
  type DataType,
  leafOf,
  readString,
  readValue,
  type Snapshot,
  statsLeaves,
} from '@spillway/core'
import { localStore, memoryStore } from '@spillway/storage'
import { keepingCache } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { deltaReader } from '../../src/index.js'
import { nameOf } from '../../src/log/log-path.js'
import { allFiles } from '../support/all-files.js'

const golden = fileURLToPath(new URL('../../../../test/fixtures/delta/', import.meta.url))
// Tables of other projects, beside the repository; not everybody has them.
const others = fileURLToPath(new URL('../../../../../shared/fixtures/delta/', import.meta.url))

interface Table {
  readonly name: string
  readonly folder: string
}

function tablesIn(root: string): Table[] {
  if (!existsSync(root)) return []
  return readdirSync(root, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(`${root}${entry.name}/_delta_log`))
    .map(entry => ({ name: entry.name, folder: `${root}${entry.name}` }))
}

const isCheckpoint = (name: string) => name.includes('.checkpoint.') && !name.startsWith('.')

/** Tables with a checkpoint and every commit since the first, so that both ways to the latest version exist. */
const candidates = [...tablesIn(golden), ...tablesIn(others)].filter(({ folder }) => {
  const names = readdirSync(`${folder}/_delta_log`)
  const commits = names.filter(name => /^\d{20}\.json$/.test(name)).length
  const last = names
    .filter(name => /^\d{20}\.json$/.test(name))
    .sort()
    .at(-1)
  return names.some(isCheckpoint) && last !== undefined && Number(last.slice(0, 20)) === commits - 1
})

/** Tables that are refused, as others test, have nothing to compare. */
const refused = /^(drs-err|neg-|golden-deltalog|golden-corrupted)/
const doubled = candidates.filter(table => !refused.test(table.name))

const open = (folder: string) =>
  deltaReader({ store: localStore(), cache: keepingCache() }).snapshot({
    location: `file://${folder.replace(/\/$/, '')}`,
  })

/** The same table without its checkpoints. */
async function openCommits(folder: string): Promise<Snapshot> {
  const location = `file://${folder}`
  const store = memoryStore()
  for (const name of readdirSync(`${folder}/_delta_log`)) {
    if (!/^\d{20}\.json$/.test(name)) continue
    await store.put(`${location}/_delta_log/${name}`, readFileSync(`${folder}/_delta_log/${name}`))
  }
  return deltaReader({ store, cache: keepingCache() }).snapshot({ location })
}

/** What a snapshot proves about each file: bounds and what columns hold, by path and column. */
async function statistics(snapshot: Snapshot): Promise<Map<string, Record<string, unknown>>> {
  const paths = [...statsLeaves(snapshot.schema.fields)]
  const found = new Map<string, Record<string, unknown>>()
  for (const handle of snapshot.files.handles) {
    const { batch, live } = await handle.load()
    const stats = await batch.readStats(paths, live)
    for (const row of live) {
      const columns = paths.map(path => {
        const { id, type } = leafOf(path)
        const name = path.map(field => field.name).join('.')
        return [name, (stats.columns.get(id) ?? []).map(column => factsOf(column, row, type))]
      })
      found.set(readString(batch.path, row), {
        records: stats.recordCount[row],
        ...Object.fromEntries(columns),
      })
    }
  }
  return found
}

function factsOf(column: ColumnStats, row: number, type: DataType) {
  return {
    holds: column.holds?.[row],
    nulls: column.nullCount?.[row],
    lower: column.lower && readValue(column.lower, row, type),
    upper: column.upper && readValue(column.upper, row, type),
  }
}

/** Checkpoints of these were made on purpose to hold other metadata or fewer statistics than the commits. */
const DIFFERS = new Set([
  'krs-parquet_row_group_skipping',
  'golden-data-skipping-change-stats-collected-across-versions',
])

describe('a table through its checkpoint', () => {
  it.each(doubled.map(table => [table.name, table.folder]))(
    '%s has the files, partitions and raw statistics that its commits have',
    async (name, folder) => {
      const [checkpoint, commits] = [await open(folder), await openCommits(folder)]
      const facts = async (snapshot: Snapshot) =>
        (await allFiles(snapshot))
          .map(({ bounds: _, delta, ...file }) => ({
            ...file,
            partitionValues: delta?.partitionValues,
            tags: delta?.tags,
            rowVersion: delta?.defaultRowCommitVersion,
          }))
          .sort((a, b) => (a.path < b.path ? -1 : 1))
      const [left, right] = [await facts(checkpoint), await facts(commits)]
      const counts = ({ recordCount: _, ...file }: (typeof left)[number]) => file
      expect(left.map(counts)).toEqual(right.map(counts))
      if (DIFFERS.has(name)) return
      expect(checkpoint.schema.fields).toEqual(commits.schema.fields)
      expect([...checkpoint.features]).toEqual([...commits.features])
      expect(left.filter(file => file.recordCount !== undefined).length).toBeLessThanOrEqual(
        right.filter(file => file.recordCount !== undefined).length,
      )
    },
  )

  it.each(doubled.map(table => [table.name, table.folder]))(
    '%s proves nothing that its commits do not prove',
    async (_, folder) => {
      const [checkpoint, commits] = [
        await statistics(await open(folder)),
        await statistics(await openCommits(folder)),
      ]
      for (const [path, columns] of checkpoint) {
        expect(known(columns), path).toEqual(known(commits.get(path)!, columns))
      }
    },
  )

  it.each([...tablesIn(golden), ...tablesIn(others)].map(table => [table.name, table.folder]))(
    '%s: what footers say about a row group holds for each of its files',
    async (_, folder) => {
      const snapshot = await open(folder).catch(() => undefined)
      if (snapshot === undefined) return
      const { summaries, handles } = snapshot.files
      expect(summaries.length).toBe(handles.length)
      for (const [index, handle] of handles.entries()) {
        const { batch, live } = await handle.load()
        expect(handle.fileCount ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(live.length)
        for (const path of statsLeaves(snapshot.schema.fields)) {
          const { id, type } = leafOf(path)
          const [summary] = summaries.columns.get(id) ?? []
          if (summary === undefined) continue
          const stats = await batch.readStats([path], live)
          const group = factsOf(summary, index, type)
          for (const row of live) {
            for (const column of stats.columns.get(id) ?? []) {
              expectWithin(factsOf(column, row, type), group)
            }
          }
        }
      }
    },
  )
})

/** A file's bounds lie within its row group's. */
function expectWithin(file: ReturnType<typeof factsOf>, group: ReturnType<typeof factsOf>): void {
  if (file.lower != null && group.lower != null) {
    expect(compareValues(group.lower, file.lower)).toBeLessThanOrEqual(0)
  }
  if (file.upper != null && group.upper != null) {
    expect(compareValues(group.upper, file.upper)).toBeGreaterThanOrEqual(0)
  }
  expect((file.holds ?? 7) & ~(group.holds ?? 7)).toBe(0)
}

/** `columns` without what is not known; with `like`, without what is not known there either. */
function known(
  columns: Record<string, unknown>,
  like: Record<string, unknown> = columns,
): Record<string, unknown> {
  const entries = Object.entries(columns).map(([name, facts]) => {
    if (!Array.isArray(facts)) return [name, Number.isNaN(like[name]) ? undefined : facts]
    const other = like[name] as ReturnType<typeof factsOf>[]
    return [name, facts.map((each: ReturnType<typeof factsOf>, i) => keepKnown(each, other[i]))]
  })
  return Object.fromEntries(entries)
}

function keepKnown(each: ReturnType<typeof factsOf>, like: ReturnType<typeof factsOf> | undefined) {
  const keep = <Fact>(fact: Fact, other: unknown) =>
    other === undefined || other === null || Number.isNaN(other) ? undefined : fact
  return {
    holds: keep(each.holds, like?.nulls),
    nulls: keep(each.nulls, like?.nulls),
    lower: keep(each.lower, like?.lower),
    upper: keep(each.upper, like?.upper),
  }
}

/** Without the decimal, which delta-rs does not carry over, and times as times. */
function comparable(stats: string): unknown {
  return JSON.parse(stats, (name, value: unknown) => {
    if (name === 'price') return undefined
    return name === 'at' && typeof value === 'string' ? Date.parse(value) : value
  })
}

describe('statistics kept as a struct only', () => {
  it('become the text that they were', async () => {
    const folder = `${golden}rs-checkpoint-struct-stats`
    const [checkpoint, commits] = [await open(folder), await openCommits(folder)]
    const texts = async (snapshot: Snapshot) =>
      new Map(
        (await allFiles(snapshot)).map(file => [
          nameOf(file.path),
          file.delta?.stats === undefined ? undefined : comparable(file.delta.stats),
        ]),
      )
    const [left, right] = [await texts(checkpoint), await texts(commits)]
    expect(left.size).toBeGreaterThan(0)
    for (const [path, stats] of left) expect(stats, path).toEqual(right.get(path))
  })
})
