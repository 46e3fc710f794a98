import type { Steps } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import {
  AvroWriter,
  type HudiCommit,
  type HudiFile,
  type HudiTableOptions,
  hudiAvroContent,
  hudiDeleteContent,
  hudiLog,
  hudiTableObjects,
  turnsDuring,
} from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { hudiReader } from '../src/index.js'
import { nullColumns, readTableSchema } from '../src/schema/schema.js'
import { loadSchemaHistory } from '../src/schema/schema-history.js'
import { typeChanges } from '../src/schema/type-changes.js'
import { parseInstant } from '../src/timeline/instant.js'
import { timelineOf } from '../src/timeline/timeline.js'
import { collected, liveFiles, noCache } from './support/real-tables.js'
import { at, ROOT } from './support/table.js'

const FILES = 8000
const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'row',
  fields: [
    { name: '_hoodie_record_key', type: ['null', 'string'] },
    { name: 'id', type: 'long' },
  ],
})

function stepsOf<T>(work: Steps<T>): { readonly steps: number; readonly value: T } {
  for (let steps = 0; ; steps++) {
    const { done, value } = work.next()
    if (done) return { steps, value }
  }
}

function fileOf(index: number, partition: string): HudiFile {
  const fileId = `f${String(index).padStart(6, '0')}`
  return {
    partition,
    fileId,
    name: `${fileId}_0-1-1_${at(1)}.parquet`,
    size: 1,
    bytes: new Uint8Array(1),
    stats: [
      {
        column: 'id',
        min: { wrapper: 'LongWrapper', value: BigInt(index) },
        max: { wrapper: 'LongWrapper', value: BigInt(index) },
        valueCount: 1,
        nullCount: 0,
        valueType: [4, null],
      },
    ],
  }
}

function snapshotOf(commits: readonly HudiCommit[], options: Partial<HudiTableOptions> = {}) {
  const objects = hudiTableObjects({
    root: ROOT,
    tableType: 'MERGE_ON_READ',
    schema: SCHEMA,
    commits,
    metadata: false,
    ...options,
  })
  const store = memoryStore({ objects })
  return hudiReader({ store, cache: noCache }).snapshot({ location: ROOT })
}

const commit = (files: readonly HudiFile[], day = 1): HudiCommit => ({
  begin: at(day),
  completion: at(day),
  action: day === 1 ? 'commit' : 'deltacommit',
  files,
})

