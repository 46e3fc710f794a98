import { createSchema, type ObjectStore, type Schema, TableError } from '@spillway/core'
import { parquetFields, readParquetFooter } from '@spillway/encoding'
import type { CommitMetadata } from './commit-metadata.js'
import type { Instant } from './instant.js'
import { readTableSchema, withoutMetaFields } from './schema.js'
import type { TableConfig } from './table-config.js'
import type { CommitLoader } from './table-state.js'

export interface FoundSchema {
  readonly schema: Schema
  /** Avro text that it came from, for tables that state one. */
  readonly avro: string | undefined
  readonly latestSchema: string | undefined
}

/**
 * The schema at the last of `writes`: of the newest commit that states one (table services may leave it out), of a
 * base file that the newest commit wrote, or the one the table was created with.
 */
export async function findTableSchema(
  store: ObjectStore,
  root: string,
  config: TableConfig,
  options: {
    readonly writes: readonly Instant[]
    readonly commits: CommitLoader
    readonly signal?: AbortSignal
  },
): Promise<FoundSchema> {
  const { writes, commits, signal } = options
  const { partitionFields } = config
  let newest: CommitMetadata | undefined
  for (const write of [...writes].reverse()) {
    const commit = await commits.load(write, signal)
    if (newest === undefined && commit.writeStats.size > 0) newest = commit
    if (commit.schema === undefined) continue
    const schema = readTableSchema(commit.schema, { path: write.path, partitionFields })
    return { schema, avro: commit.schema, latestSchema: commit.latestSchema }
  }
  const fromFile = newest && (await schemaOfFile(store, root, newest, signal))
  if (fromFile !== undefined) {
    return { schema: fromFile, avro: config.createSchema, latestSchema: undefined }
  }
  if (config.createSchema === undefined) {
    throw new TableError('TABLE_CORRUPT', 'no commit, base file or property states the schema', {
      context: { path: root },
    })
  }
  const path = `${root}/.hoodie/hoodie.properties`
  const schema = readTableSchema(config.createSchema, { path, partitionFields })
  return { schema, avro: config.createSchema, latestSchema: undefined }
}

async function schemaOfFile(
  store: ObjectStore,
  root: string,
  commit: CommitMetadata,
  signal?: AbortSignal,
): Promise<Schema | undefined> {
  for (const stats of commit.writeStats.values()) {
    for (const { path } of stats) {
      if (!path.endsWith('.parquet')) continue
      const meta = await store.head(`${root}/${path}`, signal)
      if (meta === undefined) continue
      const footer = await readParquetFooter(store, meta, signal)
      return createSchema(withoutMetaFields(parquetFields(footer)))
    }
  }
  return undefined
}
