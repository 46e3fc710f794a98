import { TableError } from '@spillway/core'

/** Gives the Authorization header of the next request, renewing what expires. */
export interface Authorization {
  header(signal?: AbortSignal): Promise<string>
}

export function bearerAuthorization(token: string): Authorization {
  return { header: async () => `Bearer ${token}` }
}

export interface ClientCredentials {
  readonly tokenEndpoint: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope?: string
}

/** The official clients renew when less than this is left. */
const RENEW_BEFORE_MS = 600_000

/** OAuth 2.0 client credentials (RFC 6749, 4.4). Concurrent requests share one token call. */
export function clientCredentialsAuthorization(
  credentials: ClientCredentials,
  options: { readonly fetch?: typeof globalThis.fetch; readonly now?: () => number } = {},
): Authorization {
  const { fetch = globalThis.fetch, now = Date.now } = options
  let current: { readonly token: string; readonly renewAt: number } | undefined
  let pending: Promise<string> | undefined
  async function renew(): Promise<string> {
    const { token, lifetimeMs } = await requestToken(credentials, fetch)
    // A token that lives shorter than the margin is used for half its life.
    current = { token, renewAt: now() + Math.max(lifetimeMs - RENEW_BEFORE_MS, lifetimeMs / 2) }
    return token
  }
  return {
    async header() {
      if (current !== undefined && now() < current.renewAt) return `Bearer ${current.token}`
      pending ??= renew().finally(() => {
        pending = undefined
      })
      return `Bearer ${await pending}`
    },
  }
}

async function requestToken(
  { tokenEndpoint, clientId, clientSecret, scope }: ClientCredentials,
  fetch: typeof globalThis.fetch,
): Promise<{ token: string; lifetimeMs: number }> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope ? { scope } : {}),
  })
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${base64(`${clientId}:${clientSecret}`)}`,
    },
    body: form.toString(),
  })
  const text = await response.text()
  const context = { url: tokenEndpoint, status: response.status }
  if (!response.ok) {
    throw new TableError('UNAUTHENTICATED', `the token endpoint answered ${response.status}`, {
      context,
    })
  }
  const answer = parseObject(text)
  const lifetimeSeconds = Number(answer.expires_in)
  if (typeof answer.access_token !== 'string' || !(lifetimeSeconds > 0)) {
    const expected = 'expected access_token and expires_in from the token endpoint'
    throw new TableError(
      'UNAUTHENTICATED',
      `${expected}, found ${Object.keys(answer).join(', ') || 'neither'}`,
      {
        context,
      },
    )
  }
  return { token: answer.access_token, lifetimeMs: lifetimeSeconds * 1000 }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
