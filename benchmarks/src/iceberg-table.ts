import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Field } from '@spillway/core'
import { localStore } from '@spillway/storage'
import {
  fieldJson,
  icebergBytes,
  icebergManifest,
  type ListedManifest,
  type ManifestEntry,
  writeIcebergTable,
} from '@spillway/testkit'

/**
 * How files lie in manifests: every manifest has files of all days, or each has its own; `deletes` is Java's
 * PlanningBenchmark, whose commits write one partition each: a manifest of data files and one of position deletes.
 * `imported` lies as `scattered` does, and says how to find columns by name, as importing files does.
 */
export type IcebergShape = 'scattered' | 'clustered' | 'deletes' | 'imported'

export interface IcebergTable {
  readonly path: string
  readonly where: string
}

const DAYS = 100
const MANIFESTS = 100
const FIRST_DAY = 20454
const PARTITIONS = 30
const DELETES_PER_PARTITION = 50

function column(id: number, name: string, type: Field['type']): Field {
  return { id, name, physicalName: name, type, nullable: true }
}

export const fields: readonly Field[] = [
  column(1, 'id', 'long'),
  column(2, 'day', 'date'),
  ...Array.from({ length: 4 }, (_, i) => column(3 + i, `number_${i}`, 'double')),
  ...Array.from({ length: 4 }, (_, i) => column(7 + i, `text_${i}`, 'string')),
]

const spec = { id: 1000, name: 'day', sourceId: 2, transform: 'identity' }

/** What Java writes into the header of every manifest. */
const header = {
  schema: { type: 'struct', 'schema-id': 0, fields: fields.map(fieldJson) },
  spec: [{ name: 'day', transform: 'identity', 'source-id': 2, 'field-id': 1000 }],
}

/** A table of `files` files with bounds of ten columns, and no data files: planning never opens them. */
export async function icebergTable(
  folder: string,
  files: number,
  shape: IcebergShape,
): Promise<IcebergTable> {
  const path = join(folder, `iceberg-${shape}-${files}`)
  if (!existsSync(path)) {
    const draft = `${path}.draft`
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { recursive: true })
    await writeTable({ draft, path, files, shape })
    await rename(draft, path)
  }
  return { path, where: `day = DATE '2026-01-08' AND id >= 0` }
}

interface Plan {
  readonly draft: string
  readonly path: string
  readonly files: number
  readonly shape: IcebergShape
}

/** Metadata names its files by where the table ends up, not by where it is being written. */
async function writeTable({ draft, path, files, shape }: Plan): Promise<void> {
  const count = shape === 'deletes' ? PARTITIONS : MANIFESTS
  const perManifest = Math.ceil(files / count)
  const manifests: ListedManifest[] = []
  const store = localStore()
  for (let i = 0; i < count; i++) {
    const numbers = { from: i * perManifest, to: Math.min(files, (i + 1) * perManifest) }
    const days = daysOf(shape, i)
    const bytes = manifestOf(entriesOf(path, numbers, days))
    await store.put(`${draft}/metadata/m${i}.avro`, bytes)
    manifests.push({
      ...listed(path, `m${i}.avro`, bytes, days),
      addedFiles: numbers.to - numbers.from,
      addedRows: (numbers.to - numbers.from) * 1000,
    })
    if (shape === 'deletes') manifests.push(await writeDeletes({ draft, path, day: days[0]! }))
  }
  await writeIcebergTable(store, path, {
    fields,
    specs: [{ id: 0, fields: [spec] }],
    manifests,
    sequenceNumber: 2,
    ...(shape === 'imported' && { properties: { 'schema.name-mapping.default': nameMapping() } }),
  })
  await moveMetadata(path, draft)
}

function nameMapping(): string {
  return JSON.stringify(fields.map(({ id, name }) => ({ 'field-id': id, names: [name] })))
}

