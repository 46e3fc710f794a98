import type { TableError } from '@spillway/core'
import type { Profile, WireSchema, WireShare, WireTable } from '@spillway/protocol/wire'
import {
  type Authorization,
  bearerAuthorization,
  clientCredentialsAuthorization,
} from './authorization.js'
import { type HttpOptions, httpSender } from './http.js'
import { listAll, readJson } from './list.js'
import {
  type ClientCapabilities,
  capabilitiesText,
  followPages,
  openAnswer,
  type PollOptions,
  pollQuery,
  postJson,
  type QueryOptions,
  queryBody,
  type TableAnswer,
} from './query.js'
import { type ActionPage, invalid, parseVersion, readPage } from './read-actions.js'
import { type TableName, tablePath } from './table-name.js'

export interface ClientOptions extends HttpOptions {
  readonly capabilities?: ClientCapabilities
  readonly poll?: Omit<PollOptions, 'signal'>
}

export interface ChangesOptions {
  readonly startingVersion?: bigint
  readonly startingTimestamp?: string
  readonly endingVersion?: bigint
  readonly endingTimestamp?: string
  readonly includeHistoricalMetadata?: boolean
  readonly maxFiles?: number
  readonly capabilities?: ClientCapabilities
  readonly signal?: AbortSignal
}

export interface MetadataOptions {
  readonly version?: bigint
  readonly timestamp?: string
  readonly capabilities?: ClientCapabilities
  readonly signal?: AbortSignal
}

type Listing = { readonly maxResults?: number; readonly signal?: AbortSignal }

/** One provider's shares, as its profile opens them. Every failure is a TableError with the server's words. */
export interface SharingClient {
  shares(options?: Listing): AsyncIterable<WireShare>
  share(name: string, signal?: AbortSignal): Promise<WireShare>
  schemas(share: string, options?: Listing): AsyncIterable<WireSchema>
  /** Of one schema, or of every schema of the share. */
  tables(share: string, options?: Listing & { readonly schema?: string }): AsyncIterable<WireTable>
  /** The latest version, or the first committed at or after `startingTimestamp` (ISO 8601, UTC). */
  version(
    table: TableName,
    options?: { readonly startingTimestamp?: string; readonly signal?: AbortSignal },
  ): Promise<bigint>
  metadata(
    table: TableName,
    options?: MetadataOptions,
  ): Promise<Pick<ActionPage, 'version' | 'format' | 'protocol' | 'metaData'>>
  query(table: TableName, options?: QueryOptions): Promise<TableAnswer>
  changes(table: TableName, options: ChangesOptions): Promise<TableAnswer>
}

/** Everything the delta format may use that `@spillway/duckdb` can read. */
export const DEFAULT_CAPABILITIES: ClientCapabilities = {
  formats: ['parquet', 'delta'],
  readerFeatures: [
    'deletionvectors',
    'columnmapping',
    'timestampntz',
    'typewidening',
    // Tables of Delta before 4.0 have the feature under this name, and servers compare names.
    'typewidening-preview',
  ],
}

export function createSharingClient(profile: Profile, options: ClientOptions = {}): SharingClient {
  const send = httpSender(profile.endpoint, authorizationOf(profile, options), options)
  const capable = (own: ClientCapabilities | undefined, asyncQuery = false) => ({
    'delta-sharing-capabilities': capabilitiesText(
      own ?? options.capabilities ?? DEFAULT_CAPABILITIES,
      asyncQuery,
    ),
  })

  async function query(table: TableName, asked: QueryOptions = {}): Promise<TableAnswer> {
    const { signal } = asked
    const path = `${tablePath(table)}/query`
    const headers = capable(asked.capabilities, asked.idempotencyKey !== undefined)
    const body = queryBody(asked)
    const page = await readPage(await postJson(send, path, body, { headers, signal }))
    // A first page's refresh token belongs to that request alone.
    const { includeRefreshToken, refreshToken, ...pinned } = body
    const next = (pageToken: string) =>
      postJson(send, path, { ...pinned, pageToken }, { headers, signal })
    if (!('queryId' in page)) return followPages(page, next)
    const statusPath = `${tablePath(table)}/queries/${encodeURIComponent(page.queryId)}`
    const info = (pageToken?: string) =>
      postJson(send, statusPath, { maxFiles: asked.maxFiles, pageToken }, { headers, signal })
    return followPages(await pollQuery(() => info(), { ...options.poll, signal }), info)
  }

  function changes(table: TableName, asked: ChangesOptions): Promise<TableAnswer> {
    const { capabilities, signal, ...range } = asked
    const headers = capable(capabilities)
    const path = `${tablePath(table)}/changes`
    const get = (extra: object) =>
      send({ method: 'GET', path: path + queryString({ ...range, ...extra }), headers, signal })
    return get({}).then(first => openAnswer(first, pageToken => get({ pageToken })))
  }

  return {
    shares: listing => listAll(send, '/shares', listing ?? {}),
    async share(name, signal) {
      const path = `/shares/${encodeURIComponent(name)}`
      const { share } = await readJson<{ share?: WireShare }>(send, path, signal)
      if (share === undefined) throw invalid('expected {"share": ...}')
      return share
    },
    schemas: (share, listing) =>
      listAll(send, `/shares/${encodeURIComponent(share)}/schemas`, listing ?? {}),
    tables(share, { schema, ...listing } = {}) {
      const base = `/shares/${encodeURIComponent(share)}`
      const path =
        schema === undefined ? '/all-tables' : `/schemas/${encodeURIComponent(schema)}/tables`
      return listAll(send, base + path, listing)
    },
    async version(table, { startingTimestamp, signal } = {}) {
      const path = `${tablePath(table)}/version${queryString({ startingTimestamp })}`
      const answer = await send({ method: 'GET', path, signal })
      answer.close()
      const version = answer.headers.get('delta-table-version')
      if (version === null) throw invalid('the answer has no delta-table-version')
      return parseVersion(version)
    },
    async metadata(table, { capabilities, signal, ...at } = {}) {
      const path = `${tablePath(table)}/metadata${queryString(at)}`
      const page = await readPage(
        await send({ method: 'GET', path, headers: capable(capabilities), signal }),
      )
      if ('queryId' in page) throw invalid('a query status where metadata was expected')
      for await (const action of page.actions) throw unexpectedLine(action.kind)
      return page
    },
    query,
    changes,
  }
}

function unexpectedLine(kind: string): TableError {
  return invalid(`a ${kind} line where metadata has two lines`)
}

function authorizationOf(profile: Profile, options: HttpOptions): Authorization {
  if ('bearerToken' in profile) return bearerAuthorization(profile.bearerToken)
  const { tokenEndpoint, clientId, clientSecret, scope } = profile
  const credentials = { tokenEndpoint, clientId, clientSecret, ...(scope ? { scope } : {}) }
  return clientCredentialsAuthorization(credentials, options.fetch ? { fetch: options.fetch } : {})
}

function queryString(parameters: object): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name, String(value))
  }
  return query.size > 0 ? `?${query}` : ''
}
