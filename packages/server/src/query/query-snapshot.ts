import type { Snapshot } from '@spillway/core'
import type { SignedFile, SignedFiles } from '@spillway/engine'
import { deltaLines, encodeEnd, parquetLines } from '@spillway/protocol'
import { audienceText } from '../downloads/file-audience.js'
import { type NoteSigned, notedBy } from '../downloads/note-signed.js'
import { planningOf } from '../limits/planning.js'
import type { RequestContext } from '../requests/request-context.js'
import {
  type Answer,
  loadSnapshot,
  negotiateAnswer,
  requireHistory,
  requireStarted,
  type TableRequest,
} from '../requests/table-request.js'
import { gather } from '../streaming/ndjson.js'
import { streamResponse } from '../streaming/stream-response.js'
import { hintHeader, hintReport, hintsOf } from './hints.js'
import type { Query } from './query.js'
import {
  openPageToken,
  openRefreshToken,
  type SnapshotPage,
  sealPageToken,
  sealRefreshToken,
} from './query-tokens.js'

/** One snapshot's files that may hold matching rows: all of them, or a page. */
export async function querySnapshot(
  context: RequestContext,
  request: TableRequest,
  query: Query,
): Promise<Response> {
  const { body, ref, maxFiles } = query
  if (ref.kind !== 'latest') requireHistory(request.table, `reading by ${ref.kind}`)
  const page = openPageToken(context, request, query)
  const snapshot = await pinnedSnapshot(context, request, query, page)
  const { version, timestamp } = snapshot
  const answer = await negotiateAnswer(context, request, snapshot, {
    ...(ref.kind !== 'latest' && { at: { version, timestamp } }),
  })
  const { turn } = planningOf(context)
  const hints = await hintsOf(body, { limits: context.limits, turn })
  const paged = maxFiles !== undefined || page !== undefined
  const files = context.engine.signedFiles(snapshot, {
    ...hints.scan,
    turn,
    grant: request.table.grant,
    accepts: answer.negotiated.accepts,
    audience: audienceText(
      { recipient: context.recipient, table: request.table },
      context.audienceKey,
    ),
    signal: context.signal,
    ...(paged && { page: pageOf(context, maxFiles, page) }),
  })
  const endsWithAction =
    request.capabilities.includeEndStreamAction || body.includeRefreshToken === true || paged
  // Planned without the grant: what the provider holds back is not the recipient's to know.
  const report = hintReport(body, hints, () => context.engine.plan(snapshot, hints.scan))
  if (report !== undefined) {
    const { given, used, unused } = report
    context.record.hints = { given, used: used.length, unused: unused.length }
  }
  return streamResponse(context, {
    table: request.table,
    lines: snapshotLines(context, files, answer, {
      noted: notedBy(context.signed, { recipient: context.recipient, table: request.table }),
      end: endsWithAction ? () => endOf(context, request, query, files, snapshot) : undefined,
    }),
    headers: { ...answer.headers, ...(report && { 'spillway-hints': hintHeader(report) }) },
    endsWithAction,
  })
}

/** A token pins the version it was issued at: commits between two pages are not seen. */
async function pinnedSnapshot(
  context: RequestContext,
  request: TableRequest,
  { body, ref, pinned: accepted }: Query,
  page: SnapshotPage | undefined,
): Promise<Snapshot> {
  const pinned = page ?? openRefreshToken(context, request, body.refreshToken) ?? accepted
  if (pinned === undefined) return loadSnapshot(context, request.table, ref)
  // The provider may have raised the start since the token was issued.
  requireStarted(request.table, pinned.version)
  const { version } = pinned
  const snapshot = await loadSnapshot(context, request.table, { kind: 'version', version })
  pinned.check(snapshot)
  return snapshot
}

function pageOf(
  { limits }: RequestContext,
  maxFiles: number | undefined,
  page: SnapshotPage | undefined,
) {
  return {
    maxFiles: Math.min(maxFiles ?? limits.maxFilesPerPage, limits.maxFilesPerPage),
    ...(page && { after: page.after }),
  }
}

/** Blocks of lines. The header leaves with the first files: until they are known, a fault is an HTTP status. */
async function* snapshotLines(
  context: RequestContext,
  files: SignedFiles,
  answer: Answer,
  options: { readonly end: (() => string) | undefined; readonly noted: NoteSigned },
): AsyncGenerator<string> {
  let unsent = answer.header
  const line = lineOf(answer)
  const { record } = context
  record.filesReturned = 0
  for await (const batch of files) {
    record.filesReturned += batch.length
    options.noted(batch)
    for (const block of gather(batch, line)) {
      yield unsent + block
      unsent = ''
    }
  }
  record.filesTotal = files.plan.metrics.filesTotal
  unsent += options.end?.() ?? ''
  if (unsent !== '') yield unsent
}

/** The line of a file, by the format of the answer. */
function lineOf({ negotiated, lines }: Answer): (file: SignedFile) => string {
  if (negotiated.format === 'parquet') {
    const parquet = parquetLines(lines)
    return file => parquet('file', file)
  }
  const delta = deltaLines(lines)
  return file => delta('add', file)
}

function endOf(
  context: RequestContext,
  request: TableRequest,
  query: Query,
  files: SignedFiles,
  snapshot: Snapshot,
): string {
  const { nextPage } = files.plan
  const { expiresAt } = files
  return encodeEnd({
    ...(query.body.includeRefreshToken && {
      refreshToken: sealRefreshToken(context, request, snapshot),
    }),
    ...(nextPage && { nextPageToken: sealPageToken(context, request, query, snapshot, nextPage) }),
    minUrlExpirationTimestamp: expiresAt,
  })
}
