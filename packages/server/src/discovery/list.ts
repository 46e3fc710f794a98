import type { CredentialVendor, SharedTable, WritableJson } from '@spillway/core'
import type { WireShare } from '@spillway/protocol'
import { accessOf } from '../access/access-modes.js'
import { notFound } from '../access/not-found.js'
import { jsonResponse } from '../http/respond.js'
import type { RequestContext } from '../requests/request-context.js'
import { listResponse } from './list-response.js'

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

function wireShare({ name, id, displayName, comment, properties }: WireShare): WritableJson {
  return { name, id, displayName, comment, properties }
}

function wireTable(table: SharedTable, vendors: readonly CredentialVendor[]) {
  const { name, schema, share, shareId, id } = table
  return { name, schema, share, shareId, id, ...accessOf(table, vendors) }
}
