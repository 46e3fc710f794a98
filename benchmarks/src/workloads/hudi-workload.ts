import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Field } from '@spillway/core'
import {
  type HudiColumnStats,
  type HudiFile,
  hudiTableObjects,
  parquetFooterFile,
  parquetPlain,
} from '@spillway/testkit'
import { tableFields } from './columns.js'
import { keysOf, type Layout, nameOf, partitionsOf, ROWS_PER_FILE } from './shape.js'

const INSTANT = '20260101000000000'
const FILES_PER_FOLDER = 1000
const AVRO = { long: 'long', double: 'double', string: 'string' } as const

/**
 * A copy-on-write table with column_stats of `key`, in `path`. Its files are there, footers without pages. Hudi has no
 * table without partitions worth the name: a thousand files lie in a folder where the shape has no partitions.
 */
export async function writeHudiWorkload(path: string, layout: Layout): Promise<void> {
  const columns = heldColumns(layout)
  const partition = columns.at(-1)!
  const avroFields = columns.map(({ name, type }) => {
    return { name, type: ['null', AVRO[type as keyof typeof AVRO]] }
  })
  const objects = hudiTableObjects({
    root: path,
    tableType: 'COPY_ON_WRITE',
    schema: JSON.stringify({ type: 'record', name: 'workload', fields: avroFields }),
    metadata: true,
    properties: {
      'hoodie.table.keygenerator.type': 'SIMPLE',
      'hoodie.table.partition.fields': partition.name,
      'hoodie.datasource.write.hive_style_partitioning': 'true',
      'hoodie.table.base.file.format': 'PARQUET',
    },
    commits: [
      {
        ...{ begin: INSTANT, completion: INSTANT, action: 'commit' as const },
        files: Array.from({ length: layout.files }, (_, i) => fileOf(layout, i, columns)),
      },
    ],
  })
  const made = new Set<string>()
  for (const [target, bytes] of objects) {
    const parent = dirname(target)
    if (!made.has(parent)) await mkdir(parent, { recursive: true })
    made.add(parent)
    await writeFile(target, bytes)
  }
}

/** Hudi's writers leave the column of the folders in the files: last here. */
function heldColumns(layout: Layout): readonly Field[] {
  const fields = tableFields(layout)
  if (partitionsOf(layout) > 0) return fields
  const day = { name: 'day', physicalName: 'day', type: 'string' as const, nullable: true }
  return [...fields, { ...day, id: fields.length + 1 }]
}

function fileOf(layout: Layout, file: number, columns: readonly Field[]): HudiFile {
  const { low, high } = keysOf(layout, file)
  const { id, name, type } = columns.at(-1)!
  const folder = type === 'long' ? BigInt(file % partitionsOf(layout)) : dayOf(file)
  const keys = { nullCount: 0, min: plain(BigInt(low)), max: plain(BigInt(high)) }
  const folders = { nullCount: 0, min: plain(folder), max: plain(folder) }
  const stats = new Map([
    [1, keys],
    [id, folders],
  ])
  const bytes = parquetFooterFile(columns, [{ rowCount: ROWS_PER_FILE, columns: stats }])
  const fileId = `${nameOf(file).replace('.parquet', '')}-0`
  return {
    partition: `${name}=${folder}`,
    ...{ fileId, name: `${fileId}_0-1-1_${INSTANT}.parquet`, size: bytes.length, bytes },
    stats: [statsOf('key', BigInt(low), BigInt(high)), statsOf(name, folder, folder)],
  }
}

function dayOf(file: number): string {
  return `d${String(Math.floor(file / FILES_PER_FOLDER)).padStart(5, '0')}`
}

function plain(value: bigint | string): Uint8Array {
  return parquetPlain(value, typeof value === 'bigint' ? 'long' : 'string')
}

function statsOf(column: string, min: bigint | string, max: bigint | string): HudiColumnStats {
  const wrapped = (value: bigint | string) => {
    return { wrapper: typeof value === 'bigint' ? 'LongWrapper' : 'StringWrapper', value } as const
  }
  return {
    ...{ column, min: wrapped(min), max: wrapped(max) },
    ...{
      valueCount: ROWS_PER_FILE,
      nullCount: 0,
      valueType: [typeof min === 'bigint' ? 4 : 7, null],
    },
  }
}
