import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TableError } from '@spillway/core'
import {
  type AccessLog,
  checkedEndpoint,
  type Endpoint,
  type Peer,
  type SignedLedger,
} from '@spillway/server'
import { nodeListener } from '@spillway/server/node'
import { startAdmin } from './admin.js'
import { serverCloser } from './close-server.js'
import type { ServeConfig } from './config.js'
import { httpLimits, limitConnections } from './connection-limits.js'
import { listen } from './listen.js'
import { createServerMetrics } from './metrics.js'
import { createRuntime, type Runtime } from './runtime.js'

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

/** Serves `config` until closed. */
export async function startServer(
  config: ServeConfig,
  options: { readonly log?: AccessLog | undefined } = {},
): Promise<RunningServer> {
  let runtime: Runtime | undefined
  const metrics = createServerMetrics()
  const handler = {
    fetch: async (request: Request, peer?: Peer) =>
      runtime === undefined ? NOT_YET() : runtime.fetch(request, peer),
  }
  const server = limitedServer(handler, config)
  const closer = serverCloser(server)
  const stated = statedEndpoint(config)
  await listen(server, config.server)
  const endpoint = stated ?? checkedEndpoint(`${urlOf(config.server.host, server)}/delta-sharing`)
  const made = {
    endpoint,
    // Without one, URLs and page tokens end with this process.
    secrets: config.secrets.length > 0 ? config.secrets : [randomBytes(32).toString('hex')],
    metrics,
    log: options.log,
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
      await closer.close(graceMs)
      if (admin !== undefined) await closeAdmin(admin)
      await state.current.close()
    },
  }
}

function limitedServer(
  handler: Parameters<typeof nodeListener>[0],
  { server: { limits, trustedProxies } }: ServeConfig,
): Server {
  const listener = nodeListener(handler, { trustedProxies })
  const server = createServer(httpLimits(limits), listener)
  limitConnections(server, { ...limits, trustedProxies })
  // Whoever asks whether a body is wanted is answered when it is: a refused one is never sent.
  server.on('checkContinue', listener)
  return server
}

/** Refused before anything listens. */
function statedEndpoint({ server: { publicUrl } }: ServeConfig): Endpoint | undefined {
  if (publicUrl === undefined) return undefined
  return checkedEndpoint(`${publicUrl.replace(/\/+$/, '')}/delta-sharing`, 'server.publicUrl')
}

function urlOf(host: string, server: Server): string {
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
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

/** A listening socket and the URLs that were given out cannot change while it runs. */
function refuseMove(from: ServeConfig, to: ServeConfig): void {
  for (const key of ['host', 'port', 'publicUrl', 'admin'] as const) {
    if (JSON.stringify(from.server[key]) === JSON.stringify(to.server[key])) continue
    throw new TableError('INVALID_REQUEST', `server.${key} changes only with a restart`)
  }
}

async function closeAdmin(admin: Server): Promise<void> {
  const closed = new Promise<void>(resolve => admin.close(() => resolve()))
  admin.closeAllConnections()
  await closed
}
