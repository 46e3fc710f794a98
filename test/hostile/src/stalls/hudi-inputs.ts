import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { mapConcurrently } from '@spillway/core'
import {
  AvroWriter,
  type HudiColumnStats,
  type HudiFile,
  type HudiTableOptions,
  hudiAvroContent,
  hudiDeleteContent,
  hudiLog,
  hudiTableObjects,
} from '@spillway/testkit'

const INSTANT = '20260101000000000'
const LATER = '20260102000000000'
const ROWS = 100

const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'events',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'name', type: ['null', 'string'] },
    { name: 'day', type: ['null', 'string'] },
  ],
})

const PARTITIONED = {
  'hoodie.table.keygenerator.type': 'SIMPLE',
  'hoodie.table.partition.fields': 'day',
  'hoodie.datasource.write.hive_style_partitioning': 'true',
}
const FILES_A_DAY = 1000

/** A table of version 6 whose one commit, in JSON, wrote `files` files, a thousand to a partition. */
export async function jsonCommit(folder: string, files: number): Promise<void> {
  const written = Array.from({ length: files }, (_, i) => dailyFile(i))
  const commits = { [INSTANT]: commitText(written, { schema: SCHEMA }) }
  await writeOldTable(folder, commits, PARTITIONED)
  await writeObjects(written.map(({ partition, name }) => [join(folder, partition, name), '']))
}

/** The same of version 9: its commit is an Avro file. */
export async function avroCommit(folder: string, files: number): Promise<void> {
  const written = Array.from({ length: files }, (_, i) => ({
    ...dailyFile(i),
    bytes: new Uint8Array(),
  }))
  await writeTable({ root: folder, metadata: false, properties: PARTITIONED, files: written })
}

/** A partition of `files` files, which the metadata table lists with bounds of their ids. */
export async function indexedFiles(folder: string, files: number): Promise<void> {
  const written = Array.from({ length: files }, (_, i) => ({
    ...baseFile(i),
    stats: [idStats(i * ROWS, (i + 1) * ROWS - 1)],
  }))
  await writeTable({ root: folder, metadata: true, files: written })
}

/**
 * A table of `columns` columns, whose commit has the schema in Avro and, for the evolution of schemas, as Hudi's own document, and
 * whose history has it once more.
 */
export async function wideHudi(folder: string, columns: number): Promise<void> {
  const names = Array.from({ length: columns }, (_, i) => `column_${i}`)
  const doc = 'what the column means to those who read it '.repeat(10)
  const fields = names.map(name => ({ name, type: ['null', 'long'], default: null, doc }))
  const schema = JSON.stringify({ type: 'record', name: 'events', fields })
  const versionOf = (version: string) =>
    JSON.stringify({
      max_column_id: columns,
      version_id: Number(version),
      type: 'record',
      fields: names.map((name, id) => ({ id, name, optional: true, type: 'long', doc })),
    }).replace(`"version_id":${Number(version)}`, `"version_id":${version}`)
  const extra = { schema, latest_schema: versionOf(LATER) }
  await writeOldTable(folder, { [LATER]: commitText([baseFile(0, LATER)], extra) })
  await mkdir(join(folder, '.hoodie', '.schema'), { recursive: true })
  await writeFile(
    join(folder, '.hoodie', '.schema', `${LATER}.schemacommit`),
    `{"schemas":[${versionOf(LATER)},${versionOf(INSTANT)}]}`,
  )
  await writeFile(join(folder, baseFile(0, LATER).name), '')
}

/** A merge-on-read table of one slice of logs: `records` are written in one block, and two thirds deleted in another. */
export async function longLogs(folder: string, records: number): Promise<void> {
  const schema = JSON.stringify({
    type: 'record',
    name: 'events',
    fields: [
      { name: '_hoodie_record_key', type: ['null', 'string'] },
      { name: 'id', type: 'long' },
      { name: 'name', type: ['null', 'string'] },
    ],
  })
  const out = new AvroWriter()
  const content = hudiAvroContent(
    Array.from({ length: records }, (_, i) =>
      out.long(1).bytes(keyOf(i)).long(i).long(1).bytes(`a name of some length, of ${i}`).take(),
    ),
  )
  const keys = Array.from({ length: Math.floor((records / 3) * 2) }, (_, i) => ({ key: keyOf(i) }))
  const logs = [
    logFile(INSTANT, hudiLog([{ type: 'avro', header: { 0: INSTANT, 2: schema }, content }])),
    logFile(
      LATER,
      hudiLog([{ type: 'delete', header: { 0: LATER }, content: hudiDeleteContent(keys) }]),
    ),
  ]
  await writeObjects(
    hudiTableObjects({
      root: folder,
      tableType: 'MERGE_ON_READ',
      schema: SCHEMA,
      metadata: false,
      properties: { 'hoodie.table.recordkey.fields': 'id' },
      commits: logs.map(({ instant, file }) => ({
        begin: instant,
        completion: instant,
        action: 'deltacommit',
        files: [file],
      })),
    }),
  )
}

