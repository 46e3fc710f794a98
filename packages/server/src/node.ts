import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendBody } from './send-body.js'

/** Anything that answers a Request. */
export interface FetchHandler {
  fetch(request: Request): Promise<Response>
}

/**
 * A listener for `node:http`, and so for Express and Connect. A recipient that goes away aborts its request; an answer
 * that breaks off breaks its connection, so that it never looks whole.
 */
export function nodeListener(
  handler: FetchHandler,
  { stallSeconds = 300 }: NodeListenerOptions = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  const sending = { stallMs: stallSeconds * 1000 }
  return (incoming, outgoing) => {
    void serve(handler, { incoming, outgoing, sending })
  }
}

export interface NodeListenerOptions {
  /** A recipient who takes nothing of an answer for as long is gone, whatever its connection says. 300 by default. */
  readonly stallSeconds?: number
}

/** Methods that a Request may not have. */
const UNSENDABLE: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])

interface Exchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly sending: { readonly stallMs: number }
}

async function serve(
  handler: FetchHandler,
  { incoming, outgoing, sending }: Exchange,
): Promise<void> {
  const gone = new AbortController()
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) gone.abort()
  })
  try {
    if (UNSENDABLE.has(incoming.method ?? '')) {
      outgoing.writeHead(405, { 'content-type': 'application/json', connection: 'close' })
      outgoing.end('{"errorCode":"METHOD_NOT_ALLOWED","message":"the method is not allowed"}')
      return
    }
    const response = await handler.fetch(toRequest(incoming, gone.signal))
    outgoing.writeHead(response.status, headersOf(response))
    if (response.body === null) outgoing.end()
    else await sendBody(response.body, outgoing, sending)
    if (!incoming.complete) drain(incoming)
  } catch {
    outgoing.destroy()
  }
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const method = incoming.method ?? 'GET'
  const headers = new Headers()
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!)
  }
  const hasBody = method !== 'GET' && method !== 'HEAD'
  // Express strips the path it is mounted at from `url` and keeps the whole in `originalUrl`.
  const url = (incoming as { readonly originalUrl?: string }).originalUrl ?? incoming.url ?? '/'
  return new Request(`http://localhost${url.startsWith('/') ? url : '/'}`, {
    method,
    headers,
    signal,
    ...(hasBody && { body: bodyOf(incoming), duplex: 'half' }),
  } as RequestInit)
}

/** Reads as the handler does, and leaves the connection whole when the handler has read enough. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const detach = new AbortController()
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const onData = (bytes: Uint8Array) => {
        controller.enqueue(bytes)
        if ((controller.desiredSize ?? 0) <= 0) incoming.pause()
      }
      const onEnd = () => controller.close()
      const onError = (error: Error) => controller.error(error)
      incoming.on('data', onData).on('end', onEnd).on('error', onError)
      detach.signal.addEventListener('abort', () => {
        incoming.off('data', onData).off('end', onEnd).off('error', onError)
        incoming.on('error', () => undefined)
      })
    },
    pull() {
      incoming.resume()
    },
    cancel() {
      detach.abort()
      incoming.pause()
    },
  })
}

/** Rest of a refused body that is still read: a client that is cut off while it writes never sees the refusal. */
const DRAINED_BYTES = 64 * 1024 ** 2

function drain(incoming: IncomingMessage): void {
  let left = DRAINED_BYTES
  incoming.on('data', (bytes: Uint8Array) => {
    left -= bytes.byteLength
    if (left < 0) incoming.destroy()
  })
  incoming.resume()
}

function headersOf(response: Response): Record<string, string> {
  return Object.fromEntries(response.headers)
}
