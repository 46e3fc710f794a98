import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { type Column, dataColumns, tableFields } from './columns.js'
import {
  DELETES_EVERY,
  domainOf,
  type Layout,
  mixedSql,
  partitionsOf,
  ROWS_PER_FILE,
} from './shape.js'

/** So many columns have statistics unless a table says otherwise (`delta.dataSkippingNumIndexedCols`). */
const INDEXED_COLUMNS = 32
/** Six rows, within the log itself (Delta's protocol, "Deletion Vector Format"). */
const INLINE_VECTOR = '^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L'
/** `keysOf` of shape.ts spelled for DuckDB; a test holds both together. */
const SKEW = 100
const SPREAD = 50

/** A Delta log of one checkpoint as Spark writes it, with statistics as JSON and as columns, in `path`. */
export async function writeDeltaWorkload(path: string, layout: Layout): Promise<void> {
  const log = join(path, '_delta_log')
  await mkdir(log, { recursive: true })
  const name = `${'0'.repeat(19)}1`
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run(checkpointSql(join(log, `${name}.checkpoint.parquet`), layout))
  connection.closeSync()
  await writeFile(
    join(log, `${name}.json`),
    `${JSON.stringify({ commitInfo: { timestamp: 1 } })}\n`,
  )
  const last = { version: 1, size: layout.files + 2 }
  await writeFile(join(log, '_last_checkpoint'), JSON.stringify(last))
}

function checkpointSql(target: string, layout: Layout): string {
  const hasDeletes = layout.shape === 'deletes'
  const protocol = hasDeletes
    ? `{'minReaderVersion': 3, 'minWriterVersion': 7, 'readerFeatures': ['deletionVectors'], 'writerFeatures': ['deletionVectors']}`
    : `{'minReaderVersion': 1, 'minWriterVersion': 2}`
  const partitions = partitionsOf(layout)
  const [low, high] = keysSql(layout)
  return `
    COPY (
      SELECT * FROM (
        SELECT ${protocol} AS protocol, ${metaDataSql(layout)} AS "metaData", NULL AS add,
               NULL::STRUCT(path VARCHAR, "deletionTimestamp" BIGINT, "dataChange" BOOLEAN) AS remove
        UNION ALL BY NAME
        SELECT ${addSql(layout)} AS add
        FROM (
          SELECT i, ${low} AS low, ${high} AS high, ${mixedSql('i', layout.seed + 2)} % 1000000 AS noise,
                 ${partitions > 0 ? `i % ${partitions}` : 'NULL'} AS bucket
          FROM range(${layout.files}) t(i)
        )
      )
    ) TO '${target}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 61440)`
}

function keysSql(layout: Layout): readonly [low: string, high: string] {
  const domain = domainOf(layout)
  const hash = mixedSql('i', layout.seed)
  const last = (low: string) => `${low} + ${ROWS_PER_FILE - 1}`
  if (layout.shape === 'random') {
    return [`(${hash}) % ${domain}`, `(${hash}) % ${domain} + ${Math.floor(domain / SPREAD) - 1}`]
  }
  if (layout.shape === 'skewed') {
    const isDense = `(${mixedSql('i', layout.seed + 1)}) % 10 < 9`
    const low = `(${hash}) % (CASE WHEN ${isDense} THEN ${domain / SKEW} ELSE ${domain} END)`
    return [low, last(low)]
  }
  return [`i * ${ROWS_PER_FILE}`, last(`i * ${ROWS_PER_FILE}`)]
}

function metaDataSql(layout: Layout): string {
  const fields = tableFields(layout).map(({ name, type }) => {
    return { name, type, nullable: true, metadata: {} }
  })
  const schema = JSON.stringify({ type: 'struct', fields })
  const columns = partitionsOf(layout) > 0 ? `['bucket']` : '[]::VARCHAR[]'
  const none = 'MAP([]::VARCHAR[], []::VARCHAR[])'
  return `{'id': '6a1f6a5e-7f0b-4c52-9d6e-b3b9bd6a8d10', 'format': {'provider': 'parquet', 'options': ${none}},
           'schemaString': '${schema}', 'partitionColumns': ${columns}, 'configuration': ${none},
           'createdTime': CAST(1767225600000 AS BIGINT)}`
}

function addSql(layout: Layout): string {
  const indexed = dataColumns(layout).slice(0, INDEXED_COLUMNS)
  const hasBuckets = partitionsOf(layout) > 0
  const folder = hasBuckets ? `'bucket=' || bucket || '/' || ` : ''
  const struct = (value: (column: Column) => string) =>
    `{${indexed.map(column => `'${column.name}': ${value(column)}`).join(', ')}}`
  const json = (value: (column: Column) => string) =>
    indexed
      .map(column => `'"${column.name}":' || ${quotedSql(column, value(column))}`)
      .join(` || ',' || `)
  const nulls = indexed.map(({ name }) => `"${name}":0`).join(',')
  const least = (column: Column) => valueSql(column, 'low')
  const greatest = (column: Column) => valueSql(column, 'high')
  const vector = `CASE WHEN i % ${DELETES_EVERY} = 0 THEN {'storageType': 'i', 'pathOrInlineDv': '${INLINE_VECTOR}',
    'offset': NULL::INTEGER, 'sizeInBytes': 44::INTEGER, 'cardinality': 6::BIGINT} END`
  return `{
    'path': ${folder}'part-' || lpad(CAST(i AS VARCHAR), 9, '0') || '.parquet',
    'partitionValues': ${hasBuckets ? `MAP {'bucket': CAST(bucket AS VARCHAR)}` : 'MAP([]::VARCHAR[], []::VARCHAR[])'},
    'size': CAST(1000000 + noise AS BIGINT), 'modificationTime': CAST(1767225600000 AS BIGINT), 'dataChange': false,
    'stats': '{"numRecords":${ROWS_PER_FILE},"minValues":{' || ${json(least)} || '},"maxValues":{' || ${json(greatest)} || '},"nullCount":{${nulls}}}',
    'stats_parsed': {'numRecords': CAST(${ROWS_PER_FILE} AS BIGINT), 'minValues': ${struct(least)}, 'maxValues': ${struct(greatest)},
                     'nullCount': ${struct(() => '0::BIGINT')}}
    ${hasBuckets ? `, 'partitionValues_parsed': {'bucket': bucket::BIGINT}` : ''}
    ${layout.shape === 'deletes' ? `, 'deletionVector': ${vector}` : ''}
  }`
}

function valueSql({ name, type }: Column, end: 'low' | 'high'): string {
  if (name === 'key') return `${end}::BIGINT`
  const number = `(noise + ${name.slice(1)}${end === 'high' ? ' + 100' : ''})`
  if (type === 'string') return `'v' || lpad(CAST(${number} AS VARCHAR), 9, '0')`
  return type === 'double' ? `(${number} + 0.5)::DOUBLE` : `${number}::BIGINT`
}

function quotedSql({ type }: Column, value: string): string {
  return type === 'string' ? `'"' || ${value} || '"'` : `(${value})::VARCHAR`
}
