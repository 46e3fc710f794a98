import type { Field, ObjectStore } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { type DeltaTable, deltaTable, parquetFooterFile } from '@spillway/testkit'
import { afterEach, expect, it } from 'vitest'
import { parseConfig } from '../../src/index.js'
import { TableWarmer } from '../../src/serve/warm-tables.js'
import { type Composition, compose } from '../../src/tables/compose.js'

const ID: Field = { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true }
const FILE = parquetFooterFile([ID], [])

/** A Delta table of `count` files behind a store that counts their reads. */
async function lake(count: number) {
  const memory = memoryStore()
  const reads: string[] = []
  let underWay = 0
  let most = 0
  const store: ObjectStore = {
    ...memory,
    async get(path, options) {
      if (!path.endsWith('.parquet')) return memory.get(path, options)
      reads.push(path)
      most = Math.max(most, ++underWay)
      await new Promise(resolve => setTimeout(resolve, 1))
      underWay--
      return memory.get(path, options)
    },
  }
  for (let i = 0; i < count; i++) await memory.put(`s3://b/t/${i}.parquet`, FILE)
  const table: DeltaTable = deltaTable(memory, 's3://b/t')
  const adds = Array.from({ length: count }, (_, i) => ({
    add: {
      path: `${i}.parquet`,
      partitionValues: {},
      size: FILE.length,
      modificationTime: 1,
      dataChange: true,
    },
  }))
  const protocol = { minReaderVersion: 1, minWriterVersion: 2 }
  const schema = {
    type: 'struct',
    fields: [{ name: 'id', type: 'long', nullable: true, metadata: {} }],
  }
  const metaData = {
    id: 't',
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify(schema),
    partitionColumns: [],
    configuration: {},
  }
  const commit = (version: number, actions: readonly object[]) =>
    memory.put(
      `s3://b/t/_delta_log/${String(version).padStart(20, '0')}.json`,
      new TextEncoder().encode(actions.map(action => JSON.stringify(action)).join('\n')),
    )
  await commit(0, [{ protocol }, { metaData }, ...adds])
  return { store, memory, reads, commit, table, most: () => most }
}

const configOf = (keys: string) =>
  parseConfig(
    `shares: [{ name: s, schemas: [{ name: m, tables: [{ name: t, location: 's3://b/t', format: delta, ${keys} }] }] }]`,
    { folder: '/', path: 'x.yaml' },
  )

let spillway: Composition | undefined
let warmer: TableWarmer | undefined
afterEach(async () => {
  warmer?.stop()
  await spillway?.close()
})

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isSo(); i++) await new Promise(resolve => setTimeout(resolve, 5))
}

function warm(store: ObjectStore, keys: string) {
  spillway = compose({ stores: [{ scheme: 's3', store }] })
  const engine = spillway.engine({ freshnessMs: 0 })
  const counts: Record<string, number> = {}
  const observer = {
    count: (name: string, value: number) => {
      counts[name] = (counts[name] ?? 0) + value
    },
  }
  warmer = new TableWarmer({ engine, shapes: spillway.shapes, observer, everyMs: 10 })
  warmer.follow(configOf(keys))
  return { counts, shapes: spillway.shapes }
}

it('reads the footers of warm tables at the start and of new files, a few at a time, once', async () => {
  const { store, memory, reads, commit, most } = await lake(50)
  const { counts, shapes } = warm(store, 'warm: true, redactDropped: rewrite')
  await until(() => counts['files.warmed'] === 50)
  expect([reads.length, most()]).toEqual([50, 4])
  await memory.put('s3://b/t/new.parquet', FILE)
  const add = {
    path: 'new.parquet',
    partitionValues: {},
    size: FILE.length,
    modificationTime: 1,
    dataChange: true,
  }
  await commit(1, [{ add }])
  await until(() => counts['files.warmed'] === 101)
  expect(reads.length).toBe(51)
  // The recipient who comes now waits for nothing.
  await shapes.of([{ path: 's3://b/t/7.parquet', size: FILE.length }])
  expect(reads.length).toBe(51)
})

it('reads nothing of other tables, and nothing where metadata tells', async () => {
  const { store, reads } = await lake(5)
  const { counts } = warm(store, 'redactDropped: rewrite')
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(counts).toEqual({})
  warmer?.follow(configOf('warm: true'))
  await until(() => counts['files.warmed'] !== undefined)
  expect(counts['files.warmed']).toBe(0)
  expect(reads).toEqual([])
})

it('goes on after a round that failed, and ends when it is stopped', async () => {
  const { store, memory, reads } = await lake(5)
  await memory.delete('s3://b/t/3.parquet')
  const { counts } = warm(store, 'warm: true, redactDropped: rewrite')
  await until(() => (counts['warming.failed'] ?? 0) >= 1)
  await memory.put('s3://b/t/3.parquet', FILE)
  await until(() => counts['files.warmed'] === 5)
  expect(counts['files.warmed']).toBe(5)
  warmer?.stop()
  const read = reads.length
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(reads.length).toBe(read)
})
