import { type ErrorCode, TableError } from '@spillway/core'
import { type ResponseFormat, writeJson } from '@spillway/protocol/wire'
import type { HttpAnswer, HttpRequest, SendRequest } from './http.js'
import { type ActionPage, type FileAction, invalid, readPage } from './read-actions.js'
import { sleep } from './retry.js'

export interface QueryOptions {
  readonly predicateHints?: readonly string[]
  /** The JSON text of a predicate tree. */
  readonly jsonPredicateHints?: string
  readonly limitHint?: number
  readonly version?: bigint
  /** ISO 8601, UTC. */
  readonly timestamp?: string
  readonly startingVersion?: bigint
  readonly endingVersion?: bigint
  /** Size of the server's pages; unpaged without it. Pages are followed here, out of sight. */
  readonly maxFiles?: number
  readonly includeRefreshToken?: boolean
  readonly refreshToken?: string
  /** Lets the server answer later; it is then polled here. Any text that names this query. */
  readonly idempotencyKey?: string
  readonly capabilities?: ClientCapabilities
  readonly signal?: AbortSignal
}

/** What this client says that it understands. */
export interface ClientCapabilities {
  readonly formats: readonly ResponseFormat[]
  readonly readerFeatures?: readonly string[]
}

/** An answer whose header has been read. `actions` runs through every page and must be read to its end. */
export interface TableAnswer extends Omit<ActionPage, 'end' | 'actions'> {
  readonly actions: AsyncIterable<FileAction | ActionPage['protocol'] | ActionPage['metaData']>
  /** For the same files with new URLs; known once `actions` has ended. */
  refreshToken(): string | undefined
  /** Epoch milliseconds; known once `actions` has ended. */
  minUrlExpiration(): number | undefined
}

export function capabilitiesText(capabilities: ClientCapabilities, asyncQuery: boolean): string {
  const features = capabilities.readerFeatures ?? []
  return [
    `responseformat=${capabilities.formats.join(',')}`,
    ...(features.length > 0 ? [`readerfeatures=${features.join(',')}`] : []),
    'includeendstreamaction=true',
    ...(asyncQuery ? ['asyncquery=true'] : []),
  ].join(';')
}

export function queryBody(options: QueryOptions): Record<string, unknown> {
  const { capabilities, signal, ...body } = options
  return body
}

/** Sends a paged request and follows its pages; `nextPage` says how a page is asked for. */
export async function openAnswer(
  first: HttpAnswer,
  nextPage: (pageToken: string) => Promise<HttpAnswer>,
): Promise<TableAnswer> {
  const page = await readPage(first)
  if ('queryId' in page) throw invalid('a query status where an answer was expected')
  return followPages(page, nextPage)
}

export function followPages(
  first: ActionPage,
  nextPage: (pageToken: string) => Promise<HttpAnswer>,
): TableAnswer {
  let refreshToken: string | undefined
  let expiration: number | undefined
  async function* actions() {
    const seen = new Set<string>()
    for (let page = first; ; ) {
      yield* page.actions
      const end = page.end()
      refreshToken = end?.refreshToken ?? refreshToken
      const expires = end?.minUrlExpirationTimestamp
      if (expires !== undefined)
        expiration = Math.min(expiration ?? Number.POSITIVE_INFINITY, Number(expires))
      if (!end?.nextPageToken) return
      if (seen.has(end.nextPageToken))
        throw invalid('the answer comes round to the same page again')
      seen.add(end.nextPageToken)
      page = samePinned(first, await readPage(await nextPage(end.nextPageToken)))
    }
  }
  return {
    version: first.version,
    format: first.format,
    protocol: first.protocol,
    metaData: first.metaData,
    actions: actions(),
    refreshToken: () => refreshToken,
    minUrlExpiration: () => expiration,
  }
}

/** A page of another version or format would mix two tables. */
function samePinned(
  first: ActionPage,
  page: ActionPage | { readonly queryId: string },
): ActionPage {
  if ('queryId' in page) throw invalid('a query status where a page was expected')
  if (page.version !== first.version || page.format !== first.format) {
    throw invalid(`a page of version ${page.version} follows one of version ${first.version}`)
  }
  return page
}

export interface PollOptions {
  /** Between polls; 1 s unless given. */
  readonly intervalMs?: number
  /** Until the query is given up; 10 minutes unless given. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

/** Polls an asynchronous query until it has an answer. */
export async function pollQuery(
  poll: () => Promise<HttpAnswer>,
  options: PollOptions = {},
): Promise<ActionPage> {
  const { intervalMs = 1000, timeoutMs = 600_000, signal } = options
  for (const deadline = Date.now() + timeoutMs; ; ) {
    await sleep(intervalMs, signal)
    const page = await readPage(await poll())
    if (!('queryId' in page)) return page
    if (page.status === 'failed')
      throw pollFailure('INVALID_REQUEST', 'the query failed on the server', page.queryId)
    if (Date.now() >= deadline) {
      throw pollFailure(
        'STORAGE_UNAVAILABLE',
        `the query was not ready after ${timeoutMs} ms`,
        page.queryId,
      )
    }
  }
}

function pollFailure(code: ErrorCode, message: string, queryId: string): TableError {
  return new TableError(code, message, { context: { queryId } })
}

/** A POST with a JSON body; versions travel as JSON integers however large. */
export function postJson(
  send: SendRequest,
  path: string,
  body: Readonly<Record<string, unknown>>,
  options: Pick<HttpRequest, 'headers' | 'signal'>,
): Promise<HttpAnswer> {
  const present = Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== undefined),
  )
  return send({ method: 'POST', path, body: writeJson(present as never), ...options })
}
