import { createAssetFiles } from '@spillway/assets/node'
import { isTableError, type ReadBudgets, type ShareCatalog, type UrlSigner } from '@spillway/core'
import { viewFooter } from '@spillway/encoding'
import type { Engine } from '@spillway/engine'
import { cleanStaging, type DuckDbOptions, duckDb, rowResolver, sweepScratch } from '@spillway/rows'
import {
  type AccessLog,
  type Authenticate,
  type ConfigShares,
  createConfigShares,
  createSharingServer,
  type Endpoint,
  type FileDownloadsOptions,
  fileDownloads,
  type OnRequest,
  type Peer,
  pathBelow,
  type ServerLimits,
  type SharingServer,
  type SharingServerOptions,
  type SignedLedger,
  withCors,
} from '@spillway/server'
import { localGateway, parseUri, sweepUnfinished } from '@spillway/storage'
import { withReach } from '../assets/store-reach.js'
import { type Composition, compose } from '../tables/compose.js'
import type { ServeConfig } from './config.js'
import type { ServerMetrics } from './metrics.js'
import { omitUndefined } from './omit-undefined.js'
import { storageOf } from './storage-options.js'
import { credentialVendors } from './vendors.js'
import { TableWarmer } from './warm-tables.js'

/** Everything that one configuration made, until the next replaces it. */
export interface Runtime {
  readonly config: ServeConfig
  /** What stands in profiles; the signed URLs of local files begin with it, and with `/files` behind it. */
  readonly endpoint: string
  /** The path of the endpoint, to mount it at: `/delta-sharing`, or '' for the root of the host. */
  readonly path: string
  readonly spillway: Composition
  readonly signed: SignedLedger
  fetch(request: Request, peer?: Peer): Promise<Response>
  /** Takes new shares and recipients without losing what is cached. False where more has changed than those. */
  adopt(config: ServeConfig): boolean
  close(): Promise<void>
}

export interface RuntimeOptions {
  readonly endpoint: Endpoint
  /** The first signs and seals, what any of them did is honoured. */
  readonly secrets: readonly string[]
  readonly log?: AccessLog | undefined
  readonly metrics?: ServerMetrics
  /** In place of the shares and recipients of the configuration. */
  readonly catalog?: ShareCatalog | undefined
  /** In place of the tokens of the catalog. */
  readonly authenticate?: Authenticate | undefined
  readonly onRequest?: OnRequest | undefined
}

const CLEAN_EVERY_MS = 3_600_000
const DAY_MS = 86_400_000

export function createRuntime(config: ServeConfig, options: RuntimeOptions): Runtime {
  const spillway = compose({
    roots: config.localRoots,
    ...storageOf(config.storage),
    duckdb: duckDb(omitUndefined<DuckDbOptions>(config.duckdb)),
    limits: omitUndefined<Partial<ReadBudgets>>(config.limits),
  })
  const { endpoint } = options
  const gateway = localGateway({
    roots: config.localRoots,
    secret: options.secrets,
    baseUrl: `${endpoint.url}/files`,
    viewFooter,
  })
  const { metrics } = options
  const engine = engineOf(config, spillway, { localSigner: gateway.signer, metrics })
  const shares = createConfigShares(config.shares)
  const catalog = options.catalog ?? catalogOf(shares, options)
  const log: AccessLog = record => {
    metrics?.log(record)
    options.log?.(record)
  }
  const signers = [gateway.signer, ...spillway.signers]
  const assetFiles = createAssetFiles({ store: spillway.store, signers })
  const sharing = sharingOf(config, options, { engine, catalog, log, assetFiles })
  const { secrets, onRequest } = options
  const files = downloadsOf(config, { gateway, catalog, secrets, onRequest, log })
  const warming = new TableWarmer({ engine, shapes: spillway.shapes, observer: metrics?.observer })
  warming.follow(config)
  prepareRewriting(config, spillway)
  const cleaning = config.staging && cleanRegularly(spillway, config.staging)
  const handler = handlerOf(config, { path: endpoint.path, metrics, files, sharing })
  let current = config
  return {
    get config() {
      return current
    },
    endpoint: endpoint.url,
    path: endpoint.path,
    spillway,
    signed: sharing.signed,
    fetch: (request, peer) => handler.fetch(request, peer),
    adopt(next) {
      if (!sameButShares(current, next)) return false
      shares.replace(next.shares)
      warming.follow(next)
      current = next
      return true
    },
    async close() {
      warming.stop()
      cleaning?.stop()
      await spillway.close()
    },
  }
}

function sharingOf(
  config: ServeConfig,
  { endpoint, secrets, authenticate, onRequest }: RuntimeOptions,
  parts: Pick<SharingServerOptions, 'engine' | 'catalog' | 'log' | 'assetFiles'>,
): SharingServer {
  return createSharingServer({
    ...parts,
    vendors: withReach(credentialVendors(config.storage.vending), storageOf(config.storage)),
    prefix: endpoint.path,
    tokenSecrets: secrets,
    limits: serverLimits(config),
    authenticate,
    onRequest,
  })
}

