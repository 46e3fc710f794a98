import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FetchHandler } from './http/fetch-handler.js'
import { bodyOf } from './http/incoming-body.js'
import { beginInTurn } from './http/pipeline.js'
import { sendBody } from './http/send-body.js'

export type { FetchHandler } from './http/fetch-handler.js'

/**
 * A listener for `node:http`, and so for Express and Connect. A recipient that goes away aborts its request; an answer
 * that breaks off breaks its connection, so that it never looks whole.
 */
export function nodeListener(
  handler: FetchHandler,
  { stallSeconds = 300, trustedProxies = [] }: NodeListenerOptions = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  const sending = { stallMs: stallSeconds * 1000 }
  return (incoming, outgoing) => {
    // Whoever mounts the listener may give the request back with another path before it begins.
    const url = urlOf(incoming)
    beginInTurn(incoming.socket, () => {
      void serve(handler, { incoming, outgoing, url, sending, trustedProxies })
    })
  }
}

export interface NodeListenerOptions {
  /** A recipient who takes nothing of an answer for as long is gone, whatever its connection says. 300 by default. */
  readonly stallSeconds?: number
  /** Addresses whose `X-Forwarded-For` is believed: of what it lists, the last that is not one of these. */
  readonly trustedProxies?: readonly string[]
}

/** Methods that a Request may not have. */
const UNSENDABLE: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])

interface Exchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly url: string
  readonly sending: { readonly stallMs: number }
  readonly trustedProxies: readonly string[]
}

async function serve(
  handler: FetchHandler,
  { incoming, outgoing, url, sending, trustedProxies }: Exchange,
): Promise<void> {
  const gone = new AbortController()
  const leave = () => {
    if (!outgoing.writableFinished) gone.abort()
  }
  outgoing.on('close', leave)
  // An answer that waits behind another of its connection has no part in it yet, and is told of nothing.
  const forget = whenClosed(incoming.socket, leave)
  let body: ReadableStream<Uint8Array> | null = null
  try {
    if (UNSENDABLE.has(incoming.method ?? '')) {
      outgoing.writeHead(405, { 'content-type': 'application/json', connection: 'close' })
      outgoing.end('{"errorCode":"METHOD_NOT_ALLOWED","message":"the method is not allowed"}')
      return
    }
    if (hostsOf(incoming) > 1) {
      // Whoever stands in front may have believed another of them (RFC 9112, 3.2).
      outgoing.writeHead(400, { 'content-type': 'application/json', connection: 'close' })
      outgoing.end('{"errorCode":"BAD_REQUEST","message":"the request names more than one host"}')
      return
    }
    const response = await handler.fetch(
      toRequest({ incoming, outgoing, url }, gone.signal),
      peerOf(incoming, trustedProxies),
    )
    body = response.body
    if (!response.ok && leavesMuch(incoming)) {
      await refuseBody(response, incoming, outgoing)
      return
    }
    outgoing.writeHead(response.status, headersOf(response))
    if (body === null) outgoing.end()
    else {
      const length = lengthOf(response)
      await sendBody(body, outgoing, { ...sending, length, gone: gone.signal })
    }
    if (!incoming.complete) drain(incoming)
  } catch {
    outgoing.destroy()
    // What was not begun is let go; what was is by whoever reads it.
    await body?.cancel().catch(() => undefined)
  } finally {
    forget()
  }
}

/** What is to be done for each connection when it closes: one listener, however many requests it has under way. */
const closing = new WeakMap<Socket, Set<() => void>>()

/** Calls `then` when the connection closes, or at once where it has. Gives what takes that back. */
function whenClosed(socket: Socket, then: () => void): () => void {
  if (socket.destroyed) {
    then()
    return () => undefined
  }
  const known = closing.get(socket)
  const all = known ?? new Set<() => void>()
  if (known === undefined) {
    closing.set(socket, all)
    socket.once('close', () => {
      for (const each of [...all]) each()
    })
  }
  all.add(then)
  return () => all.delete(then)
}

