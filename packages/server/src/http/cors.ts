import { parsedUrl, TableError } from '@spillway/core'
import type { FetchHandler } from './fetch-handler.js'

export interface CorsOptions {
  /** Origins of the pages that may read the answers, as browsers spell them: `https://app.example`. `*` for any. */
  readonly origins: readonly string[]
}

/** Longest that browsers keep the answer to a preflight. */
const MAX_AGE_SECONDS = '7200'

/** What the protocol's clients, and readers of Parquet by ranges, send and read. */
const REQUEST_HEADERS =
  'authorization, content-type, delta-sharing-capabilities, fileidhash, range, if-match, if-range, if-none-match, mcp-method, mcp-name, mcp-protocol-version'
const RESPONSE_HEADERS = [
  'delta-table-version',
  'delta-sharing-capabilities',
  'fileidhash',
  'spillway-hints',
  'spillway-sql-hints',
  'x-request-id',
  'retry-after',
  'content-length',
  'content-range',
  'accept-ranges',
  'etag',
].join(', ')

/**
 * Lets pages of other origins read the answers (Fetch Standard, "HTTP-CORS protocol"). Bearer tokens travel in a header
 * that the page sets, so no cookies are ever allowed, and `*` gives nothing to a page without a token.
 */
export function withCors(handler: FetchHandler, options: CorsOptions): FetchHandler {
  const origins = checkedOrigins(options.origins)
  const any = origins.has('*')
  return {
    async fetch(request, peer) {
      const origin = request.headers.get('origin')
      const allowed = origin !== null && (any || origins.has(origin))
      const preflight =
        request.method === 'OPTIONS' && request.headers.has('access-control-request-method')
      const answer = preflight
        ? new Response(null, { status: 204, ...(allowed && { headers: preflightHeaders() }) })
        : await handler.fetch(request, peer)
      const response = changeable(answer)
      if (!any) response.headers.append('vary', 'Origin')
      if (!allowed) return response
      response.headers.set('access-control-allow-origin', any ? '*' : origin)
      response.headers.set('access-control-expose-headers', RESPONSE_HEADERS)
      return response
    },
  }
}

function preflightHeaders(): Record<string, string> {
  return {
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-headers': REQUEST_HEADERS,
    'access-control-max-age': MAX_AGE_SECONDS,
  }
}

/** A response that was fetched from elsewhere has headers that cannot be written. */
function changeable(response: Response): Response {
  try {
    response.headers.delete('access-control-allow-origin')
    return response
  } catch {
    return new Response(response.body, response)
  }
}

function checkedOrigins(origins: readonly string[]): ReadonlySet<string> {
  for (const origin of origins) {
    if (isCorsOrigin(origin)) continue
    throw new TableError(
      'INVALID_REQUEST',
      `cors.origins: expected "*" or an origin such as https://app.example, found ${JSON.stringify(origin)}`,
    )
  }
  return new Set(origins)
}

/** `*`, or scheme, host and port as a browser writes them: lower case, no default port, no slash at the end. */
export function isCorsOrigin(text: string): boolean {
  if (text === '*') return true
  const url = parsedUrl(text)
  return url !== undefined && /^https?:$/.test(url.protocol) && url.origin === text
}
