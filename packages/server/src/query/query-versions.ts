import { TableError } from '@spillway/core'
import {
  type ChangePage,
  changeResponse,
  checkRange,
  openChangePage,
} from '../changes/change-request.js'
import { latestVersion } from '../requests/latest-version.js'
import type { RequestContext } from '../requests/request-context.js'
import { requireHistory, requireStarted, type TableRequest } from '../requests/table-request.js'
import type { Query } from './query.js'

/** POST …/query with startingVersion: the files that commits added and removed, with what they changed of the table. */
export async function queryVersions(
  context: RequestContext,
  request: TableRequest,
  query: Query,
): Promise<Response> {
  const { body, maxFiles } = query
  const startingVersion = body.startingVersion!
  requireHistory(request.table, 'reading by startingVersion')
  requireStarted(request.table, startingVersion)
  const { endingVersion, includeHistoricalProtocol } = body
  const question = { startingVersion, endingVersion, includeHistoricalProtocol }
  const change = {
    kind: 'files',
    question,
    historicalMetadata: true,
    historicalProtocol: includeHistoricalProtocol === true,
    maxFiles,
    paged: maxFiles !== undefined || body.pageToken !== undefined,
  } as const
  const page =
    body.pageToken === undefined
      ? await firstPage(context, request, startingVersion, endingVersion)
      : openChangePage(context, request, change, body.pageToken)
  return changeResponse(context, request, { ...change, page })
}

async function firstPage(
  context: RequestContext,
  request: TableRequest,
  start: bigint,
  endingVersion: bigint | undefined,
): Promise<ChangePage> {
  const { version: latest } = await latestVersion(context, request, endingVersion ?? start)
  if (endingVersion !== undefined && endingVersion > latest) {
    throw new TableError(
      'INVALID_REQUEST',
      `Provided end version(${endingVersion}) is invalid: the latest version of the table is ${latest}`,
    )
  }
  const end = endingVersion ?? latest
  checkRange({ start, end }, latest)
  return { start, end, head: start, from: { version: start, skip: 0 } }
}
