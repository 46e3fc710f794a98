import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Field } from '@spillway/core'
import { localStore } from '@spillway/storage'
import {
  deltaAdd,
  deltaCdc,
  deltaRemove,
  deltaTable,
  hudiTableObjects,
  icebergBytes,
  icebergManifest,
  parquetFooterFile,
  parquetPlain,
  writeIcebergTable,
} from '@spillway/testkit'

export type Format = 'delta' | 'iceberg' | 'hudi' | 'parquet'
export const FORMATS: readonly Format[] = ['delta', 'iceberg', 'hudi', 'parquet']

export const REGIONS = ['eu', 'us'] as const
export type Region = (typeof REGIONS)[number]

interface File {
  readonly region: Region
  readonly name: string
  readonly from: number
  readonly size: number
}

const ID: Field = { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true }
const REGION: Field = {
  id: 2,
  name: 'region',
  physicalName: 'region',
  type: 'string',
  nullable: true,
}
const ROWS = 10
const TIME = new Date('2026-01-02T00:00:00Z')

/** What three writes add: as many files of one region as of the other in no two of them, and names that tell whose. */
const WRITES: readonly (readonly File[])[] = [
  ['eu', 'us', 'us', 'eu', 'us'],
  ['us', 'eu'],
  ['eu', 'eu', 'us', 'us', 'us', 'eu'],
].map((regions, write) =>
  regions.map((region, i) => fileOf(region as Region, `${write}${i}`, write * 100 + i * 10)),
)

function fileOf(region: Region, mark: string, from: number): File {
  const name = `only-${region}-${mark}_0-0-0_2026010100000000${Number(mark[0]) + 1}.parquet`
  return { region, from, name, size: bytesOf(from, true).length }
}

/** A footer that tells the bounds of its file; folders of Parquet have the region in their names alone. */
function bytesOf(from: number, withRegion: boolean): Uint8Array {
  const stats = {
    nullCount: 0,
    min: parquetPlain(BigInt(from), 'long'),
    max: parquetPlain(BigInt(from + ROWS - 1), 'long'),
  }
  const group = { rowCount: ROWS, columns: new Map([[1, stats]]) }
  return parquetFooterFile(withRegion ? [ID, REGION] : [ID], [group], { ids: true })
}

/** The names of the files of one region, which nobody else may be told. */
export function namesOf(region: Region): readonly string[] {
  return WRITES.flat().flatMap(file => (file.region === region ? [file.name] : []))
}

/** Writes a table into `folder` that holds files of these regions alone, every object of it as old as any other. */
export async function writeTable(
  format: Format,
  folder: string,
  regions: readonly Region[],
): Promise<void> {
  const writes = WRITES.map(files => files.filter(({ region }) => regions.includes(region)))
  for (const { region, name, from } of writes.flat()) {
    put(join(folder, `region=${region}`, name), bytesOf(from, format !== 'parquet'))
  }
  await WRITERS[format](folder, writes)
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), TIME, TIME)
  }
}

function put(path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
}

type Writer = (folder: string, writes: readonly (readonly File[])[]) => Promise<void>

const WRITERS: Readonly<Record<Format, Writer>> = {
  delta: writeDelta,
  iceberg: writeIceberg,
  hudi: writeHudi,
  parquet: async () => undefined,
}

/** The last commit removes the first file of every region again. */
async function writeDelta(folder: string, writes: readonly (readonly File[])[]): Promise<void> {
  const table = deltaTable(localStore({ roots: [folder] }), folder)
  await table.create({
    fields: [ID, REGION].map(({ name, type }) => ({ name, type })),
    partitionColumns: ['region'],
    configuration: { 'delta.enableChangeDataFeed': 'true' },
  })
  const pathOf = ({ region, name }: File) => `region=${region}/${name}`
  const optionsOf = ({ region, from, size }: File) => ({
    partitionValues: { region },
    size,
    stats: {
      numRecords: ROWS,
      minValues: { id: from },
      maxValues: { id: from + ROWS - 1 },
      nullCount: { id: 0 },
    },
  })
  for (const files of writes) {
    await table.commit(
      { commitInfo: { timestamp: TIME.getTime() } },
      ...files.map(file => deltaAdd(pathOf(file), optionsOf(file))),
      ...files.map(file => deltaCdc(pathOf(file), optionsOf(file))),
    )
  }
  const firsts = REGIONS.flatMap(region => writes[0]!.find(each => each.region === region) ?? [])
  await table.commit(...firsts.map(file => deltaRemove(pathOf(file), optionsOf(file))))
}

/** One manifest a write: of both regions where there are both. */
async function writeIceberg(folder: string, writes: readonly (readonly File[])[]): Promise<void> {
  const store = localStore({ roots: [folder] })
  const long = (value: number) => new Map([[1, icebergBytes(BigInt(value), 'long')]])
  const manifests = writes.map((files, index) => {
    const bytes = icebergManifest({
      partition: [{ id: 1000, name: 'region', type: 'string' }],
      entries: files.map(({ region, name, from, size }) => ({
        path: `${folder}/region=${region}/${name}`,
        partition: [region],
        recordCount: ROWS,
        size,
        nullCounts: new Map([[1, 0]]),
        lower: long(from),
        upper: long(from + ROWS - 1),
      })),
    })
    const path = `${folder}/metadata/m${index}.avro`
    put(path, bytes)
    const counted = { addedFiles: files.length, addedRows: files.length * ROWS }
    const none = { existingFiles: 0, deletedFiles: 0, existingRows: 0, deletedRows: 0 }
    return { path, length: bytes.length, sequenceNumber: 1, ...counted, ...none }
  })
  const spec = { id: 1000, name: 'region', sourceId: 2, transform: 'identity' }
  await writeIcebergTable(store, folder, {
    fields: [ID, REGION],
    specs: [{ id: 0, fields: [spec] }],
    manifests,
  })
}

async function writeHudi(folder: string, writes: readonly (readonly File[])[]): Promise<void> {
  const field = (name: string, type: string) => ({ name, type: ['null', type], default: null })
  const objects = hudiTableObjects({
    root: folder,
    tableType: 'COPY_ON_WRITE',
    schema: JSON.stringify({
      type: 'record',
      name: 'table',
      fields: [field('key', 'string'), field('id', 'long'), field('region', 'string')],
    }),
    properties: {
      'hoodie.table.keygenerator.type': 'SIMPLE',
      'hoodie.table.partition.fields': 'region',
      'hoodie.datasource.write.hive_style_partitioning': 'true',
    },
    commits: writes.map((files, index) => ({
      begin: `2026010100000000${index + 1}`,
      completion: `2026010200000000${index + 2}`,
      action: 'commit' as const,
      files: files.map(({ region, name, from, size }) => ({
        partition: `region=${region}`,
        name,
        fileId: name.split('_')[0]!,
        size,
        stats: [
          {
            column: 'id',
            min: { wrapper: 'LongWrapper', value: BigInt(from) },
            max: { wrapper: 'LongWrapper', value: BigInt(from + ROWS - 1) },
            valueCount: ROWS,
            nullCount: 0,
          },
        ],
      })),
    })),
  })
  for (const [path, bytes] of objects) put(path, bytes)
}
