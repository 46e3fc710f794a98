import type { SkillFolders } from '@spillway/assets/node'
import type { ShareCatalog, UrlSigner } from '@spillway/core'
import { viewFooter } from '@spillway/encoding'
import type { Engine } from '@spillway/engine'
import type { McpAnswering } from '@spillway/mcp'
import { rowResolver } from '@spillway/rows'
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
import { localGateway } from '@spillway/storage'
import { modelRegistries } from '../assets/model-registries.js'
import { openAssets } from '../assets/open-assets.js'
import { openSkillFolders } from '../assets/skill-folders.js'
import { withReach } from '../assets/store-reach.js'
import type { ServeConfig } from '../configuration/config.js'
import { omitUndefined } from '../configuration/omit-undefined.js'
import { storageOf } from '../configuration/storage-options.js'
import { credentialVendors } from '../configuration/vendors.js'
import type { Composition } from '../tables/compose.js'
import { VERSION } from '../terminal/version.js'
import { composeServer } from './compose-server.js'
import type { ServerMetrics } from './metrics.js'
import { upkeepOf } from './upkeep.js'

/** Everything that one configuration made, until the next replaces it. */
export interface Runtime {
  readonly config: ServeConfig
  /** What stands in profiles; the signed URLs of local files begin with it, and with `/files` behind it. */
  readonly endpoint: string
  /** The path of the endpoint, to mount it at: `/delta-sharing`, or '' for the root of the host. */
  readonly path: string
  readonly spillway: Composition
  readonly signed: SignedLedger
  /** Finds skills in folders that are shared whole. */
  readonly skills: SkillFolders
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
  /** Told of what fails in the background. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** Told once it is closed. */
  readonly onClosed?: (() => void) | undefined
  /** Answers, and does nothing else: no footer is read ahead, nothing old is deleted. For whoever looks at what is another's. */
  readonly isProbe?: boolean
}

export function createRuntime(config: ServeConfig, options: RuntimeOptions): Runtime {
  const spillway = composeServer(config, options)
  const { endpoint, metrics, onError, isProbe = false } = options
  const gateway = localGateway({
    roots: config.localRoots,
    secret: options.secrets,
    baseUrl: `${endpoint.url}/files`,
    viewFooter,
  })
  const engine = engineOf(config, spillway, { localSigner: gateway.signer, metrics })
  const { freshnessSeconds } = config.server
  const skills = openSkillFolders({ store: spillway.store, freshnessSeconds, onError })
  const registries = modelRegistries(config.registries)
  const shares = createConfigShares(config.shares, { registries, skills })
  const catalog = options.catalog ?? catalogOf(shares, options)
  const log: AccessLog = record => {
    metrics?.log(record)
    // Given on: the fault of one that is asynchronous would else end the process.
    return options.log?.(record)
  }
  const signers = [gateway.signer, ...spillway.signers]
  const assets = openAssets(config, { store: spillway.store, signers, skills, onError, isProbe })
  const sharing = sharingOf(config, options, { engine, catalog, log, assetFiles: assets.files })
  const { secrets, onRequest } = options
  const files = downloadsOf(config, { gateway, catalog, secrets, onRequest, log })
  const kept = { spillway, engine, assets, observer: metrics?.observer }
  const upkeep = isProbe ? undefined : upkeepOf(config, kept)
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
    skills,
    fetch: (request, peer) => handler.fetch(request, peer),
    adopt(next) {
      if (!sameButShares(current, next)) return false
      shares.replace(next.shares)
      upkeep?.follow(next)
      current = next
      return true
    },
    async close() {
      await upkeep?.stop()
      await spillway.close()
      options.onClosed?.()
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
    mcp: mcpServing(config, endpoint),
    vendors: withReach(credentialVendors(config.storage.vending), storageOf(config.storage)),
    prefix: endpoint.path,
    tokenSecrets: secrets,
    limits: serverLimits(config),
    authenticate,
    onRequest,
  })
}

/** Agents; what speaks their protocol is loaded when the first one asks. */
function mcpServing(
  { server: { cors } }: ServeConfig,
  { url }: Endpoint,
): NonNullable<SharingServerOptions['mcp']> {
  let loading: Promise<McpAnswering> | undefined
  const info = { name: 'spillway', version: VERSION }
  return {
    origins: [...(cors?.origins ?? []), new URL(url).origin],
    async answer(asked) {
      loading ??= import('@spillway/mcp').then(({ mcpAnswering }) => mcpAnswering(info))
      return (await loading)(asked)
    },
  }
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
    const { server, secrets, storage, duckdb, limits, staging, localRoots, state, hashing } = config
    const roots = [...localRoots].sort()
    const kept = [staging ?? null, state ?? null, hashing, config.registries, config.cache]
    return JSON.stringify([server, secrets, storage, duckdb, limits, kept, roots])
  }
  return facts(a) === facts(b)
}
