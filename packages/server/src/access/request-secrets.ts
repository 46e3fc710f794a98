/** Headers that hold what somebody proves by who they are. */
const CREDENTIAL =
  /auth|token|key|secret|cookie|session|signature|assertion|jwt|cert|credential|passw/

/** Says who somebody is, as proxies that know it do. */
const IDENTITY = /(?:user|email|subject|group|tenant|account)(?:-?(?:id|name))?s?$/

/** What says nothing but how, of what and by which way: RFC 9110 and its kin, and proxies. */
const ORDINARY =
  /^(?:accept|access-control|content|if|sec-(?:ch|fetch|gpc)|delta-sharing|x-forwarded|x-b3|cf)(?:-|$)|^(?:cache-control|connection|date|dnt|expect|forwarded|from|host|keep-alive|max-forwards|origin|pragma|priority|range|te|trailer|transfer-encoding|upgrade|upgrade-insecure-requests|user-agent|via|traceparent|tracestate|x-request-id|x-correlation-id|x-amzn-trace-id|x-real-ip|x-client-ip|true-client-ip)$/

/** The protocol's own, which are none. */
const PARAMETERS =
  /^(?:maxResults|maxFiles|version|timestamp|startingVersion|endingVersion|startingTimestamp|endingTimestamp|includeHistoricalMetadata|includeHistoricalProtocol)$/

/** Shorter ones, such as `Bearer`, are words of sentences. */
const SHORTEST = 12
/** Of what is known to be a secret. */
const SHORTEST_NAMED = 6
const SHORTEST_PASSWORD = 4

/**
 * What must not be in a log: all that a request proves somebody by, whole and in its parts, as code that checks it would put
 * it into its errors. A header or parameter that nobody knows may be one of them. The longest first.
 */
export function credentialsOf({
  headers,
  url,
}: Pick<Request, 'headers' | 'url'>): readonly string[] {
  const secrets = new Set<string>()
  for (const [name, value] of headers) {
    if (isSecret(name)) for (const each of partsOf(name, value)) secrets.add(each)
    else if (name === 'referer') addParameters(secrets, value)
  }
  addParameters(secrets, url)
  return [...secrets].sort((a, b) => b.length - a.length)
}

/** Those of headers that are known to hold nothing else: who has one of them has what it opens. */
export function bearerSecretsOf({ headers }: Pick<Request, 'headers'>): readonly string[] {
  const known = /^(?:proxy-)?authorization$|cookie|token|secret|passw|jwt|assertion|api-?key/
  return [...headers]
    .filter(([name]) => known.test(name) && !IDENTITY.test(name))
    .flatMap(([name, value]) => [...partsOf(name, value)])
    .filter(each => each.length >= SHORTEST)
}

function isSecret(name: string): boolean {
  if (IDENTITY.test(name) && !/token|secret|passw|jwt|assertion/.test(name)) return false
  return CREDENTIAL.test(name) || (name !== 'referer' && !ORDINARY.test(name))
}

function partsOf(name: string, value: string): Set<string> {
  const parts = new Set<string>()
  const shortest = CREDENTIAL.test(name) ? SHORTEST_NAMED : SHORTEST
  addForms(parts, value, shortest)
  for (const piece of value.split(/[\s;,]+/)) {
    // A scheme, as of Bearer, is a word; what stands behind a name is the secret.
    const named = /^[^=]{1,64}=(.+)$/s.exec(piece)?.[1]
    addForms(parts, piece, SHORTEST)
    if (named !== undefined) addForms(parts, named.replace(/^"|"$/g, ''), shortest)
    for (const section of piece.split('.')) addForms(parts, section, SHORTEST + 4)
  }
  const [, scheme = '', rest = ''] = /^\s*(\w+)\s+(.*?)\s*$/s.exec(value) ?? []
  if (name.endsWith('authorization')) addForms(parts, rest, SHORTEST_NAMED)
  if (scheme.toLowerCase() === 'basic') addPassword(parts, rest)
  return parts
}

/** RFC 7617: what is behind the first colon, in whatever of the two charsets it is. */
function addPassword(parts: Set<string>, encoded: string): void {
  for (const charset of ['utf8', 'latin1'] as const) {
    const decoded = Buffer.from(encoded, 'base64').toString(charset)
    const colon = decoded.indexOf(':')
    addForms(parts, decoded, SHORTEST_NAMED)
    if (colon >= 0) addForms(parts, decoded.slice(colon + 1), SHORTEST_PASSWORD)
  }
}

function addParameters(parts: Set<string>, url: string): void {
  const query = url.slice(url.indexOf('?') + 1 || url.length).split('#', 1)[0]!
  for (const pair of query.split('&')) {
    const [name = '', ...rest] = pair.split('=')
    const value = rest.join('=')
    if (PARAMETERS.test(name)) continue
    const shortest = CREDENTIAL.test(name.toLowerCase()) ? SHORTEST_PASSWORD : SHORTEST
    addForms(parts, value, shortest)
    addForms(parts, value.replaceAll('+', ' '), shortest)
  }
}

/** As it came, and as it is written in URLs, or was there. Most are the same, of which an attacker may send thousands. */
function addForms(parts: Set<string>, text: string, shortest: number): void {
  if (text.length >= shortest) parts.add(text)
  if (text.includes('%')) {
    const form = decoded(text)
    if (form.length >= shortest) parts.add(form)
  }
  if (/[^\w.~-]/.test(text)) {
    const form = encodeURIComponent(text)
    if (form.length >= shortest) parts.add(form)
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
