import { TableError } from '@spillway/core'
import { z } from 'zod'
import { jsonBody } from '../http/json-body.js'
import { readBody } from '../http/read-body.js'
import type { RequestContext } from '../requests/request-context.js'
import { servedSkills } from './served-skills.js'

/** What the longest name takes, and hosts say of themselves. */
const MAX_BODY_BYTES = 256 * 1024
const MAX_VALUES = 2000
const EXPECTED = 'one message of JSON-RPC; several are sent one by one'

/** POST /mcp: streamable HTTP without sessions. */
export async function mcp(context: RequestContext): Promise<Response> {
  const { mcp: server, request, limits, record } = context
  if (server === undefined) throw new TableError('NOT_FOUND', 'there is nothing at this path')
  requireOrigin(request, server.origins)
  const text = await readBody(request, Math.min(limits.bodyBytes, MAX_BODY_BYTES))
  const message = jsonBody(text, z.looseObject({}), { expected: EXPECTED, mostValues: MAX_VALUES })
  const answer = await server.answer({ request, message, skills: servedSkills(context) })
  // Whole before its status, so that it is on record with what became of it, and ends with the time that answers have.
  const bytes = new Uint8Array(await answer.arrayBuffer())
  record.bytesSent = bytes.byteLength
  const headers = new Headers(answer.headers)
  headers.set('cache-control', 'private, no-store')
  const hasBody = bytes.byteLength > 0
  return new Response(hasBody ? bytes : null, { status: answer.status, headers })
}

/**
 * Refuses what pages of other origins send, before anything is read (MCP, "Streamable HTTP", security warning): a name that
 * leads to this machine would make it the page's own. Programs send no origin.
 */
function requireOrigin({ headers }: Pick<Request, 'headers'>, allowed: readonly string[]): void {
  const origin = headers.get('origin')
  if (origin === null || allowed.includes('*') || allowed.includes(origin)) return
  throw new TableError(
    'PERMISSION_DENIED',
    'pages of this origin may not ask here: the provider lists those that may in server.cors.origins',
  )
}
