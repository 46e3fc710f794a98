import { emptyResponse } from '../http/respond.js'
import { timestampParameter } from '../requests/parameters.js'
import type { RequestContext } from '../requests/request-context.js'
import { findTable, requireHistory, requireStarted } from '../requests/table-request.js'

/** Polled by streaming readers: resolves a number, never a file list. */
export async function tableVersion(context: RequestContext): Promise<Response> {
  const table = await findTable(context)
  const since = timestampParameter(context.query.get('startingTimestamp'), 'startingTimestamp')
  if (since !== undefined) requireHistory(table, 'reading by timestamp')
  const { version } = await context.engine.resolve(
    table.source,
    since === undefined
      ? { kind: 'latest' }
      : { kind: 'timestamp', timestamp: since, direction: 'after' },
    context.signal,
  )
  requireStarted(table, version)
  context.record.version = version
  return emptyResponse({ 'delta-table-version': String(version) })
}
