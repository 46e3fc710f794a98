import { type SnapshotRef, TableError } from '@spillway/core'
import { timestampParameter, versionParameter } from '../requests/parameters.js'
import type { RequestContext } from '../requests/request-context.js'
import {
  loadSnapshot,
  negotiateAnswer,
  requireHistory,
  tableRequest,
} from '../requests/table-request.js'

/** Exactly two lines, the same bytes as the first two of a query of that version. */
export async function tableMetadata(context: RequestContext): Promise<Response> {
  const request = await tableRequest(context)
  const ref = snapshotRef({
    version: versionParameter(context.query.get('version'), 'version'),
    timestamp: timestampParameter(context.query.get('timestamp'), 'timestamp'),
  })
  if (ref.kind !== 'latest') requireHistory(request.table, `reading by ${ref.kind}`)
  const answer = await context.engine.retryStale(request.table.source, async () =>
    negotiateAnswer(context, request, await loadSnapshot(context, request.table, ref)),
  )
  return new Response(answer.header, { headers: { ...answer.headers } })
}

/** At most one way to say which version. */
function snapshotRef(asked: {
  readonly version: bigint | undefined
  readonly timestamp: number | undefined
}): SnapshotRef {
  if (asked.version !== undefined && asked.timestamp !== undefined) {
    throw new TableError('INVALID_REQUEST', 'Please only provide one of version and timestamp')
  }
  if (asked.version !== undefined) return { kind: 'version', version: asked.version }
  if (asked.timestamp === undefined) return { kind: 'latest' }
  return { kind: 'timestamp', timestamp: asked.timestamp, direction: 'before' }
}
