import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

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
): (request: IncomingMessage, response: ServerResponse) => void {
  return (incoming, outgoing) => {
    void serve(handler, incoming, outgoing)
  }
}

/** Methods that a Request may not have. */
const UNSENDABLE: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])

async function serve(
  handler: FetchHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
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
    // What is left of a body that was refused is not read: the connection ends with the answer.
    if (!incoming.complete) outgoing.setHeader('connection', 'close')
    outgoing.writeHead(response.status, headersOf(response))
    if (response.body === null) outgoing.end()
    else await pipeline(Readable.fromWeb(response.body as never), outgoing)
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
    ...(hasBody && { body: Readable.toWeb(incoming) as never, duplex: 'half' }),
  } as RequestInit)
}

function headersOf(response: Response): Record<string, string> {
  return Object.fromEntries(response.headers)
}
