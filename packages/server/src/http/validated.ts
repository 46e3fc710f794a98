import { createHash } from 'node:crypto'
import { type WritableJson, writeJson } from '@spillway/core'
import { PreconditionFailed } from './error-response.js'
import { jsonTextResponse } from './respond.js'

/**
 * JSON with a validator, or 304 where the client has it already (RFC 9110, 13.1.2); throws where it wants another (13.1.1). A page with a token is never the same
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
  if (isNotModified(request, headers.etag)) {
    return new Response(null, { status: 304, headers })
  }
  return jsonTextResponse(text, { headers })
}

function digestOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 32)}"`
}

/** Whether the client has what is here now, by `If-None-Match`; throws `PreconditionFailed` where `If-Match` names something else. */
export function isNotModified({ headers }: Pick<Request, 'headers'>, etag: string): boolean {
  const [match, noneMatch] = [headers.get('if-match'), headers.get('if-none-match')]
  // Compared strongly: a weak tag is that of no bytes.
  if (match !== null && !isAny(match) && (isWeak(etag) || !tagsIn(match).includes(etag))) {
    throw new PreconditionFailed(etag)
  }
  if (noneMatch === null) return false
  return isAny(noneMatch) || tagsIn(noneMatch).map(opaque).includes(opaque(etag))
}

function isAny(header: string): boolean {
  return header.trim() === '*'
}

function tagsIn(header: string): readonly string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? []
}

function isWeak(tag: string): boolean {
  return tag.startsWith('W/')
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, '')
}