/** Whoever is authenticated otherwise has no tokens, and is known as long as something is granted. */
function catalogOf(shares: ConfigShares, { authenticate }: RuntimeOptions): ShareCatalog {
  if (authenticate === undefined) return shares
  const { isKnown: _, ...rest } = shares
  return rest
}

/** Files of this machine, by URLs that the gateway has signed. */
function downloadsOf(
  { server: { limits } }: ServeConfig,
  parts: Pick<FileDownloadsOptions, 'gateway' | 'catalog' | 'secrets' | 'onRequest' | 'log'>,
): ReturnType<typeof fileDownloads> {
  const { downloadsPerRecipient, grantSeconds } = limits
  return fileDownloads({
    ...parts,
    ...omitUndefined<Pick<FileDownloadsOptions, 'downloadsPerRecipient' | 'grantSeconds'>>({
      downloadsPerRecipient,
      grantSeconds,
    }),
  })
}

function prepareRewriting(config: ServeConfig, spillway: Composition): void {
  // What a killed process left of tables that it was rewriting.
  void sweepScratch()
  // Loading it holds the thread for a fifth of a second: better before anybody has asked. What fails is told when it is needed.
  if (config.staging) {
    spillway.duckdb.connect().then(
      session => session.close(),
      () => undefined,
    )
  }
}

interface HandlerParts {
  readonly path: string
  readonly metrics: ServerMetrics | undefined
  readonly files: ReturnType<typeof fileDownloads>
  readonly sharing: SharingServer
}

function handlerOf({ server: { cors } }: ServeConfig, parts: HandlerParts) {
  const { path, metrics, files, sharing } = parts
  // Beside the endpoint too, for whoever looks after the process and not after what it shares.
  const beside = path.slice(0, path.lastIndexOf('/') + 1)
  const plain = {
    async fetch(request: Request, peer?: Peer) {
      const { pathname } = new URL(request.url)
      const below = pathBelow(path, pathname)
      if (below === '/healthz' || pathname === `${beside}healthz`) return new Response('ok\n')
      metrics?.begin()
      if (below?.startsWith('/files/')) return files.fetch(request, peer)
      return sharing.fetch(request, peer)
    },
  }
  return cors === undefined ? plain : withCors(plain, cors)
}

interface EngineParts {
  readonly localSigner: UrlSigner
  readonly metrics: ServerMetrics | undefined
}

/** Deletes become vectors for recipients that apply them; with staging, what is left is rewritten, else refused. */
function engineOf(
  config: ServeConfig,
  spillway: Composition,
  { localSigner, metrics }: EngineParts,
): Engine {
  const { staging } = config
  return spillway.engine({
    denseVersions: true,
    ...(metrics && { observer: metrics.observer }),
    signers: [localSigner, ...spillway.signers],
    urlExpiresInSeconds: config.server.urlExpiresInSeconds,
    freshnessMs: config.server.freshnessSeconds * 1000,
    ...(staging && { stagingLocations: [staging.location] }),
    rowResolver: rowResolver({
      store: spillway.store,
      duckdb: spillway.duckdb,
      ...(staging && { staging: { store: spillway.store, location: staging.location } }),
    }),
  })
}

/** Those of the configuration that are the handler's; the rest are the listening socket's. */
function serverLimits({ server }: ServeConfig): Partial<ServerLimits> {
  const {
    connections: _,
    connectionsPerAddress: __,
    headerSeconds: ___,
    requestSeconds: ____,
    downloadsPerRecipient: _____,
    ...limits
  } = server.limits
  return omitUndefined<Partial<ServerLimits>>(limits)
}

/** What the engine was made from: with all of it the same, only the catalog changes hands. */
function sameButShares(a: ServeConfig, b: ServeConfig): boolean {
  const facts = (config: ServeConfig) => {
    const { server, secrets, storage, duckdb, limits, staging, localRoots } = config
    const roots = [...localRoots].sort()
    return JSON.stringify([server, secrets, storage, duckdb, limits, staging ?? null, roots])
  }
  return facts(a) === facts(b)
}

function cleanRegularly(
  { store }: Composition,
  { location, keepDays }: NonNullable<ServeConfig['staging']>,
): { stop(): void } {
  const stopped = new AbortController()
  const clean = () => {
    const options = {
      location,
      olderThanMs: keepDays * DAY_MS,
      now: Date.now(),
      signal: stopped.signal,
    }
    cleanOnce(store, options).catch(error => {
      // Aged files cost space only; the next round tries again.
      if (!isTableError(error)) throw error
    })
  }
  const timer = setInterval(clean, CLEAN_EVERY_MS).unref()
  clean()
  return {
    stop() {
      clearInterval(timer)
      stopped.abort()
    },
  }
}

async function cleanOnce(
  store: Composition['store'],
  options: Parameters<typeof cleanStaging>[1],
): Promise<void> {
  const { location } = options
  if (parseUri(location).scheme === 'file') await sweepUnfinished(location)
  await cleanStaging(store, options)
}
