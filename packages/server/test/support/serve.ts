import { createHash } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RowResolver } from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { createBatchCache, createEngine, type Engine } from '@spillway/engine'
import { localGateway, localStore } from '@spillway/storage'
import {
  type AccessRecord,
  type ConfigShares,
  createConfigShares,
  createSharingServer,
  type SharesConfig,
  type SharingServerOptions,
} from '../../src/index.js'
import { nodeListener } from '../../src/node.js'
import { createLake, type Lake } from './lake.js'
import { sharesConfig, writeTables } from './tables.js'

export const TOKEN = 'token-of-acme'
export const OTHER_TOKEN = 'token-of-other'

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A running server over a fresh lake, asked as a recipient would ask it. */
export interface Running {
  readonly lake: Lake
  readonly shares: ConfigShares
  readonly config: SharesConfig
  readonly origin: string
  readonly log: AccessRecord[]
  readonly time: { now: number }
  /** Any request; the token of acme unless `headers` say otherwise. */
  ask(path: string, init?: RequestInit): Promise<Response>
  query(
    table: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>
  close(): Promise<void>
}

export async function startServer(
  options: Partial<SharingServerOptions> & {
    readonly rowResolver?: RowResolver
    readonly wrapEngine?: (engine: Engine) => Engine
    readonly stallSeconds?: number
    readonly freshnessMs?: number
  } = {},
): Promise<Running> {
  const lake = createLake()
  writeTables(lake)
  const listener: { handle: RequestListener } = { handle: (_, response) => response.end() }
  const http = createServer((request, response) => listener.handle(request, response))
  http.on('checkContinue', (request, response) => listener.handle(request, response))
  const origin = await listen(http)
  const time = { now: Date.now() }
  const clock = () => time.now
  const gateway = localGateway({
    roots: [lake.root],
    secret: 'a secret of sixteen bytes or more',
    baseUrl: `${origin}/files`,
    clock,
  })
  const {
    rowResolver,
    wrapEngine = one => one,
    stallSeconds = 60,
    freshnessMs = 0,
    ...serverOptions
  } = options
  const whole = createEngine({
    readers: [
      deltaReader({ store: localStore(), cache: createBatchCache({ maxBytes: 64 * 1024 ** 2 }) }),
    ],
    signers: [gateway.signer],
    freshnessMs,
    clock,
    ...(rowResolver && { rowResolver, stagingLocations: [`file://${lake.root}/staging`] }),
  })
  const config = withRecipients(sharesConfig(lake))
  const shares = createConfigShares(config, { clock })
  const log: AccessRecord[] = []
  const server = createSharingServer({
    engine: wrapEngine(whole),
    catalog: shares,
    tokenSecret: 'the same after a restart',
    log: record => log.push({ ...record }),
    clock,
    ...serverOptions,
  })
  const sharing = nodeListener(server, { stallSeconds })
  const files = nodeListener({ fetch: request => gateway.handle(request) })
  listener.handle = (request, response) =>
    request.url?.startsWith('/files/') ? files(request, response) : sharing(request, response)
  return running({ lake, shares, config, origin, log, time, http })
}

function withRecipients(config: SharesConfig): SharesConfig {
  return {
    ...config,
    recipients: [
      {
        name: 'acme',
        tokens: [
          { sha256: sha256(TOKEN) },
          { sha256: sha256('superseded'), expiresAt: '2100-01-01T00:00:00Z' },
          { sha256: sha256('an-expired-token'), expiresAt: '2020-01-01T00:00:00Z' },
        ],
        shares: ['lake', 'OTHER', 'third'],
      },
      { name: 'other', tokens: [{ sha256: sha256(OTHER_TOKEN) }], shares: ['lake'] },
      { name: 'nobody', tokens: [{ sha256: sha256('token-of-nobody') }] },
    ],
  }
}

async function listen(http: Server): Promise<string> {
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

function running(
  parts: Omit<Running, 'ask' | 'query' | 'close'> & { readonly http: Server },
): Running {
  const { http, ...rest } = parts
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${rest.origin}/delta-sharing${path}`, {
      ...init,
      headers: { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string>) },
    })
  return {
    ...rest,
    ask,
    query: (table, body = {}, headers = {}) =>
      ask(`${tablePath(table)}/query`, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json; charset=utf8', ...headers },
      }),
    async close() {
      http.closeAllConnections()
      await new Promise(resolve => http.close(resolve))
      rest.lake.remove()
    },
  }
}

/** `name` is in schema Main of share Lake unless it says otherwise: `guarded.limited`. */
export function tablePath(name: string): string {
  const [schema, table] = name.includes('.') ? name.split('.') : ['Main', name]
  return `/shares/Lake/schemas/${schema}/tables/${table}`
}

/** The lines of an answer, parsed. */
export async function linesOf(response: Response): Promise<readonly Line[]> {
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`)
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}

export type Line = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export async function failure(response: Response) {
  const { errorCode, message } = (await response.json()) as { errorCode: string; message: string }
  return { status: response.status, errorCode, message }
}
