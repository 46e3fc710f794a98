import type { Recipient } from '@spillway/core'
import { type AccessRecord, ignoreFaults } from '../http/access-log.js'
import { askEmbedder } from '../limits/ask-embedder.js'
import type { Peer } from './authentication-guard.js'

/** Who asks what, once that is known and before anything is read for it. */
export interface RequestEvent {
  /** Of the log's record and of the answer's `x-request-id`. */
  readonly requestId: string
  /** Epoch milliseconds. */
  readonly time: number
  readonly method: string
  /** The route's pattern; `/files` for a file behind a signed URL. */
  readonly route: string
  readonly recipient: Recipient
  /** Names as they were asked for: whether there is such a table, and whether it is granted, is not known yet. */
  readonly share?: string | undefined
  readonly schema?: string | undefined
  readonly table?: string | undefined
  /** What is shared beside tables, by its kind: `volume docs`. */
  readonly asset?: string | undefined
  /** Path of a local file that was asked for by a signed URL. */
  readonly file?: string | undefined
  readonly address?: string | undefined
  readonly userAgent?: string | undefined
}

/** What is known before anything is read: what becomes of it is told by the record. */
export function requestEvent(
  { requestId, time, method, route = '', file }: AccessRecord,
  asked: {
    readonly recipient: Recipient
    readonly names: Pick<RequestEvent, 'share' | 'schema' | 'table' | 'asset'>
    readonly request: Request
    readonly peer: Peer | undefined
  },
): RequestEvent {
  const { recipient, names, peer, request } = asked
  const { share, schema, table, asset } = names
  const userAgent = request.headers.get('user-agent') ?? undefined
  const event = { requestId, time, method, route, recipient, share, schema, table, asset, file }
  return Object.freeze({ ...event, address: peer?.address, userAgent })
}

/** Told how the answer ended, with what was sent. Once, whatever became of it. */
export type RequestEnded = (record: Readonly<AccessRecord>) => void

/**
 * Called for each authenticated request, and waited for: nothing is read or sent before. A `TableError` that it throws
 * refuses (`PERMISSION_DENIED`, `RATE_LIMITED` with `context.retryAfterSeconds`); anything else that it throws is a 500, and
 * a 503 where it does not answer in time. What it returns is told of the end.
 */
export type OnRequest = (
  event: RequestEvent,
  context: { readonly signal: AbortSignal },
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is one that is told of no end.
) => RequestEnded | void | Promise<RequestEnded | void>

/** The hook of one request. */
export interface RequestHook {
  begin(event: RequestEvent, signal: AbortSignal): Promise<void>
  end(record: AccessRecord): void
}

export function requestHook(
  onRequest: OnRequest | undefined,
  { seconds, secrets }: { readonly seconds: number; readonly secrets: () => readonly string[] },
): RequestHook {
  let ended: RequestEnded | undefined
  let record: AccessRecord | undefined
  const tell = () => {
    if (ended === undefined || record === undefined) return
    const [told, of] = [ended, record]
    ended = undefined
    try {
      // A copy: what is written to the log is nobody's to change.
      ignoreFaults(told({ ...of }))
    } catch {
      // The answer has ended: whoever hands in a hook handles its faults.
    }
  }
  return {
    async begin(event, signal) {
      if (onRequest === undefined) return
      const heed = (given: unknown) => {
        if (typeof given === 'function') ended = given as RequestEnded
        // One that answers after its request was given up has begun something all the same.
        tell()
      }
      await askEmbedder(async given => heed(await onRequest(event, { signal: given })), {
        name: 'onRequest',
        seconds,
        signal,
        secrets,
      })
    },
    end(of) {
      record = of
      tell()
    },
  }
}
