import type { SharingClient } from '@spillway/client'
import { nodeFetchFiles } from '@spillway/client/node'
import {
  type AttachedShare,
  type AttachedTable,
  type AttachOptions,
  askAhead,
  attachShare,
  type QuerySqlOptions,
  type ScanProgress,
  type ShareExplanation,
  type ShareResult,
} from '@spillway/duckdb'
import { type DuckDb, duckDb } from '@spillway/rows'
import { canvasOf } from '../terminal/canvas.js'
import { keptBar } from '../terminal/chart.js'
import { formatBytes, formatCount } from '../terminal/format-table.js'
import { type Progress, withProgress } from '../terminal/progress.js'
import type { Terminal } from '../terminal/terminal.js'
import { openProfile, type Provider } from './open-profile.js'
import { helpfulError } from './sql-error.js'

/** A provider's tables as SQL, until closed. */
export interface ShareSession {
  readonly provider: Provider
  readonly share: AttachedShare
  /** Every table by name: listed when it is first asked for, and again after `refresh`. */
  tables(): Promise<readonly AttachedTable[]>
  refresh(): Promise<void>
  query(sql: string, options?: SessionQuery): Promise<ShareResult>
  explain(sql: string, options?: QuerySqlOptions): Promise<ShareExplanation>
}

interface SessionQuery extends QuerySqlOptions {
  /** Where the data that arrives is shown. */
  readonly progress?: Progress
}

/** Attaches what the profile opens to a DuckDB of its own, and closes that behind `work`, which asks `sql` first. */
export async function withSession<Result>(
  path: string,
  { terminal, sql = '' }: { readonly terminal: Terminal; readonly sql?: string },
  work: (session: ShareSession) => Promise<Result>,
): Promise<Result> {
  const provider = await openProfile(path, terminal)
  const duckdb = duckDb()
  let shown: Progress | undefined
  try {
    const share = await withProgress(terminal, 'listing shares', () =>
      attachTo(duckdb, askAhead(provider.client, sql, terminal), {
        signal: terminal.signal,
        fetchFiles: nodeFetchFiles(),
        onProgress: progress => shown?.say(progressText(progress, terminal)),
      }),
    )
    const { tables, forget } = listedOnce(share, terminal.signal)
    try {
      return await work({
        provider,
        share,
        tables,
        async refresh() {
          forget()
          await share.refresh()
        },
        query(sql, { progress, ...options } = {}) {
          shown = progress
          return helpfully(share, tables, () => share.query(sql, options))
        },
        explain: (sql, options) => helpfully(share, tables, () => share.explain(sql, options)),
      })
    } finally {
      await share.close()
    }
  } finally {
    await duckdb.close()
  }
}

async function attachTo(
  duckdb: DuckDb,
  client: SharingClient,
  options: AttachOptions,
): Promise<AttachedShare> {
  // The provider, which has been asked, answers while DuckDB is loaded.
  return attachShare(await duckdb.connectNative(), client, options)
}

async function helpfully<Result>(
  { catalogs }: AttachedShare,
  tables: ShareSession['tables'],
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw await helpfulError(error, tables, catalogs.values())
  }
}

function listedOnce(share: AttachedShare, signal: AbortSignal) {
  let listed: Promise<readonly AttachedTable[]> | undefined
  const list = async () => {
    const tables: AttachedTable[] = []
    for await (const table of share.tables({ signal })) tables.push(table)
    return tables
  }
  const forget = () => {
    listed = undefined
  }
  const tables = () => {
    if (listed !== undefined) return listed
    const own = list()
    listed = own
    own.catch(() => listed === own && forget())
    return own
  }
  return { tables, forget }
}

/** One line: which table, and how much of it has come. */
function progressText({ phase, table, files, bytes }: ScanProgress, terminal: Terminal): string {
  if (phase === 'planning') return `asking for ${table}`
  const bar = keptBar(bytes.done, bytes.total, { ...canvasOf(terminal), width: 20 })
  return `${table} ${bar} ${formatBytes(bytes.done)} of ${formatBytes(bytes.total)}, ${formatCount(files.done)} of ${formatCount(files.total, 'file')}`
}
