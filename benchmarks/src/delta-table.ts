import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface GeneratedTable {
  /** Absolute path of the table. */
  readonly path: string
  readonly files: number
  /** A predicate that about one file in a hundred may match, and how many do. */
  readonly selective: { readonly where: string; readonly kept: number }
}

const DAYS = 100
const ROWS_PER_FILE = 1000

const schemaString = JSON.stringify({
  type: 'struct',
  fields: [
    { name: 'id', type: 'long', nullable: true, metadata: {} },
    { name: 'day', type: 'date', nullable: true, metadata: {} },
    { name: 'name', type: 'string', nullable: true, metadata: {} },
    { name: 'amount', type: 'double', nullable: true, metadata: {} },
  ],
})

const protocol = { minReaderVersion: 1, minWriterVersion: 2 }
const metaData = {
  id: '6a1f6a5e-7f0b-4c52-9d6e-b3b9bd6a8d10',
  format: { provider: 'parquet', options: {} },
  schemaString,
  partitionColumns: ['day'],
  configuration: {},
  createdTime: 1_767_225_600_000,
}

/**
 * A Delta log of `files` add actions in one checkpoint, as Spark writes it (JSON and struct statistics), and no data
 * files: planning never opens them. `day` has 100 values of equal size; `id` ascends within a day and restarts with it.
 */
export async function deltaTable(folder: string, files: number): Promise<GeneratedTable> {
  const path = join(folder, `delta-${files}`)
  const log = join(path, '_delta_log')
  const perDay = Math.ceil(files / DAYS)
  const selective = {
    where: `day = DATE '2026-01-08' AND id >= 0`,
    kept: Math.min(perDay, files - 7 * perDay),
  }
  if (!existsSync(join(log, '_last_checkpoint'))) await writeLog(log, files, perDay)
  return { path, files, selective }
}

async function writeLog(log: string, files: number, perDay: number): Promise<void> {
  await mkdir(log, { recursive: true })
  // Of a table that is there nothing of it is to be in memory.
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run(
    checkpointSql(join(log, `${'0'.repeat(19)}1.checkpoint.parquet`), files, perDay),
  )
  connection.closeSync()
  await writeFile(
    join(log, `${'0'.repeat(19)}1.json`),
    commitLine({ commitInfo: { timestamp: 1 } }),
  )
  await writeFile(join(log, '_last_checkpoint'), JSON.stringify({ version: 1, size: files + 2 }))
}

function checkpointSql(target: string, files: number, perDay: number): string {
  const first = `(i % ${perDay}) * ${ROWS_PER_FILE}`
  const last = `(${first} + ${ROWS_PER_FILE - 1})`
  const day = `(DATE '2026-01-01' + CAST(i // ${perDay} AS INTEGER))`
  const name = `'customer-' || lpad(CAST(${first} AS VARCHAR), 12, '0')`
  const amount = `round((hash(i) % 1000000) / 100.0, 2)`
  const stats = `'{"numRecords":${ROWS_PER_FILE},"minValues":{"id":' || ${first} || ',"name":"' || ${name} || '","amount":' || ${amount}
    || '},"maxValues":{"id":' || ${last} || ',"name":"' || ${name} || 'z","amount":' || (${amount} + 100)
    || '},"nullCount":{"id":0,"name":0,"amount":3}}'`
  const values = (low: boolean) =>
    `{'id': CAST(${low ? first : last} AS BIGINT), 'name': ${name}${low ? '' : " || 'z'"}, 'amount': CAST(${amount}${low ? '' : ' + 100'} AS DOUBLE)}`
  const add = `{
    'path': 'day=' || ${day} || '/part-' || lpad(CAST(i AS VARCHAR), 9, '0') || '-' || md5(CAST(i AS VARCHAR)) || '.c000.snappy.parquet',
    'partitionValues': MAP {'day': CAST(${day} AS VARCHAR)},
    'size': CAST(1000000 + hash(i) % 1000000 AS BIGINT),
    'modificationTime': CAST(1767225600000 AS BIGINT),
    'dataChange': false,
    'stats': ${stats},
    'stats_parsed': {'numRecords': CAST(${ROWS_PER_FILE} AS BIGINT), 'minValues': ${values(true)}, 'maxValues': ${values(false)},
                     'nullCount': {'id': CAST(0 AS BIGINT), 'name': CAST(0 AS BIGINT), 'amount': CAST(3 AS BIGINT)}},
    'partitionValues_parsed': {'day': ${day}}
  }`
  const quoted = (value: unknown) => `'${JSON.stringify(value).replaceAll("'", "''")}'`
  return `
    COPY (
      SELECT * FROM (
        SELECT from_json(${quoted(protocol)}, '{"minReaderVersion":"INTEGER","minWriterVersion":"INTEGER"}') AS protocol,
               {'id': '${metaData.id}', 'format': {'provider': 'parquet', 'options': MAP([]::VARCHAR[], []::VARCHAR[])},
                'schemaString': ${quoted(JSON.parse(schemaString))}, 'partitionColumns': ['day'],
                'configuration': MAP([]::VARCHAR[], []::VARCHAR[]), 'createdTime': CAST(${metaData.createdTime} AS BIGINT)} AS "metaData",
               NULL AS add, NULL::STRUCT(path VARCHAR, "deletionTimestamp" BIGINT, "dataChange" BOOLEAN) AS remove
        UNION ALL BY NAME
        SELECT ${add} AS add FROM range(${files}) t(i)
      )
    ) TO '${target}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 61440)`
}

function commitLine(action: unknown): string {
  return `${JSON.stringify(action)}\n`
}

/** One more commit on top of `version`, with `files` adds: what an incremental refresh has to read. */
export async function appendCommit(
  table: GeneratedTable,
  version: number,
  files: number,
): Promise<void> {
  const lines = [{ commitInfo: { timestamp: 1_767_225_600_000 + version } } as object]
  for (let i = 0; i < files; i++) {
    lines.push({
      add: {
        path: `day=2026-04-10/part-new-${version}-${i}.parquet`,
        partitionValues: { day: '2026-04-10' },
        size: 1_000_000,
        modificationTime: 1_767_225_600_000,
        dataChange: true,
        stats: JSON.stringify({
          numRecords: ROWS_PER_FILE,
          minValues: { id: i },
          maxValues: { id: i + 999 },
          nullCount: { id: 0 },
        }),
      },
    })
  }
  const name = `${String(version).padStart(20, '0')}.json`
  await writeFile(join(table.path, '_delta_log', name), lines.map(commitLine).join(''))
}
