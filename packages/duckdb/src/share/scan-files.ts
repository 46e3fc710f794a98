import type { DuckDBConnection } from '@duckdb/node-api'
import type { Connection } from '../connection.js'
import type { AdaptiveLimit } from './adaptive-limit.js'
import type { FileAccess } from './file-access.js'
import type { OpenScan, SharedFile } from './open-scan.js'
import type { TableScan } from './plan-statement.js'
import type { ProgressMeter } from './progress.js'
import { ObjectReader } from './read-object.js'
import { relationParts, relationSql } from './relation.js'
import { vectorStore } from './vector-store.js'

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
  readonly reader: ObjectReader
}

export interface ReadContext {
  readonly connection: DuckDBConnection
  readonly session: Connection
  readonly access: FileAccess
  readonly limit: AdaptiveLimit
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly timeoutMs?: number | undefined
  readonly nextName: () => string
}

/** Files opened at one time; their footers are in memory while they are. */
const FILES_AT_ONCE = 256

/** A query over `files` of a scan, and what takes its local files away again. */
export async function openRelation(
  { scan, open, reader }: ReadyScan,
  files: readonly SharedFile[],
  { context, meter, signal }: Opening,
): Promise<Relation> {
  const { stub, columns, predicate } = scan
  const { table } = open
  const { fields } = stub
  const own = signal ? { signal } : {}
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const closer of closers.splice(0)) await closer()
  }
  try {
    const parts: string[] = []
    for (let start = 0; start < files.length; start += FILES_AT_ONCE) {
      const chosen = files.slice(start, start + FILES_AT_ONCE)
      const sizes = chosen.reduce((sum, { file }) => sum + file.size, 0)
      const onPlanned = (bytes: number) => meter.replan(sizes, bytes)
      const request = {
        table,
        fields,
        columns,
        predicate,
        files: chosen,
        reader,
        onPlanned,
        ...own,
      }
      const opened = await context.access.open(request)
      closers.push(() => opened.close())
      const name = context.nextName()
      const { session } = context
      const vectors = vectorStore(reader)
      const part = { table, fields, columns, files: chosen, opened, vectors, session, name, ...own }
      const relation = await relationParts(part)
      closers.push(() => relation.close())
      parts.push(...relation.queries)
      meter.fileDone(chosen.length)
    }
    return { sql: relationSql(fields, columns, parts), close }
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

export function readerFor(
  open: OpenScan,
  context: ReadContext,
  meter: ProgressMeter,
): ObjectReader {
  return new ObjectReader({
    objects: open.objects,
    limit: context.limit,
    fetch: context.fetch,
    timeoutMs: context.timeoutMs,
    onBytes: bytes => meter.received(bytes),
  })
}
