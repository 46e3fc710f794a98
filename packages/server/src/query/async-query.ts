import type { WritableJson } from '@spillway/core'
import {
  capabilitiesHeader,
  encodeQueryStatus,
  negotiate,
  parseQueryInfoRequest,
} from '@spillway/protocol'
import { requireUrlAccess } from '../access/access-modes.js'
import { grantDigest } from '../access/grant-digest.js'
import { readBody } from '../http/read-body.js'
import type { Idempotency } from '../limits/async-query-jobs.js'
import { planningOf } from '../limits/planning.js'
import { maxFilesParameter } from '../requests/parameters.js'
import { questionDigest } from '../requests/question-digest.js'
import type { RequestContext } from '../requests/request-context.js'
import {
  answerHeaders,
  findTable,
  loadSnapshot,
  requireHistory,
  sharedSnapshot,
  type TableRequest,
} from '../requests/table-request.js'
import { tableBinding } from '../requests/table-tokens.js'
import { hintsOf } from './hints.js'
import type { Query } from './query.js'
import { openQueryId, sealQueryId } from './query-id.js'
import { runQuery } from './run-query.js'

/** Accepts a query and answers with its id. What can be refused is refused now. */
export async function submitQuery(
  context: RequestContext,
  request: TableRequest,
  query: Query,
): Promise<Response> {
  const idempotency = idempotencyOf(context, request, query)
  const known = context.jobs.known(idempotency)
  if (known !== undefined) {
    const { version } = openQueryId(context, request, known)
    return statusResponse(context, request, { version, id: known })
  }
  const accepted = await pin(context, request, query)
  const id = sealQueryId(context, request, accepted)
  // The client copes: a server may answer at once whatever it was asked to answer later.
  if (id === undefined) return runQuery(context, request, query)
  const prepare = (signal: AbortSignal) => {
    // Whoever asked has their answer already: the request's own deadline is over.
    return prepareAnswer({ ...context, signal }, request, accepted)
  }
  const { id: recipientId } = context.recipient
  context.jobs.start({ id, idempotency, recipientId, prepare })
  return statusResponse(context, request, { version: accepted.version, id })
}

/** POST …/queries/:query: pending, or the answer, exactly as if it had been asked for directly. */
export async function queryInfo(context: RequestContext): Promise<Response> {
  const page = parseQueryInfoRequest(await readBody(context.request, context.limits.bodyBytes))
  const maxFiles = maxFilesParameter(page.maxFiles)
  // Grants are looked up again: what was shared when the query was accepted may not be now.
  const table = await findTable(context)
  requireUrlAccess(table)
  const id = context.params.query!
  const { query, asked, version } = openQueryId(context, { table }, id)
  const state = context.jobs.state(id)
  if (typeof state === 'object') throw state.failed
  const request = { table, ...asked }
  if (state === 'pending') return statusResponse(context, request, { version, id })
  const { pageToken } = page
  const body = { ...query.body, ...(pageToken !== undefined && { pageToken }) }
  return runQuery(context, request, { ...query, body, maxFiles: maxFiles ?? query.maxFiles })
}

interface PinnedQuery {
  readonly query: Query
  readonly version: bigint
  readonly tableId?: string
}

/** The query as it will be asked of the version that is current now. */
async function pin(
  context: RequestContext,
  request: TableRequest,
  query: Query,
): Promise<PinnedQuery> {
  const { engine, signal } = context
  const { body, ref } = query
  if (body.startingVersion !== undefined) {
    requireHistory(request.table, 'reading by startingVersion')
    const latest = await engine.resolve(request.table.source, { kind: 'latest' }, signal)
    const endingVersion = body.endingVersion ?? latest.version
    const version = body.startingVersion
    return { query: { ...query, body: { ...body, endingVersion } }, version }
  }
  if (ref.kind !== 'latest') requireHistory(request.table, `reading by ${ref.kind}`)
  const { version, tableId } = await loadSnapshot(context, request.table, ref)
  return { query, version, tableId }
}

/** Loads what the answer takes, and rewrites what has to be rewritten, so that the answer itself is quick. */
function prepareAnswer(
  context: RequestContext,
  request: TableRequest,
  accepted: PinnedQuery,
): Promise<void> {
  return context.engine.retryStale(request.table.source, () =>
    prepareOnce(context, request, accepted),
  )
}

async function prepareOnce(
  context: RequestContext,
  { table, capabilities }: TableRequest,
  { query, version }: PinnedQuery,
): Promise<void> {
  const { engine, limits, signal } = context
  const snapshot = await sharedSnapshot(context, table, { kind: 'version', version })
  const { accepts } = negotiate(capabilities, snapshot, {
    canRewrite: engine.canRewrite,
    redactDropped: snapshot.source.redactDropped,
  })
  if (query.body.startingVersion !== undefined) return
  const { turn } = planningOf(context)
  const { scan } = await hintsOf(query.body, { limits, turn })
  const files = engine.signedFiles(snapshot, {
    ...scan,
    turn,
    accepts,
    signal,
    grant: table.grant,
  })
  for await (const _ of files) if (!engine.canRewrite) return
}

function statusResponse(
  context: RequestContext,
  request: TableRequest,
  { version, id }: { readonly version: bigint; readonly id: string },
): Response {
  context.record.version = version
  const { capabilities } = request
  const format = capabilities.formats[0] ?? 'parquet'
  const negotiated = {
    format,
    accepts: { features: new Set<string>(), inlineVectorBytes: 0 },
    features: new Set<string>(),
    partitionFields: () => [],
  }
  const headers = answerHeaders(request, negotiated, version)
  return new Response(encodeQueryStatus(id, 'pending'), {
    headers: {
      ...headers,
      'delta-sharing-capabilities': capabilitiesHeader(format, {
        includeEndStreamAction: false,
        asyncQuery: true,
      }),
    },
  })
}

function idempotencyOf(
  context: RequestContext,
  request: TableRequest,
  { body }: Query,
): Idempotency | undefined {
  const { idempotencyKey, ...question } = body
  if (idempotencyKey === undefined) return undefined
  return {
    // What is shared otherwise since is another question.
    key: JSON.stringify([
      ...tableBinding(context, request),
      grantDigest(request.table),
      idempotencyKey,
    ]),
    digest: questionDigest(request, question as WritableJson),
  }
}
