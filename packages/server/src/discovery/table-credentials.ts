import { type SharedTable, TableError } from '@spillway/core'
import { z } from 'zod'
import { offersDirectory } from '../access/access-modes.js'
import { nameOf } from '../access/table-name.js'
import { CREDENTIAL_SECONDS, wireCredentials } from '../access/wire-credentials.js'
import { jsonBody } from '../http/json-body.js'
import { readBody } from '../http/read-body.js'
import { jsonResponse } from '../http/respond.js'
import type { RequestContext } from '../requests/request-context.js'
import { findTable } from '../requests/table-request.js'

const body = z.object({ location: z.string().nullish() })

/** POST …/temporary-table-credentials: read-only access to the table's folder, or to one of its auxiliary ones. */
export async function tableCredentials(context: RequestContext): Promise<Response> {
  const asked = parseBody(await readBody(context.request, context.limits.bodyBytes))
  const table = await findTable(context)
  if (!offersDirectory(table, context.vendors)) {
    throw new TableError(
      'INVALID_REQUEST',
      `table ${nameOf(table)} is not shared by dir access: query it for signed URLs`,
    )
  }
  const location = locationOf(table, asked)
  const vendor = context.vendors.find(candidate => candidate.covers(location))
  if (vendor === undefined) throw noSuchLocation(table)
  const { credentials, expiresAt } = await vendor.vend(location, {
    expiresInSeconds: CREDENTIAL_SECONDS,
    signal: context.signal,
  })
  context.record.vended = location
  context.signed.note(
    { recipient: context.recipient, table },
    { at: location, kind: 'credentials', until: expiresAt },
  )
  return jsonResponse({
    credentials: { location, ...wireCredentials(credentials), expirationTime: expiresAt },
  })
}

/** Some clients send no body at all. */
function parseBody(text: string): string | undefined {
  if (text.trim() === '') return undefined
  const expected = '{"location": "…"}: location must be a string'
  return jsonBody(text, body, { expected }).location ?? undefined
}

/** As the provider wrote it: never as a recipient did, who could name a folder beside it. */
function locationOf({ source, ...table }: SharedTable, asked: string | undefined): string {
  if (asked === undefined) return source.location
  const shared = [source.location, ...(source.auxiliaryLocations ?? [])]
  const found = shared.find(location => canonical(location) === canonical(asked))
  if (found === undefined) throw noSuchLocation(table)
  return found
}

/** `s3a://b/t/` and `s3://b/t` are one place. */
function canonical(location: string): string {
  return location.replace(/^s3[an]:/i, 's3:').replace(/\/+$/, '')
}

function noSuchLocation(table: Pick<SharedTable, 'schema' | 'name'>): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `the location is neither the root nor an auxiliary location of table ${nameOf(table)}`,
  )
}
