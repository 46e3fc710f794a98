import type { Snapshot } from '@spillway/core'
import { type Pinned, pinned } from '../requests/pinned.js'
import { questionDigest } from '../requests/question-digest.js'
import type { RequestContext } from '../requests/request-context.js'
import type { TableRequest } from '../requests/table-request.js'
import { openForTable, sealForTable } from '../requests/table-tokens.js'
import type { Query } from './query.js'

interface PageMark {
  readonly key: bigint
  readonly path?: string
  readonly listings?: number
}

export interface SnapshotPage extends Pinned {
  readonly after: PageMark
}

function pageUse(
  request: TableRequest,
  { body }: Query,
): { readonly kind: 'query'; readonly binding: readonly string[] } {
  const { predicateHints, jsonPredicateHints, limitHint, version, timestamp } = body
  const question = { predicateHints, jsonPredicateHints, limitHint, version, timestamp }
  return { kind: 'query', binding: [questionDigest(request, question)] }
}

export function sealPageToken(
  context: RequestContext,
  request: TableRequest,
  query: Query,
  snapshot: Snapshot,
  next: PageMark,
): string {
  const expiresInSeconds = context.limits.pageTokenSeconds
  const use = { ...pageUse(request, query), expiresInSeconds }
  return sealForTable(context, request, use, [
    snapshot.tableId,
    snapshot.version,
    String(next.key),
    next.path ?? null,
    ...(next.listings === undefined ? [] : [next.listings]),
  ])
}

export function openPageToken(
  context: RequestContext,
  request: TableRequest,
  query: Query,
): SnapshotPage | undefined {
  const { pageToken } = query.body
  if (pageToken === undefined) return undefined
  const payload = openForTable(context, request, pageUse(request, query), pageToken)
  const [tableId, version, key, path, listings] = payload
  return {
    ...pinned(String(tableId), version!, 'pageToken'),
    after: {
      key: BigInt(String(key)),
      ...(typeof path === 'string' && { path }),
      ...(listings !== undefined && { listings: Number(listings) }),
    },
  }
}

export function sealRefreshToken(
  context: RequestContext,
  request: TableRequest,
  snapshot: Snapshot,
): string {
  const use = { kind: 'refresh', expiresInSeconds: context.limits.refreshTokenSeconds } as const
  return sealForTable(context, request, use, [snapshot.tableId, snapshot.version])
}

export function openRefreshToken(
  context: RequestContext,
  request: TableRequest,
  refreshToken: string | undefined,
): Pinned | undefined {
  if (refreshToken === undefined) return undefined
  const [tableId, version] = openForTable(context, request, { kind: 'refresh' }, refreshToken)
  return pinned(String(tableId), version!, 'refreshToken')
}
