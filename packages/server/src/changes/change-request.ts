import {
  type ChangeRange,
  type Snapshot,
  TableError,
  type TableMetadata,
  type WritableJson,
} from '@spillway/core'
import type { SignedChanges } from '@spillway/engine'
import { declaredPartitionFields, encodeEnd } from '@spillway/protocol'
import { audienceText } from '../downloads/file-audience.js'
import { notedBy } from '../downloads/note-signed.js'
import { pinned } from '../requests/pinned.js'
import { questionDigest } from '../requests/question-digest.js'
import type { RequestContext } from '../requests/request-context.js'
import {
  type Answer,
  answerHeaders,
  negotiateAnswer,
  sharedSnapshot,
  type TableRequest,
} from '../requests/table-request.js'
import { openForTable, sealForTable } from '../requests/table-tokens.js'
import { streamResponse } from '../streaming/stream-response.js'
import { type ChangeMark, changeLines } from './change-lines.js'

/** What a page of commits continues: the range and the head are those of the first page. */
export interface ChangePage {
  readonly start: bigint
  readonly end: bigint
  /** The version whose metadata the header tells. */
  readonly head: bigint
  readonly from: ChangeMark
  /** Of a page that continues another: throws where the table has been recreated since. */
  readonly check?: ((head: Snapshot) => void) | undefined
}

export interface ChangeRequest {
  readonly kind: ChangeRange['kind']
  readonly page: ChangePage
  readonly historicalMetadata: boolean
  readonly historicalProtocol: boolean
  readonly maxFiles: number | undefined
  readonly paged: boolean
  /** What the next page must ask in the same way. */
  readonly question: WritableJson
}

export async function changeResponse(
  context: RequestContext,
  request: TableRequest,
  change: ChangeRequest,
): Promise<Response> {
  const { page } = change
  const { head, tableId } = await headOf(context, request, page)
  const answer = await changeAnswer(context, request, head, change)
  const changes = await readRange(context, request, change, { answer, head })
  const endsWithAction = request.capabilities.includeEndStreamAction || change.paged
  const end = (next: ChangeMark | undefined) =>
    endOf(context, request, { change, changes, tableId, next })
  const { historicalMetadata, historicalProtocol } = change
  return streamResponse(context, {
    table: request.table,
    lines: changeLines(context, {
      changes,
      noted: notedBy(context.signed, { recipient: context.recipient, table: request.table }),
      answer,
      historicalMetadata,
      historicalProtocol,
      from: page.from,
      maxFiles: pageSize(context, change),
      end: endsWithAction ? end : undefined,
    }),
    headers: answer.headers,
    endsWithAction,
  })
}

/**
 * The version whose metadata the header tells, and the table's id at the head, by which its pages hold together. A table that is partitioned otherwise since the range's end is told as it
 * was then: recipients look for a partition column's values in the lines, for others' in the files.
 */
async function headOf(
  context: RequestContext,
  { table }: TableRequest,
  { head, end, check }: ChangePage,
): Promise<{ readonly head: Snapshot; readonly tableId: string }> {
  const snapshotAt = (version: bigint) =>
    sharedSnapshot(context, table, { kind: 'version', version })
  const told = await snapshotAt(head)
  check?.(told)
  const { tableId } = told
  if (end >= head) return { head: told, tableId }
  const then = await snapshotAt(end)
  const isToldAsThen = !isSameList(partitionColumns(told), partitionColumns(then))
  return { head: isToldAsThen ? then : told, tableId }
}

/** Of any answer to any client. */
function partitionColumns(table: TableMetadata): readonly string[] {
  const answer = { format: 'delta', features: new Set(['deletionVectors']) } as const
  return declaredPartitionFields(table, answer).map(({ name }) => name)
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every(each => b.includes(each))
}

