import { isTableError, type Recipient, type ShareCatalog, TableError } from '@spillway/core'
import { authenticate, bearerOf, tokenHash } from './authenticate.js'
import { type Authenticate, authenticateBy } from './authenticate-by.js'

/** Who is at the other end of a connection. */
export interface Peer {
  readonly address: string
}

/** Authenticates requests, and lets no address try tokens without end. */
export interface Guard {
  /** `signal` is the request's own unless given. */
  authenticate(request: Request, peer: Peer | undefined, signal?: AbortSignal): Promise<Recipient>
}

export interface GuardOptions {
  readonly limit: number
  /** Milliseconds since whenever: by one that is set back, a minute of refusals would last. */
  readonly clock: () => number
  /** Who finds recipients in place of the catalog's tokens, and how long it may take. */
  readonly by?: { readonly authenticate: Authenticate; readonly seconds: number } | undefined
}

const WINDOW_MS = 60_000
const MAX_ADDRESSES = 10_000
const MAX_TOKENS = 10_000

/**
 * Past `limit` failures within a minute an address is answered 429 without a look at its token, unless that token was
 * good before: those who share an address, or stand behind one proxy, do not shut each other out.
 */
export function createGuard(catalog: ShareCatalog, options: GuardOptions): Guard {
  const { limit, clock, by } = options
  const failures = new Map<string, { readonly since: number; count: number }>()
  const good = new Set<string>()

  function failed(address: string): void {
    const known = failures.get(address)
    if (known !== undefined && isWithin(known.since, clock())) {
      known.count++
      return
    }
    failures.delete(address)
    failures.set(address, { since: clock(), count: 1 })
    dropOldest(failures, MAX_ADDRESSES)
  }

  function refuseTooMany(address: string): void {
    const known = failures.get(address)
    if (known === undefined || known.count < limit) return
    if (!isWithin(known.since, clock())) return
    throw new TableError(
      'RATE_LIMITED',
      'too many requests from this address had no good token; wait a minute',
      { context: { address, retryAfterSeconds: WINDOW_MS / 1000 }, retryable: true },
    )
  }

  return {
    async authenticate(request, peer, signal = request.signal) {
      const address = peer && networkOf(peer.address)
      const token = bearerOf(request)
      // Without a token there is nothing to know a request again by, whoever let it in.
      const hash = token === undefined ? undefined : tokenHash(token).toString('base64')
      if (address !== undefined && (hash === undefined || !good.has(hash))) refuseTooMany(address)
      try {
        const recipient =
          by === undefined
            ? await authenticate(request, catalog, signal)
            : await authenticateBy(by.authenticate, {
                request,
                address: peer?.address,
                signal,
                seconds: by.seconds,
              })
        if (hash !== undefined) {
          good.delete(hash)
          good.add(hash)
          dropOldest(good, MAX_TOKENS)
        }
        return recipient
      } catch (error) {
        if (hash !== undefined) good.delete(hash)
        if (address !== undefined && isUnauthenticated(error)) failed(address)
        throw error
      }
    },
  }
}

function isUnauthenticated(error: unknown): boolean {
  return isTableError(error) && error.code === 'UNAUTHENTICATED'
}

function isWithin(since: number, now: number): boolean {
  return now >= since && now - since < WINDOW_MS
}

/** What counts as one address: whoever has one of IPv6 has 2^64 of them. An IPv4 address is given as it is, a /64 otherwise. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return mapped[1]!
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('%')[0]!.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0')
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`
}

/** Maps and sets keep the order of insertion: the first is the oldest. */
function dropOldest(
  entries: { readonly size: number; keys(): Iterable<string>; delete(key: string): boolean },
  most: number,
): void {
  for (const oldest of entries.keys()) {
    if (entries.size <= most) return
    entries.delete(oldest)
  }
}
