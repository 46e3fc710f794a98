import { type SnapshotRef, TableError } from '@spillway/core'
import { parseQueryRequest, type QueryRequest } from '@spillway/protocol'
import { requireUrlAccess } from '../access/access-modes.js'
import { readBody } from '../http/read-body.js'
import { checkVersion, maxFilesParameter, timestampParameter } from '../requests/parameters.js'
import type { RequestContext } from '../requests/request-context.js'
import { type TableRequest, tableRequest } from '../requests/table-request.js'
import { submitQuery } from './async-query.js'
import { querySnapshot } from './query-snapshot.js'
import type { Pinned } from './query-tokens.js'
import { queryVersions } from './query-versions.js'

/** A query's body, checked. */
export interface Query {
  readonly body: QueryRequest
  /** Latest where the client names neither version nor time. */
  readonly ref: SnapshotRef
  readonly maxFiles: number | undefined
  /** The version that an asynchronous query was accepted at. */
  readonly pinned?: Pinned
}

/** POST …/query: the files of one snapshot, or of the commits since one. */
export async function queryTable(context: RequestContext): Promise<Response> {
  const body = parseQueryRequest(await readBody(context.request, context.limits.bodyBytes))
  const query = checkQuery(body)
  const request = await tableRequest(context)
  requireUrlAccess(request.table)
  return request.capabilities.asyncQuery && body.pageToken === undefined
    ? submitQuery(context, request, query)
    : runQuery(context, request, query)
}

export function runQuery(
  context: RequestContext,
  request: TableRequest,
  query: Query,
): Promise<Response> {
  // The answer begins with its first files: what is gone by then is looked for once more.
  return context.engine.retryStale(request.table.source, () =>
    query.body.startingVersion === undefined
      ? querySnapshot(context, request, query)
      : queryVersions(context, request, query),
  )
}

/** What can be refused without looking at the table. */
export function checkQuery(body: QueryRequest): Query {
  const timestamp = timestampParameter(body.timestamp, 'timestamp')
  const version = checkVersion(body.version, 'version')
  const startingVersion = checkVersion(body.startingVersion, 'startingVersion')
  const endingVersion = checkVersion(body.endingVersion, 'endingVersion')
  const given = [version, timestamp, startingVersion].filter(value => value !== undefined)
  if (given.length > 1) {
    throw refused('Please only provide one of version, timestamp and startingVersion')
  }
  if (endingVersion !== undefined && startingVersion === undefined) {
    throw refused('endingVersion needs a startingVersion')
  }
  checkRefresh(body, given.length > 0)
  return {
    body,
    ref: referenceOf(version, timestamp),
    maxFiles: maxFilesParameter(body.maxFiles),
  }
}

/** A refresh is of the first page of the latest snapshot, and of nothing else. */
function checkRefresh(body: QueryRequest, pinned: boolean): void {
  if (body.refreshToken === undefined && body.includeRefreshToken !== true) return
  if (pinned) {
    throw refused('a refresh token cannot be used with version, timestamp or startingVersion')
  }
  if (body.pageToken !== undefined) {
    throw refused('a refresh token cannot be used with a pageToken')
  }
}

function referenceOf(version: bigint | undefined, timestamp: number | undefined): SnapshotRef {
  if (version !== undefined) return { kind: 'version', version }
  if (timestamp === undefined) return { kind: 'latest' }
  return { kind: 'timestamp', timestamp, direction: 'before' }
}

function refused(message: string): TableError {
  return new TableError('INVALID_REQUEST', message)
}
