import { tableOf } from '@spillway/client'
import { TableError } from '@spillway/core'
import type { ConnectionShares } from '../attach/connection-shares.js'
import type { Provider } from '../attach/provider.js'
import { closeAll } from '../connection/close-all.js'
import type { ByteSource } from '../fetch/byte-source.js'
import type { AccessedFiles, OpenedFiles } from '../fetch/file-access.js'
import type { ProgressMeter } from '../fetch/progress.js'
import { ObjectReader } from '../fetch/read-object.js'
import { vectorStore } from '../fetch/vector-store.js'
import type { TableScan } from '../plan/plan-statement.js'
import type { OpenScan, SharedFile } from '../share/open-scan.js'
import type { ViewBinding } from './execute.js'
import { relationParts, relationSql } from './relation.js'

/** The rows of some files of a table, for its view to show until they are closed. */
export interface Relation extends ViewBinding {
  /** Removes the local files and temporary tables. */
  close(): Promise<void>
}

/** One table of a statement, its files known and what reads them. */
export interface ReadyScan extends OpenScan {
  readonly scan: TableScan
  readonly reader: ByteSource
}

/** Tables of a statement that are asked about, and fetched, at the same time. */
export const SCANS_AT_ONCE = 4

/** Files opened at one time; their footers are in memory while they are. */
const FILES_AT_ONCE = 256

/** Some files where DuckDB can open them. */
interface OpenedPart {
  readonly files: readonly SharedFile[]
  readonly opened: AccessedFiles
}

export interface FetchedFiles {
  relation(): Promise<Relation>
  close(): Promise<void>
}

/**
 * Fetches what a scan reads of `files`. Nothing runs on the session of the query, which may be giving out rows, before
 * their relation is asked for: it takes the files over, and one that is never asked for is closed instead.
 */
export async function fetchFiles(
  ready: ReadyScan,
  files: readonly SharedFile[],
  opening: Opening,
): Promise<FetchedFiles> {
  const { meter, signal } = opening
  const { reader, table } = ready
  const { columns, predicate, stub, provider } = ready.scan
  const { fields } = stub
  const footers = provider.footers.of(namespaceOf(ready))
  const parts: OpenedPart[] = []
  const close = () =>
    closeAll(
      parts.splice(0).map(
        ({ opened }) =>
          () =>
            opened.close(),
      ),
    )
  try {
    for (let start = 0; start < files.length; start += FILES_AT_ONCE) {
      const chosen = files.slice(start, start + FILES_AT_ONCE)
      const sizes = chosen.reduce((sum, { file }) => sum + file.size, 0)
      const onPlanned = (bytes: number) => meter.replan(sizes, bytes)
      const request = { fields, columns, predicate, files: chosen, reader, onPlanned }
      const own = { table, footers, signal }
      const opened = await provider.access.open({ ...request, ...own })
      parts.push({ files: chosen, opened })
      if (ready.isLeftOut) requireCounts(chosen, opened)
      meter.fileDone(chosen.length)
    }
    return { relation: () => relationOver(ready, parts, { ...opening, close }), close }
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
}

/** Files were left out for the rows that the statistics of these count. */
function requireCounts(files: readonly SharedFile[], { rowCounts }: OpenedFiles): void {
  for (const [i, { id, file }] of files.entries()) {
    const { recordCount = Number.NaN } = file
    if (Number.isNaN(recordCount) || recordCount === rowCounts[i]) continue
    throw new TableError(
      'TABLE_CORRUPT',
      `the statistics of a shared file count ${recordCount} rows, and it has ${rowCounts[i]}: the first rows by a column cannot be told from them; without LIMIT every file is read`,
      { context: { file: id } },
    )
  }
}

async function relationOver(
  { scan, table, reader }: ReadyScan,
  parts: readonly OpenedPart[],
  { shares, signal, ...files }: Opening & { close(): Promise<void> },
): Promise<Relation> {
  const { columns, stub, provider } = scan
  const closers: (() => unknown)[] = [files.close]
  const close = () => closeAll(closers)
  try {
    const queries: string[] = []
    for (const { files, opened } of parts) {
      const relation = await relationParts({
        table,
        fields: stub.fields,
        columns,
        files,
        opened,
        vectors: vectorStore(reader),
        shares,
        name: provider.nextName(),
        signal,
      })
      closers.push(() => relation.close())
      queries.push(...relation.queries)
    }
    return { ...viewOf({ scan }, relationSql(stub.fields, columns, queries)), close }
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
}

/** What a table's view is to show. By itself it falls back to its stub, a call of a table function does not. */
export function viewOf({ scan }: Pick<ReadyScan, 'scan'>, sql: string): ViewBinding {
  const { variable, known, stub } = scan
  return { variable, sql, otherwise: 'table' in known ? undefined : stub.sql }
}

export interface Opening {
  readonly shares: ConnectionShares
  readonly meter: ProgressMeter
  readonly signal?: AbortSignal | undefined
}

export function readerFor(open: OpenScan, provider: Provider, meter: ProgressMeter): ByteSource {
  const { fetch, fetchFiles = fetch, timeoutMs } = provider.options
  const source = new ObjectReader({
    objects: open.objects,
    limit: provider.limit,
    fetch: fetchFiles,
    timeoutMs,
    onBytes: bytes => meter.received(bytes),
  })
  return provider.cache?.over(source, namespaceOf(open)) ?? source
}

/** File ids are digests of paths: alike in two providers' tables, so the table's own id tells them apart. */
function namespaceOf({ header, target }: OpenScan): string {
  const { share, schema, table } = target.name
  return JSON.stringify([tableOf(header).id, share, schema, table])
}
