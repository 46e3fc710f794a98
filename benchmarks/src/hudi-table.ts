import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Field } from '@spillway/core'
import {
  type HudiColumnStats,
  type HudiFile,
  hudiTableObjects,
  parquetFooterFile,
  parquetPlain,
} from '@spillway/testkit'

export interface HudiTable {
  readonly path: string
  readonly where: string
  /** Files that minima and maxima alone would keep: what a planner should keep. */
  readonly ideal: number
}

const FILES_PER_DAY = 100
const ROWS_PER_FILE = 100
const INSTANT = '20260101000000000'
const OTHER_COLUMNS = ['amount', 'name', 'at'] as const

const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'events',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'amount', type: ['null', 'double'] },
    { name: 'name', type: ['null', 'string'] },
    { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-micros' }] },
    { name: 'day', type: ['null', 'string'] },
  ],
})

/**
 * A copy-on-write table of `files` file groups, 100 in each day's partition, with column_stats of four columns or
 * without a metadata table. File i holds ids from 100 i; files have footers and no pages.
 */
export async function hudiTable(
  folder: string,
  files: number,
  columnStats: boolean,
): Promise<HudiTable> {
  const path = join(folder, `hudi-${columnStats ? 'indexed' : 'plain'}-${files}`)
  if (!existsSync(path)) {
    const draft = `${path}.draft`
    await rm(draft, { recursive: true, force: true })
    await writeTable(draft, files, columnStats)
    await rename(draft, path)
  }
  const from = Math.floor(files / 2) * ROWS_PER_FILE + 50
  const ideal = Math.min(files, 25)
  return { path, where: `id >= ${from} AND id < ${from + (ideal - 1) * ROWS_PER_FILE}`, ideal }
}

async function writeTable(draft: string, count: number, columnStats: boolean): Promise<void> {
  const files = Array.from({ length: count }, (_, i) => fileOf(i, columnStats))
  const objects = hudiTableObjects({
    root: draft,
    tableType: 'COPY_ON_WRITE',
    schema: SCHEMA,
    metadata: columnStats,
    properties: {
      'hoodie.table.keygenerator.type': 'SIMPLE',
      'hoodie.table.partition.fields': 'day',
      'hoodie.datasource.write.hive_style_partitioning': 'true',
      'hoodie.table.base.file.format': 'PARQUET',
    },
    commits: [{ begin: INSTANT, completion: INSTANT, action: 'commit', files }],
  })
  const made = new Set<string>()
  for (const [target, bytes] of objects) {
    const parent = dirname(target)
    if (!made.has(parent)) await mkdir(parent, { recursive: true })
    made.add(parent)
    await writeFile(target, bytes)
  }
}

const ID: Field = { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true }

/** A Parquet file of the column `id` between two bounds, without pages: planning reads footers alone. */
function idFile(least: number, greatest: number): Uint8Array {
  const bound = (id: number) => parquetPlain(BigInt(id), 'long')
  const stats = { nullCount: 0, min: bound(least), max: bound(greatest) }
  const rowCount = greatest - least + 1
  return parquetFooterFile([ID], [{ rowCount, columns: new Map([[ID.id, stats]]) }])
}

function fileOf(index: number, columnStats: boolean): HudiFile {
  const least = index * ROWS_PER_FILE
  const bytes = idFile(least, least + ROWS_PER_FILE - 1)
  const fileId = `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000-0`
  return {
    partition: `day=d${String(Math.floor(index / FILES_PER_DAY)).padStart(6, '0')}`,
    fileId,
    name: `${fileId}_0-1-1_${INSTANT}.parquet`,
    size: bytes.length,
    bytes,
    ...(columnStats ? { stats: statsOf(least) } : {}),
  }
}

function statsOf(least: number): readonly HudiColumnStats[] {
  const long = (value: number) => ({ wrapper: 'LongWrapper', value: BigInt(value) }) as const
  const id: HudiColumnStats = {
    column: 'id',
    min: long(least),
    max: long(least + ROWS_PER_FILE - 1),
    valueCount: ROWS_PER_FILE,
    nullCount: 0,
    valueType: [4, null],
  }
  const others = OTHER_COLUMNS.map(column => ({
    column,
    valueCount: ROWS_PER_FILE,
    nullCount: ROWS_PER_FILE,
  }))
  return [id, ...others]
}
