import { randomUUID } from 'node:crypto'
import { type ErrorCode, isTableError, type ShareCatalog, TableError } from '@spillway/core'
import { type AccessLog, type AccessRecord, writeRecord } from './access-log.js'
import { currentAudience } from './file-audience.js'
import { createTurns } from './turns.js'

/** Whatever answers signed URLs of local files. */
export interface FileGateway {
  handle(
    request: Request,
    options?: {
      readonly isCurrent?: (audience: string | undefined) => Promise<boolean>
      readonly onFile?: (path: string) => void
      readonly onError?: (error: unknown) => void
    },
  ): Promise<Response>
}

export interface FileDownloadsOptions {
  readonly gateway: FileGateway
  readonly catalog: ShareCatalog
  /** The secrets that the sharing server was given: of all of them URLs are honoured. */
  readonly secrets: readonly (string | Uint8Array)[]
  readonly log?: AccessLog
  readonly clock?: () => number
  /** Of one recipient under way at a time: each holds a part of its file. One more is a 429. 512 by default. */
  readonly downloadsPerRecipient?: number
}

const DOWNLOADS_PER_RECIPIENT = 512
const ROUTE = '/files'

/**
 * Files behind signed URLs, as long as what they were signed for is shared: with a recipient or a grant their URLs end.
 * Every download is a record of the access log.
 */
export function fileDownloads(options: FileDownloadsOptions): {
  fetch(request: Request): Promise<Response>
} {
  const { gateway, catalog, secrets: keys, log, clock = Date.now } = options
  const turns = createTurns(options.downloadsPerRecipient ?? DOWNLOADS_PER_RECIPIENT, 'downloads')
  return {
    async fetch(request) {
      const requestId = randomUUID()
      const { method } = request
      const record: AccessRecord = { requestId, time: clock(), method, route: ROUTE }
      const start = performance.now()
      let release: () => void = () => undefined
      const finish = (outcome: NonNullable<AccessRecord['outcome']>) => {
        release()
        record.outcome = outcome
        record.durationMs = performance.now() - start
        writeRecord(log, record)
      }
      const handled = gateway.handle(request, {
        async isCurrent(text) {
          const audience = await currentAudience(text, { catalog, keys })
          if (audience === undefined) return false
          const { share, schema, name } = audience.table
          Object.assign(record, { recipient: audience.recipient.name, share, schema, table: name })
          release = turns.take(audience.recipient.id)
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
        return notNow(error)
      })
      record.status = response.status
      const reason = response.headers.get('spillway-error')
      if (reason !== null) record.error ??= refusalOf(response.status, reason)
      const headers = new Headers(response.headers)
      headers.set('x-request-id', requestId)
      const { status, body } = response
      if (body === null) {
        finish(status < 400 ? 'complete' : 'failed')
        return new Response(null, { status, headers })
      }
      return new Response(counted(body, record, finish), { status, headers })
    },
  }
}

const REFUSALS: ReadonlyMap<number, ErrorCode> = new Map([
  [400, 'TABLE_CORRUPT'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [405, 'INVALID_REQUEST'],
  [429, 'RATE_LIMITED'],
  [503, 'STORAGE_UNAVAILABLE'],
])

/** Without a body, as all refusals of files: one that may pass, whatever it was that failed. */
function notNow(error: unknown): Response {
  const isTooMany = isTableError(error) && error.code === 'RATE_LIMITED'
  const reason = isTooMany ? error.message : 'the file cannot be read now'
  const headers = {
    'content-length': '0',
    'cache-control': 'no-store',
    'retry-after': '1',
    'spillway-error': `${isTooMany ? 'REQUEST_LIMIT_EXCEEDED' : 'TEMPORARILY_UNAVAILABLE'}; ${reason}`,
  }
  return new Response(null, { status: isTooMany ? 429 : 503, headers })
}

/** What the recipient was told, for the log: a refusal is no bug of ours. */
function refusalOf(status: number, reason: string): TableError {
  return new TableError(REFUSALS.get(status) ?? 'INTERNAL', reason)
}

/** The body as it is, its bytes and how it ends on record. */
function counted(
  body: ReadableStream<Uint8Array>,
  record: AccessRecord,
  finish: (outcome: NonNullable<AccessRecord['outcome']>) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  record.bytesSent = 0
  let ended = false
  const end = (outcome: NonNullable<AccessRecord['outcome']>) => {
    if (!ended) finish(outcome)
    ended = true
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            end('complete')
            controller.close()
            return
          }
          record.bytesSent = (record.bytesSent ?? 0) + value.byteLength
          controller.enqueue(value)
        } catch (error) {
          record.error = error
          end('failed')
          throw error
        }
      },
      async cancel(reason) {
        end('cancelled')
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
