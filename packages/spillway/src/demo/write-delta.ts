import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z85Encode } from '@spillway/core'
import { writeRoaring64 } from '@spillway/encoding'
import type { Connection } from '@spillway/rows'

interface DeltaColumn {
  /** As recipients see it. */
  readonly name: string
  /** As Spark's schema JSON spells it. */
  readonly type: string
  /** Inside the files, where the column was renamed since they were written. */
  readonly physicalName?: string
}

export interface DeltaTable {
  readonly folder: string
  readonly id: string
  readonly columns: readonly DeltaColumn[]
  readonly partitionColumn?: string
  readonly files: readonly {
    readonly path: string
    /** Its columns under their physical names, the partition column left out. */
    readonly select: string
    readonly partition?: string
    /** Rows removed since, by position. */
    readonly deleted?: readonly number[]
  }[]
}

/** Magic number of a deletion vector's bitmap (Delta PROTOCOL.md, "Deletion Vector Format"). */
const MAGIC = 1681511377

/** A real Delta table: Parquet files by DuckDB, and a first commit with statistics. */
export async function writeDelta(connection: Connection, table: DeltaTable): Promise<void> {
  const lines = [
    JSON.stringify({ protocol: protocolOf(table) }),
    JSON.stringify({ metaData: metadataOf(table) }),
  ]
  for (const file of table.files) {
    const path = join(table.folder, file.path)
    await mkdir(dirname(path), { recursive: true })
    await connection.run(
      `COPY (${file.select}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`,
    )
    const { size, mtimeMs } = await stat(path)
    const add = {
      path: file.path.split('/').map(encodeURIComponent).join('/'),
      partitionValues: partitionOf(table, file.partition),
      size,
      modificationTime: Math.floor(mtimeMs),
      dataChange: true,
      stats: await statsOf(connection, table, file.select),
      ...(file.deleted && { deletionVector: vectorOf(file.deleted) }),
    }
    lines.push(JSON.stringify({ add }))
  }
  const log = join(table.folder, '_delta_log')
  await mkdir(log, { recursive: true })
  await writeFile(join(log, `${'0'.repeat(20)}.json`), `${lines.join('\n')}\n`)
}

function protocolOf({ columns, files }: DeltaTable): object {
  const features = [
    ...(hasVectors(files) ? ['deletionVectors'] : []),
    ...(columns.some(({ physicalName }) => physicalName !== undefined) ? ['columnMapping'] : []),
  ]
  if (features.length === 0) return { minReaderVersion: 1, minWriterVersion: 2 }
  return {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: features,
    writerFeatures: features,
  }
}

function hasVectors(files: DeltaTable['files']): boolean {
  return files.some(({ deleted }) => deleted !== undefined)
}

function metadataOf({ id, columns, partitionColumn, files }: DeltaTable): object {
  const mapped = columns.some(({ physicalName }) => physicalName !== undefined)
  const fields = columns.map(({ name, type, physicalName }, i) => ({
    name,
    type,
    nullable: true,
    metadata: mapped
      ? {
          'delta.columnMapping.id': i + 1,
          'delta.columnMapping.physicalName': physicalName ?? name,
        }
      : {},
  }))
  return {
    id,
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify({ type: 'struct', fields }),
    partitionColumns: partitionColumn === undefined ? [] : [partitionColumn],
    configuration: {
      ...(mapped && {
        'delta.columnMapping.mode': 'name',
        'delta.columnMapping.maxColumnId': String(columns.length),
      }),
      ...(hasVectors(files) && { 'delta.enableDeletionVectors': 'true' }),
    },
    createdTime: 0,
  }
}

function partitionOf(
  { partitionColumn }: DeltaTable,
  value: string | undefined,
): Record<string, string> {
  return partitionColumn === undefined || value === undefined ? {} : { [partitionColumn]: value }
}

/** Timestamps are cut to milliseconds, as Delta's writers do; readers widen the maximum again. */
async function statsOf(connection: Connection, table: DeltaTable, select: string): Promise<string> {
  const columns = table.columns.filter(({ name }) => name !== table.partitionColumn)
  const parts = columns.flatMap(({ name, physicalName = name, type }) => {
    const column = `"${physicalName}"`
    const shown = (sql: string) =>
      type === 'timestamp'
        ? `strftime(${sql}, '%Y-%m-%dT%H:%M:%S.%gZ')`
        : type === 'date'
          ? `${sql}::VARCHAR`
          : sql
    return [shown(`min(${column})`), shown(`max(${column})`), `count(*) - count(${column})`]
  })
  const [row] = (await connection.json(`SELECT count(*), ${parts.join(', ')} FROM (${select})`))
    .rows
  const [count, ...values] = row!
  const stats = { numRecords: Number(count), minValues: {}, maxValues: {}, nullCount: {} }
  const set = (into: object, key: string, value: unknown) => Object.assign(into, { [key]: value })
  for (const [i, { name, physicalName = name, type }] of columns.entries()) {
    const value = (at: number) =>
      type === 'string' || isTime(type) ? values[at] : Number(values[at])
    set(stats.minValues, physicalName, value(3 * i))
    set(stats.maxValues, physicalName, value(3 * i + 1))
    set(stats.nullCount, physicalName, Number(values[3 * i + 2]))
  }
  return JSON.stringify(stats)
}

function isTime(type: string): boolean {
  return type === 'timestamp' || type === 'date'
}

/** An inline vector: magic, bitmap, padded to what Z85 encodes. */
function vectorOf(positions: readonly number[]): object {
  const bitmap = writeRoaring64(positions)
  const sizeInBytes = 4 + bitmap.length
  const bytes = new Uint8Array(Math.ceil(sizeInBytes / 4) * 4)
  new DataView(bytes.buffer).setUint32(0, MAGIC, true)
  bytes.set(bitmap, 4)
  return {
    storageType: 'i',
    pathOrInlineDv: z85Encode(bytes),
    sizeInBytes,
    cardinality: positions.length,
  }
}
