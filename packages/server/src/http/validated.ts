import { createHash } from 'node:crypto'
import { type WritableJson, writeJson } from '@spillway/core'
import { jsonTextResponse } from './respond.js'

/**
 * JSON with a validator, or 304 where the client has it already (RFC 9110, 13.1.2). A page with a token is never the same
 * bytes twice, so that its validator is a weak one, of what the page says besides.
 */
export function validatedResponse(
  request: Request,
  body: { readonly [key: string]: WritableJson },
): Response {
  const { nextPageToken, ...facts } = body
  const text = writeJson(body)
  const isPage = nextPageToken !== undefined
  const digest = digestOf(isPage ? writeJson({ ...facts, hasMore: true }) : text)
  // What somebody was granted is nobody else's.
  const headers = { etag: isPage ? `W/${digest}` : digest, 'cache-control': 'private, no-cache' }
  if (isKnownTag(request.headers.get('if-none-match'), digest)) {
    return new Response(null, { status: 304, headers })
  }
  return jsonTextResponse(text, { headers })
}

function digestOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 32)}"`
}

/** Whether `If-None-Match` names a tag, weakly compared. */
export function isKnownTag(header: string | null, digest: string): boolean {
  if (header === null) return false
  if (header.trim() === '*') return true
  return header.split(',').some(tag => tag.trim().replace(/^W\//, '') === digest)
}
