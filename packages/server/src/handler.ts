import { randomBytes, randomUUID } from 'node:crypto'
import {
  type AssetFiles,
  type CredentialVendor,
  type Recipient,
  type ShareCatalog,
  untilAborted,
} from '@spillway/core'
import { type Engine, reasonOf } from '@spillway/engine'
import { createTokenCodec, type TokenCodec } from '@spillway/protocol'
import type { Authenticate } from './access/authenticate-by.js'
import { createGuard, type Guard, type Peer } from './access/authentication-guard.js'
import { checkedCatalog } from './access/checked-catalog.js'
import {
  type OnRequest,
  type RequestEvent,
  type RequestHook,
  requestEvent,
  requestHook,
} from './access/request-hook.js'
import { credentialsOf } from './access/request-secrets.js'
import { createSignedLedger, type SignedLedger } from './downloads/signed-ledger.js'
import { type AccessLog, type AccessRecord, stopwatch, writeRecord } from './http/access-log.js'
import { compressed } from './http/compress.js'
import { errorResponse, MethodNotAllowed, Misplaced } from './http/error-response.js'
import { type AsyncQueryJobs, createAsyncQueryJobs } from './limits/async-query-jobs.js'
import { type ConcurrencyLimit, createConcurrencyLimit } from './limits/concurrency-limit.js'
import { createDeadline } from './limits/deadline.js'
import { createFairScheduler, type FairScheduler } from './limits/fair-scheduler.js'
import { DEFAULT_LIMITS, type ServerLimits } from './limits/server-limits.js'
import { withoutSecrets } from './limits/without-secrets.js'
import { guardedEngine } from './requests/guarded-engine.js'
import type { McpServing, RequestContext } from './requests/request-context.js'
import { findRoute, type Match } from './routes.js'
import { asksAsStranger, NOBODY, placeOf } from './skills/strangers.js'

export interface SharingServerOptions {
  readonly engine: Engine
  readonly catalog: ShareCatalog
  /** Give credentials for tables that are shared by `dir` access; the first that covers a location does. */
  readonly vendors?: readonly CredentialVendor[]
  /** Lists and signs the files of volumes, models and skills. Absent: they are shared by `dir` access alone. */
  readonly assetFiles?: AssetFiles | undefined
  /** Answers agents at `/mcp`. Absent: nothing is there. */
  readonly mcp?: McpServing | undefined
  /**
   * Where the protocol's paths begin for recipients: `/delta-sharing` by default, '' for the root. What a proxy in front
   * takes away of it need not be there.
   */
  readonly prefix?: string
  /**
   * Seals page and refresh tokens. Replicas must share it. Without one it is random: tokens then end with the
   * process, and clients restart what they were paging.
   */
  readonly tokenSecret?: Uint8Array | string
  /** In its place, while a secret is replaced: the first seals, all open. */
  readonly tokenSecrets?: readonly (Uint8Array | string)[]
  readonly limits?: Partial<ServerLimits>
  /** Finds who asks, in place of the catalog's tokens: its `isKnown`, if it has one, must know them too. */
  readonly authenticate?: Authenticate | undefined
  /** Called before anything is read for a request: it may refuse it, and is told of its end. */
  readonly onRequest?: OnRequest | undefined
  /** Called once a request, when its answer has ended. */
  readonly log?: AccessLog | undefined
  readonly clock?: () => number
}

/** Mounts anywhere that speaks Request and Response. */
export interface SharingServer {
  /** What recipients hold that no change of a grant ends by itself. */
  readonly signed: SignedLedger
  /** `peer` is who is at the other end of the connection, where that is known. */
  fetch(request: Request, peer?: Peer): Promise<Response>
}

/** Answers the protocol's requests for what `catalog` shares. Nothing is listened to, and nothing needs closing. */
export function createSharingServer(options: SharingServerOptions): SharingServer {
  const clock = options.clock ?? Date.now
  // How long something lasts is told by a clock that nobody sets; when something expires, by the time of day.
  const elapsing = options.clock ?? (() => performance.now())
  const catalog = checkedCatalog(options.catalog)
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const secrets = options.tokenSecrets ?? [options.tokenSecret ?? randomBytes(32)]
  const signed = createSignedLedger(clock)
  const server: Composition = {
    engine: guardedEngine(options.engine),
    signed,
    audienceKey: secrets[0]!,
    catalog,
    vendors: options.vendors ?? [],
    assetFiles: options.assetFiles,
    mcp: options.mcp,
    prefix: (options.prefix ?? '/delta-sharing').replace(/\/+$/, ''),
    tokens: createTokenCodec({ secrets, clock }),
    limits,
    log: options.log,
    clock,
    jobs: createAsyncQueryJobs(elapsing),
    guard: createGuard(catalog, {
      limit: limits.failedAuthentications,
      clock: elapsing,
      by: options.authenticate && {
        authenticate: options.authenticate,
        seconds: limits.grantSeconds,
      },
    }),
    onRequest: options.onRequest,
    concurrency: createConcurrencyLimit(limits.requestsPerRecipient),
    scheduler: createFairScheduler(),
  }
  return { signed, fetch: (request, peer) => answer(server, request, peer) }
}

