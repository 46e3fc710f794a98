import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { TableError } from '@spillway/core'
import { type AccessLog, checkedEndpoint, type Peer, type SignedLedger } from '@spillway/server'
import { nodeListener } from '@spillway/server/node'
import type { ServeConfig } from '../configuration/config.js'
import { statedEndpoint } from '../configuration/examine-document.js'
import { startAdmin } from './admin.js'
import { serverCloser } from './close-server.js'
import { CONNECTION_LIMITS, httpLimits, limitConnections, tlsLimits } from './connection-limits.js'
import { listen } from './listen.js'
import { createServerMetrics } from './metrics.js'
import { createRuntime, type Runtime } from './runtime.js'
import { readTlsPair, type TlsFiles, type TlsPair, watchTlsPair } from './tls-files.js'

export interface RunningServer {
  /** Where recipients reach it: the endpoint of their profiles, under `/delta-sharing`. */
  readonly url: string
  readonly endpoint: string
  /** Where it listens, which only what stands in front of it may need to know: `http://127.0.0.1:8420`. */
  readonly socketUrl: string
  /** Where the provider's own machines ask for `/metrics` and `/healthz`, if anywhere. */
  readonly adminUrl?: string
  readonly runtime: Runtime
  /** Replaces the configuration for requests from now on. Throws, and keeps the old one, where that cannot be. */
  reload(config: ServeConfig): void
  /**
   * Takes no more connections and waits for the answers under way, `graceMs` at most: `server.graceSeconds` unless given.
   * What is not done by then breaks off visibly.
   */
  close(graceMs?: number): Promise<void>
}

const NOT_YET = () => new Response(null, { status: 503, headers: { 'retry-after': '1' } })

interface StartOptions {
  readonly log?: AccessLog | undefined
  /** Told of what fails in the background, and of what is not shared because of how it lies there. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** Told when files of `server.tls` have changed: until when the new certificate is good, or why the old one is kept. */
  readonly onCertificate?: ((change: { readonly endsAt: number } | TableError) => void) | undefined
}

/** Serves `config` until closed. */
export async function startServer(
  config: ServeConfig,
  options: StartOptions = {},
): Promise<RunningServer> {
  let runtime: Runtime | undefined
  const metrics = createServerMetrics()
  const handler = {
    fetch: async (request: Request, peer?: Peer) =>
      runtime === undefined ? NOT_YET() : runtime.fetch(request, peer),
  }
  const stated = statedEndpoint(config.server)
  const { server, closer, certificate } = await opened(handler, config, options)
  const endpoint = stated ?? checkedEndpoint(`${urlOf(config.server.host, server)}/delta-sharing`)
  const made = {
    endpoint,
    // Without one, URLs and page tokens end with this process.
    secrets: config.secrets.length > 0 ? config.secrets : [randomBytes(32).toString('hex')],
    metrics,
    log: options.log,
    onError: options.onError,
  }
  const { admin: adminAddress } = config.server
  const ledgers: SignedLedger[] = []
  const admin =
    adminAddress &&
    (await startAdmin(adminAddress, { metrics, signed: () => ledgers }).catch(closing(server)))
  runtime = createRuntime(config, made)
  const current = runtime
  ledgers.push(current.signed)
  const state = { current }
  return {
    url: endpoint.url.replace(/\/delta-sharing$/, ''),
    endpoint: endpoint.url,
    socketUrl: urlOf(config.server.host, server),
    ...(admin && { adminUrl: urlOf(adminAddress!.host, admin) }),
    get runtime() {
      return state.current
    },
    reload(next) {
      refuseMove(state.current.config, next)
      if (state.current.adopt(next)) return
      const old = state.current
      state.current = createRuntime(next, {
        ...made,
        secrets: next.secrets.length > 0 ? next.secrets : made.secrets,
      })
      runtime = state.current
      ledgers.push(runtime.signed)
      forgetOver(ledgers)
      // Requests that the old one answers end soon after their URLs were signed.
      setTimeout(() => void old.close(), 60_000).unref()
    },
    async close(graceMs = state.current.config.server.graceSeconds * 1000) {
      certificate?.stop()
      await closer.close(graceMs)
      if (admin !== undefined) await closeAdmin(admin)
      await state.current.close()
    },
  }
}

async function opened(
  handler: Parameters<typeof nodeListener>[0],
  config: ServeConfig,
  options: StartOptions,
) {
  const { tls } = config.server
  const server = limitedServer(handler, config, tls && (await readTlsPair(tls)))
  const closer = serverCloser(server)
  await listen(server, config.server)
  const certificate = tls && watchCertificate(tls, server as TlsServer, options)
  return { server, closer, certificate }
}

function limitedServer(
  handler: Parameters<typeof nodeListener>[0],
  { server: { limits, trustedProxies } }: ServeConfig,
  pair: TlsPair | undefined,
): Server {
  const listener = nodeListener(handler, { trustedProxies })
  const made = httpLimits(limits)
  const server =
    pair === undefined
      ? createServer(made, listener)
      : createTlsServer({ ...made, ...tlsLimits(limits), ...pair }, listener)
  limitConnections(server, { ...limits, trustedProxies })
  // Whoever asks whether a body is wanted is answered when it is: a refused one is never sent.
  server.on('checkContinue', listener)
  return server
}

/** Connections that there are keep the certificate that they began with. */
function watchCertificate(files: TlsFiles, server: TlsServer, { onCertificate }: StartOptions) {
  return watchTlsPair(files, read => {
    if (!(read instanceof TableError)) server.setSecureContext(read)
    onCertificate?.(read)
  })
}

function urlOf(host: string, server: Server): string {
  const { port } = server.address() as AddressInfo
  const scheme = server instanceof TlsServer ? 'https' : 'http'
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** A server that cannot start entirely does not start. */
function closing(server: Server): (error: unknown) => never {
  return error => {
    server.close()
    throw error
  }
}

/** Of configurations before this one only what recipients still hold is kept. */
function forgetOver(ledgers: SignedLedger[]): void {
  const current = ledgers.at(-1)
  const kept = ledgers.filter(ledger => ledger === current || ledger.entries().length > 0)
  ledgers.splice(0, ledgers.length, ...kept)
}

/** A listening socket, whom it believes, and the URLs that were given out cannot change while it runs. */
function refuseMove(from: ServeConfig, to: ServeConfig): void {
  const changed = [
    ...MOVES.filter(key => differs(from.server[key], to.server[key])),
    ...CONNECTION_LIMITS.filter(key => differs(from.server.limits[key], to.server.limits[key])).map(
      key => `limits.${key}`,
    ),
  ]
  if (changed.length === 0) return
  const keys = changed.map(key => `server.${key}`)
  const verb = keys.length === 1 ? 'changes' : 'change'
  throw new TableError('INVALID_REQUEST', `${keys.join(', ')} ${verb} only with a restart`)
}

const MOVES = ['host', 'port', 'publicUrl', 'tls', 'admin', 'trustedProxies'] as const

function differs(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b)
}

async function closeAdmin(admin: Server): Promise<void> {
  const closed = new Promise<void>(resolve => admin.close(() => resolve()))
  admin.closeAllConnections()
  await closed
}