/** A table of version 6 of `commits` commits, each of which wrote the same file group anew. */
export async function longTimeline(folder: string, commits: number): Promise<void> {
  const instants = Array.from({ length: commits }, (_, i) => String(BigInt(INSTANT) + BigInt(i)))
  const bodies = instants.map(
    instant => [instant, commitText([baseFile(0, instant)], { schema: SCHEMA })] as const,
  )
  await writeOldTable(folder, Object.fromEntries(bodies))
  await writeFile(join(folder, baseFile(0, instants.at(-1)).name), '')
}

function keyOf(i: number): string {
  return `key-${String(i).padStart(12, '0')}`
}

function logFile(instant: string, bytes: Uint8Array) {
  const { fileId } = baseFile(0)
  const name = `.${fileId}_${instant}.log.1_0-1-1`
  const file: HudiFile = { partition: '', name, fileId, size: bytes.length, bytes }
  return { instant, file }
}

function baseFile(index: number, instant = INSTANT): HudiFile {
  const fileId = `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000-0`
  return { partition: '', fileId, name: `${fileId}_0-1-1_${instant}.parquet`, size: 1000 }
}

function dailyFile(index: number): HudiFile {
  const day = String(Math.floor(index / FILES_A_DAY)).padStart(6, '0')
  return { ...baseFile(index), partition: `day=${day}` }
}

function idStats(least: number, greatest: number): HudiColumnStats {
  return {
    column: 'id',
    min: { wrapper: 'LongWrapper', value: BigInt(least) },
    max: { wrapper: 'LongWrapper', value: BigInt(greatest) },
    valueCount: ROWS,
    nullCount: 0,
    valueType: [4, null],
  }
}

/** What Hudi 0.x writes of a commit, as far as its length goes. */
function commitText(files: readonly HudiFile[], extraMetadata: object): string {
  const stats = new Map<string, object[]>()
  for (const file of files) {
    const known = stats.get(file.partition)
    if (known === undefined) stats.set(file.partition, [writeStat(file)])
    else known.push(writeStat(file))
  }
  return JSON.stringify({
    partitionToWriteStats: Object.fromEntries(stats),
    compacted: false,
    extraMetadata,
    operationType: 'INSERT',
  })
}

function writeStat({ fileId, partition, name, size }: HudiFile): object {
  return {
    fileId,
    path: partition === '' ? name : `${partition}/${name}`,
    cdcStats: null,
    prevCommit: 'null',
    numWrites: ROWS,
    numDeletes: 0,
    numUpdateWrites: 0,
    numInserts: ROWS,
    totalWriteBytes: size,
    totalWriteErrors: 0,
    partitionPath: partition,
    totalLogRecords: 0,
    fileSizeInBytes: size,
    minEventTime: null,
    maxEventTime: null,
  }
}

async function writeTable({
  files,
  ...options
}: Pick<HudiTableOptions, 'root' | 'metadata' | 'properties'> & {
  readonly files: readonly HudiFile[]
}) {
  await writeObjects(
    hudiTableObjects({
      tableType: 'COPY_ON_WRITE',
      schema: SCHEMA,
      commits: [{ begin: INSTANT, completion: INSTANT, action: 'commit', files }],
      ...options,
    }),
  )
}

/** A copy-on-write table of version 6, with the bodies of its commits by instant. */
async function writeOldTable(
  folder: string,
  commits: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const properties = [
    'hoodie.table.name=table',
    'hoodie.table.type=COPY_ON_WRITE',
    'hoodie.table.version=6',
    'hoodie.timeline.layout.version=1',
    'hoodie.table.recordkey.fields=id',
    ...Object.entries(more).map(([key, value]) => `${key}=${value}`),
    '',
  ]
  await writeObjects([
    [`${folder}/.hoodie/hoodie.properties`, properties.join('\n')],
    ...Object.entries(commits).map(
      ([instant, text]) => [`${folder}/.hoodie/${instant}.commit`, text] as const,
    ),
  ])
}

const FILES_AT_ONCE = 16

async function writeObjects(
  objects: readonly (readonly [path: string, bytes: Uint8Array | string])[],
): Promise<void> {
  for (const parent of new Set(objects.map(([path]) => dirname(path)))) {
    await mkdir(parent, { recursive: true })
  }
  await mapConcurrently(objects, FILES_AT_ONCE, ([path, bytes]) => writeFile(path, bytes))
}