/** From the commit before the page, where there is one: what the page's first commit changed shows beside it. */
function readRange(
  { engine, recipient, audienceKey, signal }: RequestContext,
  { table }: TableRequest,
  { page, kind, historicalMetadata }: ChangeRequest,
  { answer: { negotiated }, head }: { readonly answer: Answer; readonly head: Snapshot },
): Promise<SignedChanges> {
  const { from, start, end } = page
  const startVersion = from.skip === 0 && from.version > start ? from.version - 1n : from.version
  return engine.changes(
    table.source,
    { startVersion, endVersion: end, kind },
    {
      accepts: negotiated.accepts,
      audience: audienceText({ recipient, table }, audienceKey),
      signal,
      grant: table.grant,
      ...(!historicalMetadata && { declared: head }),
    },
  )
}

function pageSize({ limits }: RequestContext, change: ChangeRequest): number | undefined {
  if (!change.paged) return undefined
  return Math.min(change.maxFiles ?? limits.maxFilesPerPage, limits.maxFilesPerPage)
}

function endOf(
  context: RequestContext,
  request: TableRequest,
  { changes, next, ...sealed }: ChangeEnd & { readonly changes: SignedChanges },
): string {
  return encodeEnd({
    ...(next && { nextPageToken: sealChangePage(context, request, { ...sealed, next }) }),
    minUrlExpirationTimestamp: changes.expiresAt,
  })
}

/** Where a page ends. */
interface ChangeEnd {
  readonly change: ChangeRequest
  readonly tableId: string
  /** Undefined where no page follows. */
  readonly next: ChangeMark | undefined
}

/** Numbered by the start of the range, which a reader of changes counts from. */
async function changeAnswer(
  context: RequestContext,
  request: TableRequest,
  head: Snapshot,
  { page, historicalProtocol }: ChangeRequest,
): Promise<Answer> {
  const answer = await negotiateAnswer(context, request, head, {
    at: { version: head.version, timestamp: head.timestamp },
    ...(historicalProtocol && { protocolVersion: head.version }),
  })
  context.record.version = page.start
  return { ...answer, headers: answerHeaders(request, answer.negotiated, page.start) }
}

function sealChangePage(
  context: RequestContext,
  request: TableRequest,
  { change, tableId, next }: ChangeEnd & { readonly next: ChangeMark },
): string {
  const { start, end, head } = change.page
  const use = { ...changeUse(request, change), expiresInSeconds: context.limits.pageTokenSeconds }
  return sealForTable(context, request, use, [start, end, head, next.version, next.skip, tableId])
}

/** The page that `pageToken` continues. */
export function openChangePage(
  context: RequestContext,
  request: TableRequest,
  change: Pick<ChangeRequest, 'kind' | 'question'>,
  pageToken: string,
): ChangePage {
  const payload = openForTable(context, request, changeUse(request, change), pageToken)
  const [start, end, head, version, skip] = payload
    .slice(0, 5)
    .map(part => BigInt(part as number | bigint))
  const tableId = payload[5]
  return {
    start: start!,
    end: end!,
    head: head!,
    from: { version: version!, skip: Number(skip) },
    // Tokens of servers that did not write it yet are taken for what they are.
    check: typeof tableId === 'string' ? pinned(tableId, head!, 'page token').check : undefined,
  }
}

function changeUse(
  request: TableRequest,
  { kind, question }: Pick<ChangeRequest, 'kind' | 'question'>,
) {
  return { kind: 'changes', binding: [kind, questionDigest(request, question)] } as const
}

/** A range of versions, checked against the table's latest. */
export function checkRange(
  range: { readonly start: bigint; readonly end: bigint },
  latest: bigint,
): void {
  if (range.start > latest) {
    throw refused(
      `Provided start version(${range.start}) is invalid: the latest version of the table is ${latest}`,
    )
  }
  if (range.end < range.start) {
    throw refused(
      `The end version(${range.end}) of the range is before its start version(${range.start})`,
    )
  }
}

function refused(message: string): TableError {
  return new TableError('INVALID_REQUEST', message)
}