/** The builder writes where the table says it is; the draft takes that over. */
async function moveMetadata(path: string, draft: string): Promise<void> {
  for (const name of ['snap-1.avro', 'v1.metadata.json', 'version-hint.text']) {
    await rename(`${path}/metadata/${name}`, `${draft}/metadata/${name}`)
  }
  await rm(path, { recursive: true })
}

function daysOf(shape: IcebergShape, manifest: number): readonly number[] {
  if (shape !== 'scattered' && shape !== 'imported') return [FIRST_DAY + manifest]
  return Array.from({ length: DAYS }, (_, day) => FIRST_DAY + day)
}

function listed(
  path: string,
  name: string,
  bytes: Uint8Array,
  days: readonly number[],
): ListedManifest {
  return {
    path: `${path}/metadata/${name}`,
    length: bytes.length,
    sequenceNumber: 1,
    existingFiles: 0,
    existingRows: 0,
    deletedFiles: 0,
    deletedRows: 0,
    partitions: [
      {
        containsNull: false,
        lower: icebergBytes(days[0]!, 'date'),
        upper: icebergBytes(days[days.length - 1]!, 'date'),
      },
    ],
  }
}

function manifestOf(entries: Iterable<ManifestEntry>, content?: 'deletes'): Uint8Array {
  return icebergManifest({
    codec: 'deflate',
    partition: [{ id: 1000, name: 'day', type: 'date' }],
    header,
    entries,
    ...(content && { content }),
  })
}

function* entriesOf(
  path: string,
  { from, to }: { readonly from: number; readonly to: number },
  days: readonly number[],
): Generator<ManifestEntry> {
  const counts = new Map(fields.map(({ id }) => [id, 1000]))
  const zeros = new Map(fields.map(({ id }) => [id, 0]))
  const nans = new Map([3, 4, 5, 6].map(id => [id, 0]))
  for (let n = from; n < to; n++) {
    const day = days[n % days.length]!
    yield {
      path: `${path}/data/day=${dateText(day)}/00000-${n}-5f2c1a58-8c1b-4c5e-9a8e-2f6d1b7f0c11-00001.parquet`,
      partition: [day],
      recordCount: 1000,
      size: 1_000_000 + n,
      valueCounts: counts,
      nullCounts: zeros,
      nanCounts: nans,
      lower: boundsOf(day, n, 0),
      upper: boundsOf(day, n, 999),
    }
  }
}

function boundsOf(day: number, n: number, end: number): ReadonlyMap<number, Uint8Array> {
  const bounds = new Map<number, Uint8Array>()
  bounds.set(1, icebergBytes(BigInt(n) * 1000n + BigInt(end), 'long'))
  bounds.set(2, icebergBytes(day, 'date'))
  for (let i = 0; i < 4; i++) {
    bounds.set(3 + i, icebergBytes(((n * 7919 + i) % 100_003) + end / 1000, 'double'))
    bounds.set(7 + i, icebergBytes(`text ${(n * 31 + i) % 1009} ${end}`.padEnd(16, 'x'), 'string'))
  }
  return bounds
}

async function writeDeletes(at: {
  readonly draft: string
  readonly path: string
  readonly day: number
}): Promise<ListedManifest> {
  const { draft, path, day } = at
  const entries = Array.from(
    { length: DELETES_PER_PARTITION },
    (_, i): ManifestEntry => ({
      content: 1,
      path: `${path}/data/day=${dateText(day)}/deletes-${i}.parquet`,
      partition: [day],
      recordCount: 100,
      size: 2000,
    }),
  )
  const bytes = manifestOf(entries, 'deletes')
  const name = `deletes-${day - FIRST_DAY}.avro`
  await localStore().put(`${draft}/metadata/${name}`, bytes)
  return {
    ...listed(path, name, bytes, [day]),
    content: 'deletes',
    sequenceNumber: 2,
    addedFiles: entries.length,
    addedRows: entries.length * 100,
  }
}

function dateText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10)
}
