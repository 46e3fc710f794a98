import { parsedUrl, TableError } from '@spillway/core'

/** First names below the place that a server is mounted at. */
const FIRST_NAMES = ['shares', 'files', 'healthz', '.well-known', 'mcp']

/**
 * What of a request's path lies below `mount`, `/shares` for one; undefined where nothing does. A proxy in front, or a
 * framework, may have taken names away from the front of the path that recipients asked for: what is left of `mount`
 * then may be all of it or nothing.
 */
export function pathBelow(mount: string, pathname: string): string | undefined {
  for (const left of endingsOf(mount)) {
    if (!pathname.startsWith(`${left}/`)) continue
    const below = pathname.slice(left.length)
    if (FIRST_NAMES.includes(below.split('/', 2)[1]!)) return below
  }
  return undefined
}

/** Longest first: `/a/b`, `/b` and nothing. */
function endingsOf(mount: string): readonly string[] {
  const names = mount.split('/').slice(1)
  return [...names.map((_, i) => `/${names.slice(i).join('/')}`), '']
}

/** The path that a request would have had to ask for, where it asks for one of ours in another place. */
export function misplacedPath(mount: string, pathname: string): string | undefined {
  const found = /\/shares(?:$|\/.*)/.exec(pathname)
  return found === null ? undefined : `${mount}${found[0]}`
}

export interface Endpoint {
  /** As it stands in profiles, without a slash at its end: `https://share.example/delta-sharing`. */
  readonly url: string
  /** Its path as the framework that it is mounted in spells it: `/delta-sharing`, or '' for the root of the host. */
  readonly path: string
}

/** Refuses what no recipient could reach a server by, before anybody has been given it. */
export function checkedEndpoint(text: string, name = 'endpoint'): Endpoint {
  const refused = (reason: string) =>
    new TableError(
      'INVALID_REQUEST',
      `${name}: expected where recipients reach the server, such as https://share.example/delta-sharing, ${reason}`,
    )
  const url = parsedUrl(text)
  if (url === undefined) throw refused(`found ${foundText(text)}, which is no URL`)
  if (!/^https?:$/.test(url.protocol)) throw refused(`found the scheme ${url.protocol}`)
  // Without its words: what stands there may be a secret.
  if (url.username + url.password !== '') throw refused('found a user or a password in it')
  if (url.search + url.hash !== '') throw refused('found a query or a fragment behind its path')
  const path = url.pathname.replace(/\/+$/, '')
  const names = path.split('/').slice(1)
  if (names.includes('')) throw refused(`found an empty name in its path ${path}`)
  if (FIRST_NAMES.includes(names.at(-1)!)) {
    throw refused(`found ${path} at its end: clients add /shares to it themselves`)
  }
  return { url: `${url.origin}${path}`, path }
}

/** A path, or what lacks its scheme, is repeated; anything else may hold a password. */
function foundText(text: string): string {
  const isHost = text.length < 100 && /^(\/|[\w-]+\.)[\w./-]*$/.test(text)
  return isHost ? JSON.stringify(text) : `text of ${text.length} characters`
}
