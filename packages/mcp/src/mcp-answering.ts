import { createMcpHandler } from '@modelcontextprotocol/server'
import type { ServedSkills } from '@spillway/core'
import { type McpServerInfo, skillsServer } from './skills-server.js'

/** One message, and whose skills it is about. */
export interface AskedMcp {
  readonly request: Request
  /** The body of the request, as JSON. */
  readonly message: unknown
  readonly skills: ServedSkills
}

/** Answers messages one by one, and keeps nothing of them. */
export type McpAnswering = (asked: AskedMcp) => Promise<Response>

/**
 * Streamable HTTP without sessions, of the revisions 2026-07-28 and before. Nothing changes while a request is answered, so that
 * there is nothing to subscribe to.
 */
export function mcpAnswering(info: McpServerInfo): McpAnswering {
  return async ({ request, message, skills }) => {
    if (methodOf(message) === 'subscriptions/listen') return nothingToHear(message)
    const handler = createMcpHandler(() => skillsServer(skills, info), { keepAliveMs: 0 })
    const bodiless = new Request(request.url, {
      method: request.method,
      headers: request.headers,
      signal: request.signal,
    })
    try {
      const answer = await handler.fetch(bodiless, { parsedBody: message })
      const body = await answer.arrayBuffer()
      const { status, headers } = answer
      return new Response(body.byteLength > 0 ? body : null, { status, headers })
    } finally {
      await handler.close()
    }
  }
}

function methodOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'method' in message
    ? message.method
    : undefined
}

/** JSON-RPC 2.0: the method is not there. */
function nothingToHear(message: unknown): Response {
  const id = (message as { readonly id?: unknown }).id ?? null
  const error = { code: -32601, message: 'nothing is announced here: list again' }
  return Response.json({ jsonrpc: '2.0', id, error })
}