/** Whoever connected, or whom a proxy that is trusted says that it speaks for. Anybody can write the header. */
function peerOf(
  incoming: IncomingMessage,
  trusted: readonly string[],
): { readonly address: string } | undefined {
  const { remoteAddress } = incoming.socket
  if (remoteAddress === undefined) return undefined
  const header = incoming.headers['x-forwarded-for']
  const forwarded = typeof header === 'string' ? header.split(',').map(each => each.trim()) : []
  let address = remoteAddress.replace(/^::ffff:/, '')
  while (trusted.includes(address) && forwarded.length > 0) address = forwarded.pop()!
  return { address }
}

/** Express strips the path it is mounted at from `url` and keeps the whole in `originalUrl`. */
function urlOf(incoming: IncomingMessage): string {
  return (incoming as { readonly originalUrl?: string }).originalUrl ?? incoming.url ?? '/'
}

function toRequest(
  { incoming, outgoing, url }: Pick<Exchange, 'incoming' | 'outgoing' | 'url'>,
  signal: AbortSignal,
): Request {
  const method = incoming.method ?? 'GET'
  const headers = new Headers()
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!)
  }
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(`http://localhost${pathOf(url)}`, {
    method,
    headers,
    signal,
    ...(hasBody && { body: bodyOf(incoming, outgoing), duplex: 'half' }),
  } as RequestInit)
}

function hostsOf({ rawHeaders }: IncomingMessage): number {
  return rawHeaders.filter((each, i) => i % 2 === 0 && each.toLowerCase() === 'host').length
}

/** The absolute form names the server too (RFC 9112, 3.2.2): which of its names is asked does not matter. */
function pathOf(url: string): string {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '')
  if (path.startsWith('/')) return path
  return path !== url && path.startsWith('?') ? `/${path}` : '/'
}

/** A rest of a refused body that is read for the sake of the connection, which then serves the next request. */
const SMALL_REST_BYTES = 1024 ** 2

/** Past these, a client that still sends what was refused is cut off. */
const LINGER_BYTES = 256 * 1024 ** 2

const LINGER_MS = 10_000

/** True where more of the body is to come than is worth reading, or nobody knows how much. */
function leavesMuch(incoming: IncomingMessage): boolean {
  if (incoming.complete) return false
  const length = incoming.headers['content-length']
  if (length === undefined) return incoming.headers['transfer-encoding'] !== undefined
  return Number(length) > SMALL_REST_BYTES
}

/**
 * The refusal at once, and then the end of the connection, so that nothing of the body is ever taken for a request. What
 * the client still sends is thrown away for a while: one that is cut off while it writes never sees the refusal.
 */
async function refuseBody(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  const headers = { ...headersOf(response), connection: 'close' }
  outgoing.writeHead(response.status, { ...headers, 'content-length': String(body.length) })
  outgoing.write(body)
  await thrownAway(incoming)
  outgoing.end()
  if (!incoming.complete) incoming.destroy()
}

function thrownAway(incoming: IncomingMessage): Promise<void> {
  return new Promise(resolve => {
    let left = LINGER_BYTES
    const timer = setTimeout(resolve, LINGER_MS)
    const settle = () => {
      clearTimeout(timer)
      resolve()
    }
    incoming.on('end', settle).on('close', settle).on('error', settle)
    discard(incoming, bytes => {
      left -= bytes
      if (left < 0) settle()
    })
  })
}

/** The rest of a body that nobody asked for: the next request comes behind it. */
function drain(incoming: IncomingMessage): void {
  let left = LINGER_BYTES
  discard(incoming, bytes => {
    left -= bytes
    if (left < 0) incoming.destroy()
  })
}

/** Reads on where a handler that wanted no more of the body has left it paused. */
function discard(incoming: IncomingMessage, onBytes: (bytes: number) => void): void {
  incoming.removeAllListeners('data')
  incoming.on('data', (bytes: Uint8Array) => onBytes(bytes.byteLength))
  incoming.resume()
}

function headersOf(response: Response): Record<string, string> {
  return Object.fromEntries(response.headers)
}

function lengthOf({ headers }: Response): number | undefined {
  const length = headers.get('content-length')
  return length === null ? undefined : Number(length)
}
