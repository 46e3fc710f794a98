import {
  type CredentialVendor,
  type Page,
  type PageRequest,
  type SharedTable,
  TableError,
  type WritableJson,
} from '@spillway/core'
import { shownValue, type WireShare } from '@spillway/protocol'
import { accessOf } from '../access/access-modes.js'
import { notFound } from '../access/not-found.js'
import { jsonResponse } from '../http/respond.js'
import type { RequestContext } from '../requests/request-context.js'

export async function listShares(context: RequestContext): Promise<Response> {
  const { catalog, recipient, signal } = context
  return listResponse(context, page => catalog.listShares(recipient, page, signal), wireShare)
}

export async function getShare(context: RequestContext): Promise<Response> {
  const { catalog, recipient, params, signal } = context
  const share = await catalog.share(recipient, params.share!, signal)
  if (share === undefined) throw notFound('share', params)
  return jsonResponse({ share: wireShare(share) })
}

export async function listSchemas(context: RequestContext): Promise<Response> {
  const { catalog, recipient, params, signal } = context
  return listResponse(
    context,
    page => catalog.listSchemas(recipient, params.share!, page, signal),
    ({ name, share }) => ({ name, share }),
  )
}

/** Of one schema, or of the whole share where the route names no schema. */
export async function listTables(context: RequestContext): Promise<Response> {
  const { catalog, recipient, params, signal } = context
  const scope = {
    share: params.share!,
    schema: params.schema,
  }
  return listResponse(
    context,
    page => catalog.listTables(recipient, scope, page, signal),
    table => wireTable(table, context.vendors),
  )
}

/** OpenSharing's Get Table: unwrapped, unlike Get Share. */
export async function getTable(context: RequestContext): Promise<Response> {
  const { catalog, recipient, params, signal } = context
  const { share, schema, table } = params
  const found = await catalog.table(
    recipient,
    { share: share!, schema: schema!, table: table! },
    signal,
  )
  if (found === undefined) throw notFound('table', params)
  // The API sets this table can be read with, not what it is stored as.
  return jsonResponse({ ...wireTable(found, context.vendors), format: 'delta' })
}

type LoadPage<Item> = (page: PageRequest) => Promise<Page<Item> | undefined>

async function listResponse<Item>(
  context: RequestContext,
  load: LoadPage<Item>,
  toWire: (item: Item) => WritableJson,
): Promise<Response> {
  const binding = [context.recipient.id, context.record.route ?? '', ...lowerCaseNames(context)]
  const use = { kind: 'list', binding } as const
  const token = context.query.get('pageToken')
  const after = token === null || token === '' ? '' : String(context.tokens.open(use, token))
  const maxResults = maxResultsOf(context)
  // A page of nothing still proves that the share is there.
  const page = await load({
    maxResults: Math.max(1, maxResults),
    ...(after !== '' && { after }),
  })
  if (page === undefined)
    throw notFound('schema' in context.params ? 'schema' : 'share', context.params)
  const items = maxResults === 0 ? [] : page.items
  const next = maxResults === 0 && page.items.length > 0 ? after : page.next
  return jsonResponse({
    items: items.map(toWire),
    // Left out on the last page: one client would ask again for an empty one.
    nextPageToken:
      next === undefined
        ? undefined
        : context.tokens.seal({ ...use, expiresInSeconds: context.limits.pageTokenSeconds }, next),
  })
}

function lowerCaseNames({ params }: RequestContext): readonly string[] {
  return Object.values(params).map(name => name.toLowerCase())
}

/** Larger numbers than the server's own limit are capped, so that a client need not know it. */
function maxResultsOf({ query, limits }: RequestContext): number {
  const text = query.get('maxResults')
  if (text === null) return limits.defaultMaxResults
  if (!/^[0-9]{1,10}$/.test(text) || Number(text) > 0x7fffffff) {
    throw new TableError(
      'INVALID_REQUEST',
      `maxResults must be a non-negative 32-bit integer, not ${shownValue(text)}`,
    )
  }
  return Math.min(Number(text), limits.maxResults)
}

function wireShare({ name, id, displayName, comment, properties }: WireShare): WritableJson {
  return { name, id, displayName, comment, properties }
}

function wireTable(table: SharedTable, vendors: readonly CredentialVendor[]) {
  const { name, schema, share, shareId, id } = table
  return { name, schema, share, shareId, id, ...accessOf(table, vendors) }
}
