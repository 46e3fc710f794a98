import type { Server, ServerOptions } from 'node:http'
import type { Socket } from 'node:net'

/** What a connection may take before anybody knows who it is. */
export interface ConnectionLimits {
  readonly connections: number
  readonly connectionsPerAddress: number
  readonly headerSeconds: number
  readonly requestSeconds: number
}

/** Their keys in a configuration: what is the listening socket's, and the rest the handler's. */
export const CONNECTION_LIMITS = [
  'connections',
  'connectionsPerAddress',
  'headerSeconds',
  'requestSeconds',
] as const satisfies readonly (keyof ConnectionLimits)[]

const MAX_HEADER_BYTES = 32 * 1024
const CHECK_EVERY_MS = 2000
const KEEP_ALIVE_MS = 65_000

/** A client that sends its head or its body a byte at a time is answered 408 and let go. */
export function httpLimits({ headerSeconds, requestSeconds }: ConnectionLimits): ServerOptions {
  return {
    // Node refuses more for the head than for all of the request, which ends with the shorter of both anyway.
    headersTimeout: Math.min(headerSeconds, requestSeconds) * 1000,
    requestTimeout: requestSeconds * 1000,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    // Longer than load balancers keep theirs: they would send a request into a connection that is closing.
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  }
}

/** A client that leaves the handshake of TLS unfinished is let go as one that leaves its head is. */
export function tlsLimits({ headerSeconds }: ConnectionLimits): {
  readonly handshakeTimeout: number
} {
  return { handshakeTimeout: headerSeconds * 1000 }
}

/** One connection more than allowed, in all or of an address, is closed at once. A proxy's are its clients', and not counted. */
export function limitConnections(
  server: Server,
  {
    connections,
    connectionsPerAddress,
    trustedProxies,
  }: ConnectionLimits & { readonly trustedProxies: readonly string[] },
): void {
  server.maxConnections = connections
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    if (trustedProxies.includes(address)) return
    const before = open.get(address) ?? 0
    if (before >= connectionsPerAddress) {
      socket.destroy()
      return
    }
    open.set(address, before + 1)
    socket.once('close', () => {
      const now = (open.get(address) ?? 1) - 1
      if (now === 0) open.delete(address)
      else open.set(address, now)
    })
  })
}
