import { randomUUID } from 'node:crypto'
import { type ErrorCode, type ShareCatalog, TableError } from '@spillway/core'
import type { Peer } from '../access/authentication-guard.js'
import { checkedCatalog } from '../access/checked-catalog.js'
import {
  type OnRequest,
  type RequestHook,
  requestEvent,
  requestHook,
} from '../access/request-hook.js'
import { credentialsOf } from '../access/request-secrets.js'
import { type AccessLog, type AccessRecord, stopwatch, writeRecord } from '../http/access-log.js'
import { answered } from '../limits/answered.js'
import { createConcurrencyLimit } from '../limits/concurrency-limit.js'
import { DEFAULT_LIMITS } from '../limits/server-limits.js'
import { withoutSecrets } from '../limits/without-secrets.js'
import { type Counting, countedBody } from './counted-body.js'
import { currentAudience, namesIn } from './file-audience.js'
import { checkedHeaders, isCancelled, notNow } from './file-refusal.js'

/** Whatever answers signed URLs of local files. */
export interface FileGateway {
  handle(
    request: Request,
    options?: {
      readonly isCurrent?: (audience: string | undefined) => Promise<boolean>
      readonly onFile?: (path: string) => void
      readonly onError?: ((error: unknown) => void) | undefined
    },
  ): Promise<Response>
}

export interface FileDownloadsOptions {
  readonly gateway: FileGateway
  readonly catalog: ShareCatalog
  /** The secrets that the sharing server was given: of all of them URLs are honoured. */
  readonly secrets: readonly (string | Uint8Array)[]
  readonly log?: AccessLog | undefined
  /** The same as the sharing server's: called before a byte of a file is read. */
  readonly onRequest?: OnRequest | undefined
  readonly clock?: () => number
  /** Of one recipient under way at a time: each holds a part of its file. One more is a 429. 512 by default. */
  readonly downloadsPerRecipient?: number
  /**
   * For the catalog to say whether a file is still shared: without an answer a new download is a 503, and one under way
   * breaks off. 30 by default.
   */
  readonly grantSeconds?: number
}

const DOWNLOADS_PER_RECIPIENT = 512
const ROUTE = '/files'

/**
 * Files behind signed URLs, as long as what they were signed for is shared: with a recipient or a grant their URLs end.
 * Every download is a record of the access log.
 */
export function fileDownloads(options: FileDownloadsOptions): {
  fetch(request: Request, peer?: Peer): Promise<Response>
} {
  const { gateway, log, clock = Date.now } = options
  const audienceNow = audienceOf(options)
  const most = options.downloadsPerRecipient ?? DOWNLOADS_PER_RECIPIENT
  const limit = createConcurrencyLimit(most, 'downloads')
  return {
    async fetch(request, peer) {
      const record = recordOf(request, clock())
      const elapsedMs = stopwatch()
      let release: () => void = () => undefined
      let isShared: Counting['isShared'] = async () => true
      const secrets = secretsOf(request)
      const hook = hookOf(options, secrets)
      const finish = (outcome: NonNullable<AccessRecord['outcome']>) => {
        release()
        record.outcome = outcome
        record.durationMs = elapsedMs()
        noteEnd(record, peer, secrets)
        hook.end(record)
        writeRecord(log, record)
      }
      const handled = gateway.handle(request, {
        async isCurrent(text) {
          // Of refusals too: who still asks is told by the URL, whose signature was ours.
          Object.assign(record, namesIn(text))
          const audience = await audienceNow(text, request.signal)
          if (audience === undefined) return false
          isShared = async gone => (await audienceNow(text, gone)) !== undefined
          release()
          release = limit.take(audience.recipient.id)
          const { recipient } = audience
          const asked = { recipient, names: namesIn(text), peer, request }
          await hook.begin(requestEvent(record, asked), request.signal)
          return true
        },
        onFile: path => {
          record.file = path
        },
        onError: error => {
          record.error = error
        },
      })
      const response = await handled.catch(error => {
        record.error = error
        return notNow(withoutSecrets(error, secrets()))
      })
      note(response, record)
      const headers = checkedHeaders(response.headers)
      headers.set('x-request-id', record.requestId)
      const { status, body } = response
      if (body === null) {
        finish(status < 400 ? 'complete' : isCancelled(record.error) ? 'cancelled' : 'failed')
        return new Response(null, { status, headers })
      }
      return new Response(countedBody(body, { record, finish, isShared }), { status, headers })
    },
  }
}

function recordOf({ method }: Request, time: number): AccessRecord {
  return { requestId: randomUUID(), time, method, route: ROUTE }
}

function hookOf(
  { onRequest, grantSeconds: seconds = DEFAULT_LIMITS.grantSeconds }: FileDownloadsOptions,
  secrets: () => readonly string[],
): RequestHook {
  return requestHook(onRequest, { seconds, secrets })
}

/** A signed URL is one as a whole. */
function secretsOf(request: Request): () => readonly string[] {
  const { url } = request
  const { search } = new URL(url)
  return () => [url, ...(search === '' ? [] : [search]), ...credentialsOf(request)]
}

/** Asks the catalog whom a URL was signed for, as long as what it was signed for is shared. */
function audienceOf({
  catalog: given,
  secrets: keys,
  grantSeconds: seconds = DEFAULT_LIMITS.grantSeconds,
}: FileDownloadsOptions) {
  const catalog = checkedCatalog(given)
  const late = () => unanswered(seconds)
  return (text: string | undefined, gone: AbortSignal) =>
    answered(signal => currentAudience(text, { catalog, keys, signal }), {
      seconds,
      late,
      signal: gone,
    })
}

const REFUSALS: ReadonlyMap<number, ErrorCode> = new Map([
  [400, 'TABLE_CORRUPT'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [405, 'INVALID_REQUEST'],
  [429, 'RATE_LIMITED'],
  [503, 'STORAGE_UNAVAILABLE'],
])

/** Whether it is still shared cannot be told: nothing is handed out. */
function unanswered(seconds: number): TableError {
  return new TableError(
    'STORAGE_UNAVAILABLE',
    `the catalog did not say within ${seconds} seconds whether the file is still shared`,
  )
}

function noteEnd(
  record: AccessRecord,
  peer: Peer | undefined,
  secrets: () => readonly string[],
): void {
  if (record.recipient === undefined && peer !== undefined) record.address = peer.address
  if (record.error !== undefined) record.error = withoutSecrets(record.error, secrets())
}

function note({ status, headers }: Response, record: AccessRecord): void {
  record.status = status
  const reason = headers.get('spillway-error')
  if (reason !== null) record.error ??= refusalOf(status, reason)
}

/** What the recipient was told, for the log: a refusal is no bug of ours. */
function refusalOf(status: number, reason: string): TableError {
  return new TableError(REFUSALS.get(status) ?? 'INTERNAL', reason.replace(/^[A-Z_]+; /, ''))
}
