import { createHash } from 'node:crypto'
import { type Snapshot, TableError } from '@spillway/core'
import type { JsonValue, TokenUse, WireValue } from '@spillway/protocol'
import { writeJson } from '@spillway/protocol'
import type { Query } from './query-table.js'
import type { RequestContext } from './request-context.js'
import type { TableRequest } from './table-request.js'

/** A version that a token pins. */
export interface Pinned {
  readonly version: bigint
  /** Throws where the table has been recreated since: its versions are numbered anew. */
  readonly check: (snapshot: Snapshot) => void
}

interface PageMark {
  readonly key: bigint
  readonly path?: string
  readonly listings?: number
}

export interface SnapshotPage extends Pinned {
  readonly after: PageMark
}

/** Who may present a token, for which table. */
export function tableBinding(
  { recipient }: RequestContext,
  { table }: Pick<TableRequest, 'table'>,
): readonly string[] {
  return [recipient.id, table.share, table.schema, table.name, table.id].map(name =>
    name.toLowerCase(),
  )
}

/** Whatever else must be asked again in the same way: pages of different questions do not fit together. */
export function questionDigest(request: TableRequest, question: WireValue): string {
  const { capabilities, idScheme } = request
  const text = writeJson([
    question,
    [...capabilities.formats],
    [...capabilities.readerFeatures].sort(),
    idScheme ?? '',
  ])
  return createHash('sha256').update(text).digest('base64url')
}

function pageUse(
  context: RequestContext,
  request: TableRequest,
  { body }: Query,
): Omit<TokenUse, 'expiresInSeconds'> {
  const { predicateHints, jsonPredicateHints, limitHint, version, timestamp } = body
  const question = { predicateHints, jsonPredicateHints, limitHint, version, timestamp }
  const binding = [...tableBinding(context, request), questionDigest(request, question)]
  return { kind: 'query', binding }
}

export function sealPageToken(
  context: RequestContext,
  request: TableRequest,
  query: Query,
  snapshot: Snapshot,
  next: PageMark,
): string {
  const use = pageUse(context, request, query)
  return context.tokens.seal({ ...use, expiresInSeconds: context.limits.pageTokenSeconds }, [
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
  const payload = context.tokens.open(pageUse(context, request, query), pageToken)
  const [tableId, version, key, path, listings] = payload as readonly JsonValue[]
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
  return context.tokens.seal(
    {
      kind: 'refresh',
      binding: tableBinding(context, request),
      expiresInSeconds: context.limits.refreshTokenSeconds,
    },
    [snapshot.tableId, snapshot.version],
  )
}

export function openRefreshToken(
  context: RequestContext,
  request: TableRequest,
  refreshToken: string | undefined,
): Pinned | undefined {
  if (refreshToken === undefined) return undefined
  const use = { kind: 'refresh', binding: tableBinding(context, request) } as const
  const [tableId, version] = context.tokens.open(use, refreshToken) as readonly JsonValue[]
  return pinned(String(tableId), version!, 'refreshToken')
}

/** A version of the table with this id: a table that was recreated since is another one. */
export function pinned(tableId: string, version: JsonValue, name: string): Pinned {
  return {
    version: BigInt(version as number | bigint),
    check: snapshot => {
      if (snapshot.tableId === tableId) return
      throw new TableError(
        'INVALID_REQUEST',
        `the table was recreated after the ${name} was issued; please restart the query`,
      )
    },
  }
}
