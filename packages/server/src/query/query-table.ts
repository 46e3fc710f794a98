import { parseQueryRequest } from '@spillway/protocol'
import { requireUrlAccess } from '../access/access-modes.js'
import { readBody } from '../http/read-body.js'
import type { RequestContext } from '../requests/request-context.js'
import { tableRequest } from '../requests/table-request.js'
import { submitQuery } from './async-query.js'
import { checkQuery } from './query.js'
import { runQuery } from './run-query.js'

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
