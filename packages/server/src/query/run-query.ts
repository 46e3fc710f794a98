import type { RequestContext } from '../requests/request-context.js'
import type { TableRequest } from '../requests/table-request.js'
import type { Query } from './query.js'
import { querySnapshot } from './query-snapshot.js'
import { queryVersions } from './query-versions.js'

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
