import { TableError } from '@spillway/core'
import {
  capabilitiesHeader,
  encodeQueryStatus,
  parseQueryInfoRequest,
  settle,
  type WireValue,
} from '@spillway/protocol'
import { hintsOf } from './hints.js'
import { maxFilesParameter } from './parameters.js'
import { type Query, runQuery } from './query-table.js'
import { questionDigest, tableBinding } from './query-tokens.js'
import { readBody } from './read-body.js'
import type { RequestContext } from './request-context.js'
import {
  answerHeaders,
  findTable,
  loadSnapshot,
  requireHistory,
  type TableRequest,
} from './table-request.js'

const PREPARATION_MS = 10 * 60_000

/** Accepts a query and answers with its id. What can be refused is refused now. */
export async function submitQuery(
  context: RequestContext,
  request: TableRequest,
  query: Query,
): Promise<Response> {
  const pinned = await pin(context, request, query)
  const { version } = pinned
  const submitted = context.asyncQueries.submit({
    owner: ownerOf(context, request),
    idempotencyKey: query.body.idempotencyKey,
    digest: digestOf(request, query),
    query: pinned.query,
    asked: { capabilities: request.capabilities, idScheme: request.idScheme },
    prepare: () => prepare(context, request, pinned),
  })
  return statusResponse(context, request, { version, id: submitted.id })
}

/** POST …/queries/:query: pending, or the answer, exactly as if it had been asked for directly. */
export async function queryInfo(context: RequestContext): Promise<Response> {
  const page = parseQueryInfoRequest(await readBody(context.request, context.limits.bodyBytes))
  const maxFiles = maxFilesParameter(page.maxFiles)
  // Grants are looked up again: what was shared when the query was accepted may not be now.
  const table = await findTable(context)
  const owner = ownerOf(context, { table })
  const found = context.asyncQueries.find(context.params.query!, owner)
  if (found === undefined) {
    throw new TableError(
      'NOT_FOUND',
      'there is no such query, or it has expired; please restart it',
    )
  }
  if (typeof found.state === 'object') throw found.state.failed
  const request = { table, ...found.asked }
  if (found.state === 'pending') {
    const version = found.query.pinnedVersion ?? 0n
    return statusResponse(context, request, { version, id: found.id })
  }
  const { pageToken } = page
  const body = { ...found.query.body, ...(pageToken !== undefined && { pageToken }) }
  return runQuery(context, request, {
    ...found.query,
    body,
    maxFiles: maxFiles ?? found.query.maxFiles,
  })
}

interface PinnedQuery {
  readonly query: Query
  readonly version: bigint
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
    return {
      query: { ...query, body: { ...body, endingVersion }, pinnedVersion: version },
      version,
    }
  }
  if (ref.kind !== 'latest') requireHistory(request.table, `reading by ${ref.kind}`)
  const { version } = await loadSnapshot(context, request.table, ref)
  return { query: { ...query, pinnedVersion: version }, version }
}

/** Loads what the answer takes, and rewrites what has to be rewritten, so that the answer itself is quick. */
async function prepare(
  { engine }: RequestContext,
  { table, capabilities }: TableRequest,
  { query, version }: PinnedQuery,
): Promise<void> {
  const signal = AbortSignal.timeout(PREPARATION_MS)
  const snapshot = await engine.snapshot(table.source, { kind: 'version', version }, signal)
  const { accepts } = settle(capabilities, snapshot, { canRewrite: engine.canRewrite })
  if (query.body.startingVersion !== undefined) return
  const { scan } = hintsOf(query.body)
  const files = engine.signedFiles(snapshot, {
    ...scan,
    accepts,
    signal,
    ...(table.grant && { grant: table.grant }),
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
  const settled = {
    format,
    accepts: { features: new Set<string>(), inlineVectorBytes: 0 },
    features: new Set<string>(),
  }
  const headers = answerHeaders(request, settled, version)
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

function ownerOf(context: RequestContext, request: Pick<TableRequest, 'table'>): string {
  return JSON.stringify(tableBinding(context, request))
}

function digestOf(request: TableRequest, { body }: Query): string {
  const { idempotencyKey: _, ...question } = body
  return questionDigest(request, question as WireValue)
}
