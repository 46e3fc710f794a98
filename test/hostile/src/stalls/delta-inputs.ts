import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { deltaAdd, deltaMetadata, deltaProtocol, deltaVersion } from '@spillway/testkit'

const FIELDS = [
  { name: 'id', type: 'long' },
  { name: 'name', type: 'string' },
]

/** A log whose one commit has `files` adds, a line each. */
export async function commitOfAdds(folder: string, files: number): Promise<void> {
  await writeCommit(folder, 0, commitLines(files))
}

function* commitLines(files: number): Generator<object> {
  yield deltaProtocol()
  yield deltaMetadata({ fields: FIELDS })
  for (let i = 0; i < files; i++) {
    const stats = {
      numRecords: 10,
      minValues: { id: i, name: 'a' },
      maxValues: { id: i + 9, name: 'z' },
      nullCount: { id: 0, name: 0 },
    }
    yield deltaAdd(`part-${String(i).padStart(8, '0')}-c000.snappy.parquet`, { stats })
  }
}

/** A table of `columns` columns and one file that has statistics of all of them. */
export async function wideDelta(folder: string, columns: number): Promise<void> {
  const names = Array.from({ length: columns }, (_, i) => `column_${i}`)
  const values = (value: number) => Object.fromEntries(names.map(name => [name, value]))
  await writeCommit(folder, 0, [
    deltaProtocol(),
    deltaMetadata({ fields: names.map(name => ({ name, type: 'long' })) }),
    deltaAdd('part-0.parquet', {
      stats: { numRecords: 10, minValues: values(1), maxValues: values(9), nullCount: values(0) },
    }),
  ])
}

/** A log of one Parquet checkpoint of `files` adds, as Spark writes it: statistics as JSON and as columns. */
export async function checkpointOfAdds(
  folder: string,
  { files, groupRows }: { readonly files: number; readonly groupRows: number },
): Promise<void> {
  const log = join(folder, '_delta_log')
  await mkdir(log, { recursive: true })
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await writeCheckpoint(connection, {
    target: join(log, `${deltaVersion(1)}.checkpoint.parquet`),
    files,
    groupRows,
  })
  connection.closeSync()
  instance.closeSync()
  await writeCommit(folder, 1, [{ commitInfo: { timestamp: 1 } }])
  await writeFile(join(log, '_last_checkpoint'), JSON.stringify({ version: 1, size: files + 2 }))
}

async function writeCheckpoint(
  connection: DuckDBConnection,
  options: { readonly target: string; readonly files: number; readonly groupRows: number },
): Promise<void> {
  const { target, files, groupRows } = options
  const { metaData } = deltaMetadata({ fields: FIELDS }) as { readonly metaData: object }
  const { schemaString } = metaData as { readonly schemaString: string }
  const bounds = (id: string, name: string) => `{'id': CAST(${id} AS BIGINT), 'name': '${name}'}`
  await connection.run(`
    COPY (
      SELECT {'minReaderVersion': 1, 'minWriterVersion': 2} AS protocol,
             {'id': '00000000-0000-4000-8000-0000000000aa',
              'format': {'provider': 'parquet', 'options': MAP([]::VARCHAR[], []::VARCHAR[])},
              'schemaString': '${schemaString}', 'partitionColumns': []::VARCHAR[],
              'configuration': MAP([]::VARCHAR[], []::VARCHAR[]), 'createdTime': 1::BIGINT} AS "metaData",
             NULL AS add
      UNION ALL BY NAME
      SELECT {
        'path': 'part-' || lpad(CAST(i AS VARCHAR), 9, '0') || '-' || md5(CAST(i AS VARCHAR)) || '.c000.snappy.parquet',
        'partitionValues': MAP([]::VARCHAR[], []::VARCHAR[]),
        'size': CAST(1000000 + hash(i) % 1000000 AS BIGINT),
        'modificationTime': 1::BIGINT,
        'dataChange': false,
        'stats': '{"numRecords":10,"minValues":{"id":' || i || ',"name":"a"},"maxValues":{"id":' || (i + 9)
          || ',"name":"z"},"nullCount":{"id":0,"name":0}}',
        'stats_parsed': {'numRecords': 10::BIGINT, 'minValues': ${bounds('i', 'a')}, 'maxValues': ${bounds('i + 9', 'z')},
                         'nullCount': {'id': 0::BIGINT, 'name': 0::BIGINT}}
      } AS add FROM range(${files}) t(i)
    ) TO '${target.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE ${groupRows})`)
}

async function writeCommit(
  folder: string,
  version: number,
  actions: Iterable<object>,
): Promise<void> {
  const log = join(folder, '_delta_log')
  await mkdir(log, { recursive: true })
  await pipeline(
    Readable.from(inBlocks(actions)),
    createWriteStream(join(log, `${deltaVersion(version)}.json`)),
  )
}

/** A mebibyte of lines at a time: a million writes take longer than the lines. */
function* inBlocks(actions: Iterable<object>): Generator<string> {
  let block = ''
  for (const action of actions) {
    block += `${JSON.stringify(action)}\n`
    if (block.length < 2 ** 20) continue
    yield block
    block = ''
  }
  yield block
}