interface Composition {
  readonly engine: Engine
  readonly signed: SignedLedger
  readonly audienceKey: string | Uint8Array
  readonly catalog: ShareCatalog
  readonly vendors: readonly CredentialVendor[]
  readonly assetFiles: AssetFiles | undefined
  readonly mcp: McpServing | undefined
  readonly prefix: string
  readonly tokens: TokenCodec
  readonly limits: ServerLimits
  readonly log: AccessLog | undefined
  readonly clock: () => number
  readonly jobs: AsyncQueryJobs
  readonly guard: Guard
  readonly onRequest: OnRequest | undefined
  readonly concurrency: ConcurrencyLimit
  readonly scheduler: FairScheduler
}

/** One request, from its path to the end of its answer. Never throws. */
async function answer(
  server: Composition,
  request: Request,
  peer: Peer | undefined,
): Promise<Response> {
  const requestId = requestIdOf(request)
  const record: AccessRecord = { requestId, time: server.clock(), method: request.method }
  const elapsedMs = stopwatch()
  let streaming = false
  let finished = false
  let release: () => void = () => undefined
  const hook = hookOf(server, request)
  const shown = shownOf(request)
  const finish = () => {
    if (finished) return
    finished = true
    release()
    noteEnd(record, peer)
    record.durationMs = elapsedMs()
    if (record.error !== undefined) record.error = shown(record.error)
    hook.end(record)
    writeRecord(server.log, record)
  }
  const deadline = createDeadline(server.limits.planSeconds, request.signal)
  const { signal } = deadline
  let work: Promise<Response> | undefined
  let response: Response
  try {
    const match = findRoute(server.prefix, request)
    record.route = match.route.pattern
    const isStranger = await asksAsStranger(server.catalog, { match, request, signal })
    const recipient = isStranger ? NOBODY : await whoAsks(server, { request, peer, signal })
    if (!isStranger) record.recipient = recipient.name
    release = server.concurrency.take(isStranger ? placeOf(peer) : recipient.id)
    const asked = { recipient, names: namesOf(match.params), peer, request }
    await hook.begin(requestEvent(record, asked), signal)
    work = match.route.run({
      ...contextOf(server, request, { match, recipient, isStranger, record, requestId, signal }),
      streaming: () => {
        streaming = true
      },
      finish,
      elapsedMs,
    })
    response = await deadline.run(work)
  } catch (error) {
    // An answer that comes after its refusal is nobody's.
    work?.then(({ body }) => body?.cancel()).catch(() => undefined)
    streaming = false
    response = errorResponse(shown(error), record)
  } finally {
    deadline.met()
  }
  try {
    return sent(compressed(request, response), record)
  } finally {
    // Whatever becomes of the answer, its place is the recipient's again.
    if (!streaming) finish()
  }
}

function whoAsks(
  { guard }: Composition,
  {
    request,
    peer,
    signal,
  }: {
    readonly request: Request
    readonly peer: Peer | undefined
    readonly signal: AbortSignal
  },
): Promise<Recipient> {
  return untilAborted(guard.authenticate(request, peer, signal), signal, reasonOf)
}

function noteEnd(record: AccessRecord, peer: Peer | undefined): void {
  if (record.recipient === undefined && peer !== undefined) record.address = peer.address
  record.outcome ??= (record.status ?? 500) < 400 ? 'complete' : 'failed'
}

function sent(response: Response, record: AccessRecord): Response {
  response.headers.set('x-request-id', record.requestId)
  record.status = response.status
  return response
}

/** Names as a path has them. */
function namesOf(
  params: Match['params'],
): Pick<RequestEvent, 'share' | 'schema' | 'table' | 'asset'> {
  const kind = ['volume', 'model', 'skill'].find(each => each in params)
  return kind === undefined ? params : { ...params, asset: `${kind} ${params[kind]}` }
}

function hookOf({ onRequest, limits }: Composition, request: Request): RequestHook {
  return requestHook(onRequest, {
    seconds: limits.grantSeconds,
    secrets: () => credentialsOf(request),
  })
}

/** What may be told, to whomever. Refusals of ours say nothing of the request but its path and method. */
function shownOf(request: Request): (error: unknown) => unknown {
  let secrets: readonly string[] | undefined
  return error => {
    if (error instanceof MethodNotAllowed || error instanceof Misplaced) return error
    secrets ??= credentialsOf(request)
    return withoutSecrets(error, secrets)
  }
}

interface RequestFacts {
  readonly match: Match
  readonly recipient: Recipient
  readonly isStranger: boolean
  readonly record: AccessRecord
  readonly requestId: string
  readonly signal: AbortSignal
}

function contextOf(
  server: Composition,
  request: Request,
  { match, recipient, isStranger, record, requestId, signal }: RequestFacts,
): Omit<RequestContext, 'streaming' | 'finish' | 'elapsedMs'> {
  return {
    engine: server.engine,
    catalog: server.catalog,
    vendors: server.vendors,
    assetFiles: server.assetFiles,
    mcp: server.mcp,
    tokens: server.tokens,
    limits: server.limits,
    jobs: server.jobs,
    scheduler: server.scheduler,
    signed: server.signed,
    audienceKey: server.audienceKey,
    clock: server.clock,
    request,
    requestId,
    recipient,
    isStranger,
    params: match.params,
    query: new URL(request.url).searchParams,
    signal,
    record,
  }
}

/** A proxy's own id is kept where it is one, so that its log and ours agree. */
function requestIdOf(request: Request): string {
  const given = request.headers.get('x-request-id')
  return given !== null && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID()
}
