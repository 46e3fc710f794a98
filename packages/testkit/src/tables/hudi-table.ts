import { compareBytes } from '@spillway/core'
import { hfileBytes } from '../encodings/hfile-writer.js'
import { type HudiCommit, type HudiFile, hudiCommitBytes } from './hudi-commit.js'
import { hudiLog } from './hudi-log.js'
import {
  HUDI_METADATA_SCHEMA,
  hudiFilesRecord,
  hudiPartitionStatsKey,
  hudiStatsKey,
  hudiStatsRecord,
} from './hudi-metadata.js'
import { type PartitionStats, partitionStatsOf } from './hudi-partition-stats.js'

export interface HudiTableOptions {
  readonly root: string
  readonly tableType: 'COPY_ON_WRITE' | 'MERGE_ON_READ'
  /** Avro schema as JSON. */
  readonly schema: string
  readonly properties?: Readonly<Record<string, string>> | undefined
  readonly commits: readonly HudiCommit[]
  /** False: no metadata table. */
  readonly metadata?: boolean | undefined
  /** Statistics of whole partitions in it too; default false. */
  readonly partitionStats?: boolean
}

type Objects = (readonly [path: string, bytes: Uint8Array | string])[]

const BOOTSTRAP = '00000000000000000'

/**
 * A table of version 9 (timeline layout 2). Its metadata table has the first commit's entries in base HFiles and each
 * later commit's in a log.
 */
export function hudiTableObjects(options: HudiTableOptions): Objects {
  const { root, commits } = options
  const objects: Objects = [[`${root}/.hoodie/hoodie.properties`, propertiesText(options)]]
  for (const commit of commits) {
    const { begin, completion, action } = commit
    const timeline = `${root}/.hoodie/timeline/${begin}`
    objects.push([`${timeline}.${action}.requested`, ''])
    objects.push([`${timeline}_${completion}.${action}`, hudiCommitBytes(commit, options.schema)])
    for (const { partition, name, bytes } of commit.files) {
      if (bytes !== undefined) objects.push([path(root, partition, name), bytes])
    }
  }
  return options.metadata === false ? objects : [...objects, ...metadataObjects(options)]
}

function path(root: string, partition: string, name: string): string {
  return partition === '' ? `${root}/${name}` : `${root}/${partition}/${name}`
}

function propertiesText({
  tableType,
  properties,
  metadata,
  partitionStats = false,
}: HudiTableOptions): string {
  const indexes = `column_stats,files${partitionStats ? ',partition_stats' : ''}`
  const all = {
    'hoodie.table.name': 'table',
    'hoodie.table.type': tableType,
    'hoodie.table.version': '9',
    'hoodie.timeline.layout.version': '2',
    'hoodie.table.recordkey.fields': 'key',
    'hoodie.record.merge.mode': 'COMMIT_TIME_ORDERING',
    ...(metadata === false ? {} : { 'hoodie.table.metadata.partitions': indexes }),
    ...properties,
  }
  const escaped = (text: string) =>
    text.replace(/[\\:=\n]/g, each => (each === '\n' ? '\\n' : `\\${each}`))
  return Object.entries(all)
    .map(([key, value]) => `${escaped(key)}=${escaped(value)}\n`)
    .join('')
}

function metadataObjects(options: HudiTableOptions): Objects {
  const root = `${options.root}/.hoodie/metadata`
  const [first, ...later] = options.commits
  const completion = first?.completion ?? '20260101000000000'
  const entriesOf = indexEntriesOf(options)
  const objects: Objects = [
    [`${root}/.hoodie/hoodie.properties`, METADATA_PROPERTIES],
    [`${root}/.hoodie/timeline/${BOOTSTRAP}_${completion}.deltacommit`, '{}'],
  ]
  for (const { folder, fileId, entries } of entriesOf(first)) {
    objects.push([`${root}/${folder}/${fileId}_0-0-0_${BOOTSTRAP}.hfile`, hfile(entries)])
  }
  for (const commit of later) {
    const { begin } = commit
    objects.push([`${root}/.hoodie/timeline/${begin}_${commit.completion}.deltacommit`, '{}'])
    for (const { folder, fileId, entries } of entriesOf(commit)) {
      const log = `${root}/${folder}/.${fileId}_${begin}.log.1_0-0-0`
      objects.push([log, logOf(begin, entries)])
    }
  }
  return objects
}

interface IndexEntries {
  readonly folder: string
  readonly fileId: string
  readonly entries: Entries
}

/** What each index of the metadata table gets from one commit. */
function indexEntriesOf({ commits, partitionStats = false }: HudiTableOptions) {
  const summaries = partitionStats ? partitionStatsOf(commits) : []
  return (commit: HudiCommit | undefined): readonly IndexEntries[] => {
    const { files, stats } = fileEntries(commit?.files ?? [])
    const ofPartitions = commit === undefined ? [] : (summaries[commits.indexOf(commit)] ?? [])
    return [
      { folder: 'files', fileId: 'files-0000-0', entries: files },
      { folder: 'column_stats', fileId: 'col-stats-0000-0', entries: stats },
      ...(partitionStats
        ? [
            {
              folder: 'partition_stats',
              fileId: 'partition-stats-0000-0',
              entries: ofPartitions.map(partitionEntry),
            },
          ]
        : []),
    ]
  }
}

function partitionEntry({ partition, stats }: PartitionStats) {
  return [
    hudiPartitionStatsKey(stats.column, partition),
    hudiStatsRecord(partition, stats),
  ] as const
}

const METADATA_PROPERTIES = [
  'hoodie.table.name=table_metadata',
  'hoodie.table.type=MERGE_ON_READ',
  'hoodie.table.version=9',
  'hoodie.timeline.layout.version=2',
  'hoodie.table.base.file.format=HFILE',
  'hoodie.populate.meta.fields=false',
  '',
].join('\n')

type Entries = (readonly [key: string, value: Uint8Array])[]

function fileEntries(files: readonly HudiFile[]): { files: Entries; stats: Entries } {
  const folders = new Map<string, HudiFile[]>()
  for (const file of files) {
    const folder = file.partition === '' ? '.' : file.partition
    const known = folders.get(folder)
    if (known === undefined) folders.set(folder, [file])
    else known.push(file)
  }
  const partitions = [...folders.keys()].map(name => ({ name, size: 0 }))
  return {
    files: [
      ['__all_partitions__', hudiFilesRecord('__all_partitions__', partitions)],
      ...[...folders].map(([folder, list]) => [folder, hudiFilesRecord(folder, list)] as const),
    ],
    stats: files.flatMap(({ partition, name, stats }) =>
      (stats ?? []).map(
        each => [hudiStatsKey(each.column, partition, name), hudiStatsRecord(name, each)] as const,
      ),
    ),
  }
}

const utf8 = new TextEncoder()

function hfile(entries: Entries): Uint8Array {
  const sorted = entries
    .map(([key, value]) => [utf8.encode(key), value] as const)
    .sort(([a], [b]) => compareBytes(a, b))
  return hfileBytes(sorted, { info: { schema: HUDI_METADATA_SCHEMA } })
}

function logOf(instant: string, entries: Entries): Uint8Array {
  const header = { 0: instant, 2: HUDI_METADATA_SCHEMA }
  return hudiLog([{ type: 'hfile', header, content: hfile(entries) }])
}
