import { createHash, timingSafeEqual } from 'node:crypto'
import { type Recipient, type ShareCatalog, TableError } from '@spillway/core'

/** Tokens of identity providers have a few thousand characters; all headers of a request have 16 KiB by Node's default. */
const MAX_TOKEN_CHARACTERS = 16 * 1024

/** The recipient whose bearer token a request carries (RFC 6750). Unknown, expired and revoked look alike. */
export async function authenticate(
  request: Request,
  catalog: ShareCatalog,
  signal: AbortSignal,
): Promise<Recipient> {
  const token = bearerOf(request)
  if (token === undefined) throw new TableError('UNAUTHENTICATED', withoutToken(request))
  const recipient = await catalog.authenticate(token, signal)
  if (recipient !== undefined) return recipient
  throw new TableError('UNAUTHENTICATED', 'the bearer token is unknown or has expired')
}

function withoutToken({ headers }: Request): string {
  const { length } = headers.get('authorization') ?? ''
  return length > MAX_TOKEN_CHARACTERS
    ? `the bearer token is longer than ${MAX_TOKEN_CHARACTERS} characters`
    : 'a bearer token is required: Authorization: Bearer …'
}

/** The token that a request carries; undefined where it has none, or one that is longer than any. */
export function bearerOf(request: Request): string | undefined {
  const [, token] = /^bearer +([^\s]+) *$/i.exec(request.headers.get('authorization') ?? '') ?? []
  return token !== undefined && token.length <= MAX_TOKEN_CHARACTERS ? token : undefined
}

/** What is kept of a token: enough to recognise it, nothing to use. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/**
 * The entry whose hash is `hash`. Every entry is compared, each in constant time, so that how long it takes says
 * nothing about which tokens exist.
 */
export function findByHash<Entry extends { readonly hash: Uint8Array }>(
  entries: readonly Entry[],
  hash: Uint8Array,
): Entry | undefined {
  let found: Entry | undefined
  for (const entry of entries) {
    if (timingSafeEqual(entry.hash, hash)) found = entry
  }
  return found
}
