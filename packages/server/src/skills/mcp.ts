import { TableError } from '@spillway/core'
import { readBody } from '../http/read-body.js'
import type { RequestContext } from '../requests/request-context.js'
import { servedSkills } from './served-skills.js'

/** POST /mcp: streamable HTTP without sessions. */
export async function mcp(context: RequestContext): Promise<Response> {
  const { mcp: server, request, limits, record } = context
  if (server === undefined) throw new TableError('NOT_FOUND', 'there is nothing at this path')
  requireOrigin(request, server.origins)
  const message = messageIn(await readBody(request, limits.bodyBytes))
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

function messageIn(text: string): unknown {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    throw new TableError('INVALID_REQUEST', 'expected a message of JSON-RPC, found no JSON')
  }
  if (Array.isArray(message)) {
    throw new TableError(
      'INVALID_REQUEST',
      'expected one message of JSON-RPC, found a list of them: send them one by one',
    )
  }
  return message
}
