import {
  createSchema,
  inSlices,
  type ObjectStore,
  type Schema,
  Slices,
  TableError,
} from '@spillway/core'
import { parquetFields, readParquetFooter } from '@spillway/encoding'
import type { TableConfig } from '../config/table-config.js'
import { filePath, isLog } from '../file-groups/file-name.js'
import { LOG_HEADER, readLogHeaders } from '../log-files/log-file.js'
import { isMetaField, readTableSchema, withPartitionFields } from '../schema/schema.js'
import type { CommitLoader } from '../timeline/commit-loader.js'
import type { CommitMetadata, WriteStat } from '../timeline/commit-metadata.js'
import type { Instant } from '../timeline/instant.js'

export interface FoundSchema {
  readonly schema: Schema
  /** Avro text that it came from, for tables that state one. */
  readonly avro: string | undefined
  readonly latestSchema: string | undefined
}

/**
 * The schema at the last of `writes`: of the newest commit that states one (table services may leave it out), of a
 * base file that the newest commit wrote, the one the table was created with, or else of the newest file that holds
 * rows: a base file, or the log blocks of a write that wrote only those.
 */
export async function findTableSchema(
  store: ObjectStore,
  root: string,
  config: TableConfig,
  options: {
    readonly writes: readonly Instant[]
    readonly commits: CommitLoader
    readonly signal?: AbortSignal | undefined
  },
): Promise<FoundSchema> {
  const { writes, commits, signal } = options
  const { partitionFields } = config
  const { budgets } = store
  const wrote: CommitMetadata[] = []
  const slices = new Slices()
  for (const write of [...writes].reverse()) {
    if (slices.isOver) await slices.pause()
    const commit = await commits.load(write, signal)
    if (commit.writeStats.size > 0) wrote.push(commit)
    if (commit.schema === undefined) continue
    const schema = await inSlices(
      readTableSchema(commit.schema, { path: write.path, partitionFields, budgets }),
    )
    return { schema, avro: commit.schema, latestSchema: commit.latestSchema }
  }
  const files: FilesOfTable = { store, root, partitionFields, signal }
  const [newest, ...older] = wrote
  const ofNewest = newest && (await schemaOfBaseFile(newest, files))
  if (ofNewest !== undefined) {
    return { schema: ofNewest, avro: config.createSchema, latestSchema: undefined }
  }
  if (config.createSchema !== undefined) {
    const path = `${root}/.hoodie/hoodie.properties`
    const schema = await inSlices(
      readTableSchema(config.createSchema, { path, partitionFields, budgets }),
    )
    return { schema, avro: config.createSchema, latestSchema: undefined }
  }
  const found =
    (newest && (await schemaOfLogs(newest, files))) ?? (await schemaOfOlder(older, files))
  if (found !== undefined) return found
  throw new TableError('TABLE_CORRUPT', 'no commit, data file or property states the schema', {
    context: { path: root },
  })
}

interface FilesOfTable {
  readonly store: ObjectStore
  readonly root: string
  readonly partitionFields: readonly string[]
  readonly signal?: AbortSignal | undefined
}

async function schemaOfOlder(
  commits: readonly CommitMetadata[],
  files: FilesOfTable,
): Promise<FoundSchema | undefined> {
  for (const commit of commits) {
    const schema = await schemaOfBaseFile(commit, files)
    if (schema !== undefined) return { schema, avro: undefined, latestSchema: undefined }
    const found = await schemaOfLogs(commit, files)
    if (found !== undefined) return found
  }
  return undefined
}

/** Skeletons of a bootstrap are base files too, and hold none of the table's columns. */
async function schemaOfBaseFile(
  commit: CommitMetadata,
  { store, root, partitionFields, signal }: FilesOfTable,
): Promise<Schema | undefined> {
  for (const stats of commit.writeStats.values()) {
    for (const { path } of stats) {
      if (!path.endsWith('.parquet')) continue
      const meta = await store.head(`${root}/${path}`, signal)
      if (meta === undefined) continue
      const footer = await readParquetFooter(store, meta, signal)
      const fields = parquetFields(footer).filter(({ name }) => !isMetaField(name))
      if (fields.length > 0) return createSchema(withPartitionFields(fields, partitionFields))
    }
  }
  return undefined
}

/** The schema that log blocks with rows state: those that only delete have no columns but the key's. */
async function schemaOfLogs(
  commit: CommitMetadata,
  { store, root, partitionFields, signal }: FilesOfTable,
): Promise<FoundSchema | undefined> {
  for (const [partition, stats] of commit.writeStats) {
    for (const name of stats.flatMap(stat => logNames(stat))) {
      const meta = await store.head(filePath(root, partition, name), signal)
      if (meta === undefined) continue
      const blocks = await readLogHeaders(store, meta, signal)
      const avro = blocks
        .filter(({ type }) => ['avro', 'hfile', 'parquet'].includes(type))
        .findLast(({ header }) => header.has(LOG_HEADER.schema))
        ?.header.get(LOG_HEADER.schema)
      if (avro === undefined) {
        // What a damaged block said of the columns would be passed over for what others say.
        if (blocks.some(({ type }) => type === 'corrupt')) throw damagedSource(meta.path)
        continue
      }
      const { path } = meta
      const { budgets } = store
      const schema = await inSlices(readTableSchema(avro, { path, partitionFields, budgets }))
      return { schema, avro, latestSchema: undefined }
    }
  }
  return undefined
}

function logNames({ path, logFiles }: WriteStat): readonly string[] {
  const own = isLog(path) ? [path.slice(path.lastIndexOf('/') + 1)] : []
  return [...new Set([...own, ...logFiles])].filter(name => !name.endsWith('.cdc'))
}

function damagedSource(path: string): TableError {
  return new TableError(
    'TABLE_CORRUPT',
    `expected the schema of the table in the log ${path}, found a damaged block`,
    { context: { path } },
  )
}