describe('others go on', () => {
  const PARTITIONED = {
    'hoodie.table.keygenerator.type': 'SIMPLE',
    'hoodie.table.partition.fields': 'id',
  }

  it.each([
    ['one partition of many files', false, () => '', {}],
    ['many partitions of some files', false, (i: number) => String(i % 400), PARTITIONED],
    ['a partition that the metadata table lists', true, () => '', {}],
  ])('while the slices are made of %s', async (_, metadata, partitionOf, properties) => {
    const files = Array.from({ length: FILES }, (__, i) => fileOf(i, partitionOf(i)))
    const snapshot = await snapshotOf([commit(files)], { metadata, properties })
    const { turns, value } = await turnsDuring(() => liveFiles(snapshot))
    expect(value).toHaveLength(FILES)
    expect(turns).toBeGreaterThan(5)
  })

  it('while statistics of many files are looked up', async () => {
    const files = Array.from({ length: FILES }, (_, i) => fileOf(i, ''))
    const snapshot = await snapshotOf([commit(files)], { metadata: true })
    const { batch, live } = await snapshot.files.handles[0]!.load()
    const path = snapshot.schema.find(['id'])!
    const { turns, value } = await turnsDuring(() => batch.readStats([path], live))
    expect(value.columns.get(path[0].id)!.at(-1)!.lower).toMatchObject({
      values: BigInt64Array.from(files, (_, i) => BigInt(i)),
    })
    expect(turns).toBeGreaterThan(20)
  })

  it('while long logs are merged', async () => {
    const count = 20_000
    const out = new AvroWriter()
    const keys = Array.from({ length: count }, (_, i) => `key-${i}`)
    const records = keys.map((key, i) => out.long(1).bytes(key).long(i).take())
    const logOf = (day: number, block: Parameters<typeof hudiLog>[0][number]) => {
      const bytes = hudiLog([block])
      const name = `.g_${at(day)}.log.1_0-1-1`
      return commit([{ partition: '', fileId: 'g', name, size: bytes.length, bytes }], day)
    }
    const snapshot = await snapshotOf([
      logOf(2, {
        type: 'avro',
        header: { 0: at(2), 2: SCHEMA },
        content: hudiAvroContent(records),
      }),
      logOf(3, {
        type: 'delete',
        header: { 0: at(3) },
        content: hudiDeleteContent(keys.slice(10).map(key => ({ key }))),
      }),
    ])
    const [file] = await liveFiles(snapshot)
    const { turns, value } = await turnsDuring(() => collected(snapshot.mergedLogs!(file!)))
    expect(value.map(({ recordKey }) => recordKey)).toEqual(keys.slice(0, 10))
    expect(turns).toBeGreaterThan(5)
  })

  it('while a history of schemas is read', async () => {
    const fields = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, id) => ({ id, name: `${prefix}${id}`, type: 'long' }))
    const document = (version: number, prefix: string) => ({
      version_id: version,
      fields: [
        ...fields(12_000, prefix),
        {
          id: 12_000,
          name: 'nested',
          type: { type: 'record', fields: [{ id: 12_001, name: 'x', type: 'long' }] },
        },
      ],
    })
    const path = `${ROOT}/.hoodie/.schema/${at(1)}.schemacommit`
    // Beyond 2^53, and so in need of every digit.
    const text = JSON.stringify({ schemas: [document(1, 'OLD')] }).replace(
      '"version_id":1',
      `"version_id":${at(1)}`,
    )
    const latest = JSON.stringify(document(2, 'new')).replace(
      '"version_id":2',
      `"version_id":${at(2)}`,
    )
    const store = memoryStore({ objects: [[path, text]] })
    const { turns, value } = await turnsDuring(() => loadSchemaHistory(store, ROOT, latest))
    const field = (name: string) =>
      ({ id: 1, name, physicalName: name, type: 'long', nullable: true }) as const
    expect([
      value!.renames,
      value!.nameAt([field('new7')], at(1)),
      value!.nameAt([field('new7')], at(2)),
      value!.nameAt([field('nested'), field('x')], at(1)),
      value!.nameAt([field('other')], at(1)),
    ]).toEqual([true, ['OLD7'], ['new7'], ['nested', 'x'], undefined])
    expect(turns).toBeGreaterThan(5)
  })
})

describe('work is done in steps', () => {
  it('on timelines', () => {
    const instants = Array.from({ length: 50_000 }, (_, i) =>
      parseInstant(`${20260101000000000n + BigInt(i)}.commit`, {
        path: '',
        size: 1,
        lastModified: 1,
      }),
    )
    const { steps, value } = stepsOf(timelineOf(instants.map(instant => instant!)))
    expect(value.writes).toEqual(instants)
    expect(steps).toBeGreaterThan(50)
  })

  it('on schemas', () => {
    const fields = Array.from({ length: 20_000 }, (_, i) => ({
      name: `c${i}`,
      type: i === 7 ? 'null' : 'long',
    }))
    const avro = JSON.stringify({ type: 'record', name: 'row', fields })
    const options = { path: ROOT, partitionFields: [], budgets: undefined }
    const schema = stepsOf(readTableSchema(avro, options))
    expect(schema.value.fields).toHaveLength(20_000)
    const nulls = stepsOf(nullColumns(avro))
    expect([...nulls.value]).toEqual(['c7'])
    const changes = stepsOf(typeChanges(schema.value, [schema.value, schema.value]))
    expect(changes.value).toEqual({ widened: false, converted: false })
    expect([schema.steps > 100, nulls.steps > 100, changes.steps > 1]).toEqual([true, true, true])
  })
})
