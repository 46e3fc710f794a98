import { type SharedTable, TableError } from '@spillway/core'
import { requireUrlAccess } from '../access/access-modes.js'
import { nameOf } from '../access/table-name.js'
import { latestVersion } from '../requests/latest-version.js'
import {
  booleanParameter,
  maxFilesParameter,
  timestampParameter,
  versionParameter,
} from '../requests/parameters.js'
import type { RequestContext } from '../requests/request-context.js'
import { requireStarted, type TableRequest, tableRequest } from '../requests/table-request.js'
import { type ChangePage, changeResponse, checkRange, openChangePage } from './change-request.js'

/** GET …/changes: the change data feed. Both ends are inclusive. */
export async function tableChanges(context: RequestContext): Promise<Response> {
  const { query } = context
  const bounds = changeBounds(query)
  const includeMetadata = booleanParameter(
    query.get('includeHistoricalMetadata'),
    'includeHistoricalMetadata',
  )
  const historicalProtocol = booleanParameter(
    query.get('includeHistoricalProtocol'),
    'includeHistoricalProtocol',
  )
  const maxFiles = maxFilesParameter(query.get('maxFiles'))
  const pageToken = query.get('pageToken') || undefined
  const request = await tableRequest(context)
  requireUrlAccess(request.table)
  requireSharedHistory(request.table)
  const change = {
    kind: 'feed',
    question: { ...bounds, includeMetadata, historicalProtocol },
    historicalMetadata: includeMetadata,
    historicalProtocol,
    maxFiles,
    paged: maxFiles !== undefined || pageToken !== undefined,
  } as const
  return context.engine.retryStale(request.table.source, async () => {
    const page =
      pageToken === undefined
        ? await firstPage(context, request, { bounds, includeMetadata })
        : openChangePage(context, request, change, pageToken)
    return changeResponse(context, request, { ...change, page })
  })
}

type Bound =
  | { readonly version: bigint; readonly timestamp?: never | undefined }
  | { readonly timestamp: number; readonly version?: never | undefined }

interface Bounds {
  readonly start: Bound
  readonly end: Bound | undefined
}

function changeBounds(query: URLSearchParams): Bounds {
  const start = bound(query, 'starting')
  if (start === undefined) {
    throw new TableError('INVALID_REQUEST', 'No startingVersion or startingTimestamp provided')
  }
  return { start, end: bound(query, 'ending') }
}

function bound(query: URLSearchParams, side: 'starting' | 'ending'): Bound | undefined {
  const version = versionParameter(query.get(`${side}Version`), `${side}Version`)
  const timestamp = timestampParameter(query.get(`${side}Timestamp`), `${side}Timestamp`)
  if (version !== undefined && timestamp !== undefined) {
    throw new TableError(
      'INVALID_REQUEST',
      `Please only provide one of ${side}Version and ${side}Timestamp`,
    )
  }
  if (version !== undefined) return { version }
  return timestamp === undefined ? undefined : { timestamp }
}

function requireSharedHistory(table: SharedTable): void {
  if (table.historyShared) return
  throw new TableError(
    'INVALID_REQUEST',
    `cdf is not enabled on table ${nameOf(table)}: its history is not shared; ask your provider`,
  )
}

/** A start in time rounds forward to a commit, an end rounds back; an end beyond the latest version is the latest. */
async function firstPage(
  context: RequestContext,
  request: TableRequest,
  asked: { readonly bounds: Bounds; readonly includeMetadata: boolean },
): Promise<ChangePage> {
  const { engine, signal } = context
  const { table } = request
  const newest = asked.bounds.end?.version ?? asked.bounds.start.version
  const latest = await latestVersion(context, request, newest)
  const versionOf = async (at: Bound, direction: 'before' | 'after'): Promise<bigint> => {
    if (at.version !== undefined) return at.version
    if (direction === 'before' && at.timestamp > latest.timestamp) throw tooLate(at.timestamp)
    const ref = { kind: 'timestamp', timestamp: at.timestamp, direction } as const
    return (await engine.resolve(table.source, ref, signal)).version
  }
  const start = await versionOf(asked.bounds.start, 'after')
  const asEnd = asked.bounds.end && (await versionOf(asked.bounds.end, 'before'))
  if (asEnd !== undefined && asEnd < start) checkRange({ start, end: asEnd }, latest.version)
  const end = asEnd === undefined || asEnd > latest.version ? latest.version : asEnd
  requireStarted(table, start, 'table changes')
  checkRange({ start, end }, latest.version)
  const head = asked.includeMetadata ? start : latest.version
  return { start, end, head, from: { version: start, skip: 0 } }
}

function tooLate(timestamp: number): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `the ending timestamp ${new Date(timestamp).toISOString()} is after the latest version of the table`,
  )
}
