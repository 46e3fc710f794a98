import { TableError } from '@spillway/core'
import { accessModesOf } from '../access/shared-folder.js'
import { CREDENTIAL_SECONDS, wireCredentials } from '../access/wire-credentials.js'
import { jsonResponse } from '../http/respond.js'
import type { RequestContext } from '../requests/request-context.js'
import { askedFolder } from './asked-folder.js'

/**
 * POST …/temporary-{volume,skill,model-version}-credentials: read-only access to the folder and to nothing beside it. Unlike a
 * table's they are not wrapped (OpenSharing CREDENTIALS.md); where the folder is, and how its store is reached, stand beside
 * them for clients that know it.
 */
export async function assetCredentials(context: RequestContext): Promise<Response> {
  const folder = await askedFolder(context)
  const { asset, location } = folder
  const vendor = context.vendors.find(candidate => candidate.covers(location))
  const isOffered = accessModesOf(asset, location, context.vendors).includes('dir')
  if (!isOffered || vendor === undefined) {
    throw new TableError(
      'INVALID_REQUEST',
      `${context.record.asset} is not shared by dir access: ask for its files and their URLs`,
    )
  }
  const { credentials, expiresAt, reach } = await vendor.vend(location, {
    expiresInSeconds: CREDENTIAL_SECONDS,
    signal: context.signal,
  })
  context.record.vended = location
  context.signed.note(
    { recipient: context.recipient, folder },
    { at: location, kind: 'credentials', until: expiresAt },
  )
  return jsonResponse({
    ...wireCredentials(credentials),
    expirationTime: expiresAt,
    location,
    ...reach,
  })
}
