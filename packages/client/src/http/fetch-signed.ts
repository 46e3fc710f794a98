import { parsedUrl } from '@spillway/core'
import type { BytesAnswer, FetchBytes } from './bytes-answer.js'
import { withoutUrls } from './http-failure.js'
import { unlessAborted } from './retry.js'

export interface SignedRequest<Answer extends BytesAnswer = Response> {
  readonly headers: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  readonly fetch?: FetchBytes<Answer> | undefined
  /** The error that says why a URL, or where it redirects to, is not asked. The reason names hosts alone. */
  readonly refuse: (reason: string) => Error
}

const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * Asks a URL that a server has signed. It may redirect to another host by https, as stores do to another region and to what
 * caches for them, but to no address of an unnamed or a local host, and by http only within its origin: whoever signs may not
 * make its recipients ask what they alone reach. No credentials of the recipient go along, and no error says a URL.
 */
export async function fetchSigned<Answer extends BytesAnswer = Response>(
  url: string,
  request: SignedRequest<Answer>,
): Promise<Answer | Response> {
  const { refuse } = request
  let at = parsedUrl(url)
  if (at === undefined) throw refuse('its URL is none')
  requireAskable(at, refuse)
  for (let redirects = 0; ; redirects++) {
    const response = await asked(at, request, 'manual')
    // Browsers do not say where it leads, and hold it to rules of their own: CORS, and nothing by http from a page by https.
    if (response.type === 'opaqueredirect') return asked(at, request, 'follow')
    const location = response.headers.get('location')
    if (!REDIRECTS.has(response.status) || location === null) return response
    response.body?.cancel().catch(() => undefined)
    if (redirects >= MAX_REDIRECTS) throw refuse(`it redirects more than ${MAX_REDIRECTS} times`)
    const next = parsedUrl(location, at.href)
    if (next === undefined) throw refuse('it redirects to what is no URL')
    requireAskable(next, refuse)
    if (!mayFollow(at, next)) {
      throw refuse(
        `it redirects to ${next.protocol}//${next.host}: redirects are followed within an origin, and by https to another host that has a name`,
      )
    }
    at = next
  }
}

async function asked<Answer extends BytesAnswer>(
  { href }: URL,
  { fetch, headers, signal }: SignedRequest<Answer>,
  redirect: 'manual' | 'follow',
): Promise<Answer | Response> {
  try {
    // The page's own cookies are for the page's own host.
    const options = { headers, redirect, credentials: 'omit', ...(signal && { signal }) } as const
    const answer: Promise<Answer | Response> = (fetch ?? globalThis.fetch)(href, options)
    return await unlessAborted(answer, signal)
  } catch (error) {
    throw withoutUrls(error)
  }
}

/** Credentials in a URL are none of a signature: fetch refuses them, and says the whole URL as it does. */
function requireAskable({ protocol, username, password }: URL, refuse: SignedRequest['refuse']) {
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw refuse(`a URL by http or https is expected, found one by ${protocol.slice(0, 40)}`)
  }
  if (username !== '' || password !== '') throw refuse('its URL holds a user and a password')
}

function mayFollow(from: URL, to: URL): boolean {
  if (to.origin === from.origin) return true
  return to.protocol === 'https:' && isNamed(to.hostname)
}

/** `URL` has written every spelling of an IPv4 address with dots by now. */
function isNamed(hostname: string): boolean {
  if (hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname)) return false
  return (
    /^[^.]+(?:\.[^.]+)+\.?$/.test(hostname) && !/(?:^|\.)(?:localhost|local)\.?$/.test(hostname)
  )
}
