import type { DuckDBConnection } from '@duckdb/node-api'
import { tableOf } from '@spillway/client'
import type { Connection } from '@spillway/rows'
import type { AdaptiveLimit } from '../fetch/adaptive-limit.js'
import type { ByteSource } from '../fetch/byte-source.js'
import type { AccessedFiles, FileAccess } from '../fetch/file-access.js'
import type { ProgressMeter } from '../fetch/progress.js'
import type { RangeCache } from '../fetch/range-cache.js'
import { ObjectReader } from '../fetch/read-object.js'
import { vectorStore } from '../fetch/vector-store.js'
import type { TableScan } from '../plan/plan-statement.js'
import type { OpenScan, SharedFile } from '../share/open-scan.js'
import { relationParts, relationSql } from './relation.js'

/** The rows of some files of a table as a query, until it is closed. */
export interface Relation {
  readonly sql: string
  /** Removes the local files and temporary tables. */
  close(): Promise<void>
}

/** One table of a statement, its files known. */
export interface ReadyScan {
  readonly scan: TableScan
  readonly open: OpenScan
  readonly reader: ByteSource
}

export interface ReadContext {
  readonly connection: DuckDBConnection
  readonly session: Connection
  readonly access: FileAccess
  readonly limit: AdaptiveLimit
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly timeoutMs?: number | undefined
  readonly nextName: () => string
  readonly cache?: RangeCache | undefined
}

/** Files opened at one time; their footers are in memory while they are. */
const FILES_AT_ONCE = 256

/** Some files of a scan, where DuckDB can open them. */
export interface FetchedFiles {
  readonly ready: ReadyScan
  readonly parts: readonly {
    readonly files: readonly SharedFile[]
    readonly opened: AccessedFiles
  }[]
  close(): Promise<void>
}

/** Fetches what a scan reads of `files`. Nothing runs on the session of the query: it may be giving out rows. */
export async function fetchFiles(
  ready: ReadyScan,
  files: readonly SharedFile[],
  { context, meter, signal }: Opening,
): Promise<FetchedFiles> {
  const { scan, open, reader } = ready
  const { columns, predicate, stub } = scan
  const { fields } = stub
  const parts: { files: readonly SharedFile[]; opened: AccessedFiles }[] = []
  const close = async () => {
    for (const { opened } of parts.splice(0)) await opened.close()
  }
  try {
    for (let start = 0; start < files.length; start += FILES_AT_ONCE) {
      const chosen = files.slice(start, start + FILES_AT_ONCE)
      const sizes = chosen.reduce((sum, { file }) => sum + file.size, 0)
      const onPlanned = (bytes: number) => meter.replan(sizes, bytes)
      const request = { fields, columns, predicate, files: chosen, reader, onPlanned }
      const own = { table: open.table, signal }
      parts.push({ files: chosen, opened: await context.access.open({ ...request, ...own }) })
      meter.fileDone(chosen.length)
    }
    return { ready, parts, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** A query over fetched files, which are gone once it is closed. */
export async function relationOver(
  { ready, parts, close: closeFiles }: FetchedFiles,
  { context, signal }: Opening,
): Promise<Relation> {
  const { scan, open, reader } = ready
  const { columns, stub } = scan
  const closers = [closeFiles]
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const queries: string[] = []
    for (const { files, opened } of parts) {
      const relation = await relationParts({
        table: open.table,
        fields: stub.fields,
        columns,
        files,
        opened,
        vectors: vectorStore(reader),
        session: context.session,
        name: context.nextName(),
        signal,
      })
      closers.push(() => relation.close())
      queries.push(...relation.queries)
    }
    return { sql: relationSql(stub.fields, columns, queries), close }
  } catch (error) {
    await close()
    throw error
  }
}

export interface Opening {
  readonly context: ReadContext
  readonly meter: ProgressMeter
  readonly signal?: AbortSignal | undefined
}

export function readerFor(open: OpenScan, context: ReadContext, meter: ProgressMeter): ByteSource {
  const source = new ObjectReader({
    objects: open.objects,
    limit: context.limit,
    fetch: context.fetch,
    timeoutMs: context.timeoutMs,
    onBytes: bytes => meter.received(bytes),
  })
  const { share, schema, table } = open.target.name
  // File ids are digests of paths: alike in two providers' tables, so the table's own id tells them apart.
  const { id } = tableOf(open.header)
  return context.cache?.over(source, JSON.stringify([id, share, schema, table])) ?? source
}
