import { type JsonValue, TableError } from '@spillway/core'
import { isObject, type JsonObject, type Profile } from '@spillway/protocol/wire'
import { unlessAborted } from './retry.js'

/** Gives the Authorization header of the next request, renewing what expires. */
export interface Authorization {
  header(signal?: AbortSignal): Promise<string>
  /** Drops a header that the server refused; true where another may be had. */
  forget?(refused: string): boolean
}

/** A token as the token endpoint gives it (RFC 6749, 5.1). */
export interface AccessToken {
  readonly token: string
  readonly lifetimeMs: number
}

export function bearerAuthorization(
  {
    bearerToken,
    expirationTime,
  }: { readonly bearerToken: string; readonly expirationTime?: string | undefined },
  now: () => number = Date.now,
): Authorization {
  const expiresAt = Date.parse(expirationTime ?? '')
  return {
    async header() {
      if (now() < expiresAt || Number.isNaN(expiresAt)) return `Bearer ${bearerToken}`
      throw new TableError(
        'UNAUTHENTICATED',
        `the profile expired at ${expirationTime}: ask the provider for a new one`,
      )
    },
  }
}

/** The official clients renew when less than this is left. */
const RENEW_BEFORE_MS = 600_000

/**
 * OAuth 2.0 client credentials (RFC 6749, 4.4). Concurrent requests share one call of the token endpoint, which is given
 * up when the last of them is cancelled.
 */
export function renewedAuthorization(
  requestToken: (signal: AbortSignal) => Promise<AccessToken>,
  now: () => number = Date.now,
): Authorization {
  let current: { readonly header: string; readonly renewAt: number } | undefined
  const renewal = sharedCall(async signal => {
    const { token, lifetimeMs } = await requestToken(signal)
    // A token that lives shorter than the margin is used for half its life.
    const renewAt = now() + Math.max(lifetimeMs - RENEW_BEFORE_MS, lifetimeMs / 2)
    current = { header: `Bearer ${token}`, renewAt }
    return current.header
  })
  return {
    async header(signal) {
      if (current !== undefined && now() < current.renewAt) return current.header
      return renewal(signal)
    },
    forget(refused) {
      // Another request may have renewed it since.
      if (current?.header === refused) current = undefined
      return true
    },
  }
}

/** One call for everybody who waits for it; each stops waiting when its own signal says so. */
function sharedCall<T>(
  call: (signal: AbortSignal) => Promise<T>,
): (signal: AbortSignal | undefined) => Promise<T> {
  let shared: { readonly answer: Promise<T>; readonly stop: AbortController } | undefined
  let waiting = 0
  return async signal => {
    if (shared === undefined) {
      const stop = new AbortController()
      const mine = { answer: call(stop.signal), stop }
      shared = mine
      const ended = () => {
        if (shared === mine) shared = undefined
      }
      mine.answer.then(ended, ended)
    }
    const { answer, stop } = shared
    waiting++
    try {
      return await unlessAborted(answer, signal)
    } finally {
      waiting--
      if (waiting === 0) {
        shared = undefined
        stop.abort()
      }
    }
  }
}

export type ClientCredentials = Extract<Profile, { readonly clientId: string }>

/** The token call as RFC 6749, 4.4.2 has it; what a profile says of scope and audience is asked for. */
export function tokenRequest({ clientId, clientSecret, ...asked }: ClientCredentials): {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
} {
  const { scope, audience, resource } = asked
  const parts = Object.entries({ scope, audience, resource }).filter(([, value]) => value)
  const form = { grant_type: 'client_credentials', ...Object.fromEntries(parts) }
  return {
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${base64(`${clientId}:${clientSecret}`)}`,
    },
    body: new URLSearchParams(form).toString(),
  }
}

export function readToken(text: string, url: string): AccessToken {
  const answer = parseObject(text)
  const lifetimeSeconds = Number(answer.expires_in)
  if (typeof answer.access_token === 'string' && lifetimeSeconds > 0) {
    return { token: answer.access_token, lifetimeMs: lifetimeSeconds * 1000 }
  }
  // Only the names: the values are secrets.
  const found = Object.keys(answer).join(', ') || 'neither'
  throw new TableError(
    'UNAUTHENTICATED',
    `expected access_token and expires_in from the token endpoint, found ${found}`,
    { context: { url } },
  )
}

function parseObject(text: string): JsonObject {
  try {
    const parsed: JsonValue = JSON.parse(text)
    return isObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
